"""One Python file, parsed and never executed: its imports, its calls with the scope they are in, its assignments."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, field

from analyzer.languages.python.nodes import MAIN, assignments, is_main_guard, walk

LARGEST = 400_000
"""Characters of a file that is still parsed: generated code is larger, hand-written code hardly ever."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call, by the full name of what is called as far as imports tell it: "fastapi.FastAPI", "app.run"."""

    name: str
    node: ast.Call
    scope: str
    """ "" at module level, MAIN below `if __name__ == "__main__"`, otherwise the name of the outermost function."""

    @property
    def last(self) -> str:
        """The name's last part."""
        return self.name.rpartition(".")[2]

    def argument(self, *names: str, position: int | None = None) -> ast.expr | None:
        """An argument by one of its keywords or by its position."""
        found = next((word.value for word in self.node.keywords if word.arg in names), None)
        if found is None and position is not None and len(self.node.args) > position:
            return self.node.args[position]
        return found


@dataclass(frozen=True, slots=True)
class Assigned:
    """A module-level assignment to a plain name."""

    name: str
    value: ast.expr
    line: int


@dataclass(slots=True)
class Source:
    """A parsed file."""

    path: str
    text: str
    tree: ast.Module | None
    """None when no syntax of today's Python parses it."""
    imports: dict[str, str] = field(default_factory=dict)
    """Local name -> full name; of a relative import from the tree's root."""
    stars: tuple[str, ...] = ()
    calls: list[Call] = field(default_factory=list)
    assigned: list[Assigned] = field(default_factory=list)
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    decorators: list[ast.Call] = field(default_factory=list)
    """Decorators that are calls, of functions at any depth."""
    guarded: bool = False
    """Whether it has `if __name__ == "__main__"`."""

    def name(self, node: ast.AST) -> str:
        """The full name of an expression, "" when it has none."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Call):
            base = self.name(node.func) + "()"
        elif isinstance(node, ast.Name):
            base = self.imports.get(node.id, node.id)
        else:
            return ""
        return ".".join([base, *reversed(parts)])

    def uses(self, package: str) -> bool:
        """Whether it imports a package or something of it."""
        names = [*self.imports.values(), *self.stars]
        return any(name == package or name.startswith(package + ".") for name in names)

    def runs(self, scope: str) -> bool:
        """Whether what is in a scope runs when the file is started: also a function that is called then."""
        if scope in ("", MAIN):
            return True
        return any(call.name == scope and call.scope in ("", MAIN) for call in self.calls)

    def constant(self, name: str) -> ast.expr | None:
        """What a module-level name is assigned first."""
        return next((row.value for row in self.assigned if row.name == name), None)


def parse(path: str, text: str) -> Source:
    """The file as far as it can be understood."""
    source = Source(path, text, _tree(text))
    if source.tree is not None:
        try:
            _Reader(source).read(source.tree)
        except RecursionError:
            source.tree = None
    return source


def _tree(text: str) -> ast.Module | None:
    if len(text) > LARGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Reader:
    """Fills a Source in one walk; names are resolved after it, when every import is known."""

    def __init__(self, source: Source) -> None:
        self._source = source
        folder = source.path.rpartition("/")[0]
        self._package = folder.split("/") if folder else []
        self._found: list[tuple[ast.Call, str]] = []

    def read(self, tree: ast.Module) -> None:
        source = self._source
        self._block(tree.body, "")
        found = sorted(self._found, key=lambda pair: (pair[0].lineno, pair[0].col_offset))
        source.calls += [Call(source.name(node.func), node, scope) for node, scope in found]

    def _import(self, node: ast.Import) -> None:
        for name in node.names:
            local = name.asname or name.name.partition(".")[0]
            self._source.imports[local] = name.name if name.asname else local

    def _import_from(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            above = self._package[: len(self._package) - node.level + 1]
            base = ".".join([*above, *([base] if base else [])])
        for name in node.names:
            if name.name == "*":
                self._source.stars += (base,)
            else:
                self._source.imports[name.asname or name.name] = f"{base}.{name.name}" if base else name.name

    def _block(self, body: list[ast.stmt], scope: str) -> None:
        for node in body:
            self._statement(node, scope)

    def _statement(self, node: ast.stmt, scope: str) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._function(node, scope)
        elif isinstance(node, ast.ClassDef):
            if not scope:
                self._source.classes.setdefault(node.name, node)
            self._expressions(node, scope or node.name)
        elif isinstance(node, ast.If) and is_main_guard(node):
            self._source.guarded = True
            self._block(node.body, MAIN)
            self._block(node.orelse, scope)
        else:
            self._plain(node, scope)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: str) -> None:
        if not scope:
            self._source.functions.setdefault(node.name, node)
        self._decorators(node)
        for decorator in node.decorator_list:
            self._expressions(decorator, scope)
        for inner in node.body:
            self._expressions(inner, scope or node.name)

    def _plain(self, node: ast.stmt, scope: str) -> None:
        blocks = [block for name in ("body", "orelse", "finalbody") if (block := getattr(node, name, None))]
        blocks += [handler.body for handler in getattr(node, "handlers", ())]
        if not blocks:
            self._assignment(node, scope)
            self._expressions(node, scope)
            return
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.stmt | ast.ExceptHandler):
                self._expressions(child, scope)
        for item in getattr(node, "items", ()):
            self._context(item, scope)
        for block in blocks:
            self._block(block, scope)

    def _context(self, item: ast.withitem, scope: str) -> None:
        if not scope and isinstance(item.optional_vars, ast.Name):
            name = item.optional_vars
            self._source.assigned.append(Assigned(name.id, item.context_expr, name.lineno))

    def _assignment(self, node: ast.stmt, scope: str) -> None:
        if scope not in ("", MAIN):
            return
        for target, value in assignments(node):
            if isinstance(target, ast.Name):
                self._source.assigned.append(Assigned(target.id, value, node.lineno))
            elif isinstance(target, ast.Tuple) and target.elts and isinstance(target.elts[0], ast.Name):
                # `app, rt = fast_app()`: what is made comes first.
                self._source.assigned.append(Assigned(target.elts[0].id, value, node.lineno))

    def _expressions(self, node: ast.AST, scope: str) -> None:
        """Calls, imports and decorators anywhere below."""
        for inner in walk(node):
            kind = type(inner)
            if kind is ast.Call:
                self._found.append((inner, scope))  # type: ignore[arg-type] # its type was just compared
            elif kind is ast.ImportFrom:
                self._import_from(inner)  # type: ignore[arg-type]
            elif kind is ast.Import:
                self._import(inner)  # type: ignore[arg-type]
            elif kind in (ast.FunctionDef, ast.AsyncFunctionDef):
                self._decorators(inner)

    def _decorators(self, node: ast.AST) -> None:
        self._source.decorators += [row for row in getattr(node, "decorator_list", ()) if isinstance(row, ast.Call)]
