"""What an expression of the source comes to, as far as it is literal: a port, a host, a path, a default of `PORT`."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from analyzer.languages.python.syntax import Call, Source

READERS = ("os.environ.get", "os.getenv", "environ.get", "getenv", "env", "env.int", "config", "decouple.config")
"""Functions that read an environment variable: name first, default second or as `default=`."""
DEEP = 6


@dataclass(frozen=True, slots=True)
class Value:
    """A constant, the name of an environment variable that it comes from, or both (variable with a default)."""

    constant: object = None
    variable: str = ""

    @property
    def port(self) -> int | None:
        """The constant as a port."""
        text = str(self.constant)
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
        return number if 0 < number < 65536 else None

    @property
    def text(self) -> str | None:
        """The constant as text."""
        return self.constant if isinstance(self.constant, str) else None


def evaluate(source: Source, node: ast.expr | None, depth: int = 0) -> Value:
    """The value of an expression; an empty Value when it is not literal."""
    if node is None or depth > DEEP:
        return Value()
    if isinstance(node, ast.Constant):
        return Value(node.value)
    if isinstance(node, ast.Name):
        return evaluate(source, source.constant(node.id), depth + 1)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        first, last = (evaluate(source, node.values[place], depth + 1) for place in (0, -1))
        return Value(last.constant if first.constant is None else first.constant, first.variable or last.variable)
    if isinstance(node, ast.Subscript) and source.name(node.value).endswith("environ"):
        return Value(variable=evaluate(source, node.slice, depth + 1).text or "")
    if isinstance(node, ast.Attribute):
        return _option(source, node)
    return _call(source, node, depth) if isinstance(node, ast.Call) else Value()


def _call(source: Source, node: ast.Call, depth: int) -> Value:
    name = source.name(node.func)
    call = Call(name, node, "")
    if name in ("int", "str"):
        return evaluate(source, call.argument(position=0), depth + 1)
    if name in READERS or name.endswith(".environ.get"):
        default = evaluate(source, call.argument("default", position=1), depth + 1)
        return Value(default.constant, evaluate(source, call.argument(position=0), depth + 1).text or "")
    return Value()


def _option(source: Source, node: ast.Attribute) -> Value:
    """The default of `args.port` where argparse declares `--port` in the same file."""
    for call in source.calls:
        if call.last == "add_argument" and any(_spells(word, node.attr) for word in call.node.args):
            return evaluate(source, call.argument("default"), DEEP)
    return Value()


def _spells(word: ast.expr, attribute: str) -> bool:
    return isinstance(word, ast.Constant) and str(word.value).lstrip("-").replace("-", "_") == attribute
