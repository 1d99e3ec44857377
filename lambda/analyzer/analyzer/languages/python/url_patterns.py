"""Django's urlpatterns: what is reached from the list of that name, with the prefixes of lists that it includes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from analyzer.languages.python.syntax import Call, Source
from analyzer.languages.python.values import evaluate

PATTERNS = ("path", "re_path", "url")
"""Functions that take a path without a slash in front, or a regular expression."""
ROOT = "urlpatterns"
DEEP = 4
Pattern = tuple[str, str | None, int]
"""The pattern, the dotted name of a module that is included under it (None for a view), and the line."""


def patterns(source: Source) -> Iterator[Pattern]:
    """What a file of URL patterns answers."""
    if source.uses("django"):
        yield from _of_list(source, ROOT, "", 0)


def _of_list(source: Source, name: str, prefix: str, depth: int) -> Iterator[Pattern]:
    for value in _values(source, name) if depth < DEEP else ():
        for node in getattr(value, "elts", ()):
            if isinstance(node, ast.Call):
                yield from _of_call(source, Call(source.name(node.func), node, ""), prefix, depth)


def _values(source: Source, name: str) -> Iterator[ast.expr]:
    """What a list is assigned, and what is added to it."""
    yield from (row.value for row in source.assigned if row.name == name)
    for node in source.tree.body if source.tree else ():
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            yield node.value


def _of_call(source: Source, call: Call, prefix: str, depth: int) -> Iterator[Pattern]:
    text = evaluate(source, call.argument("route", position=0)).text
    if call.last not in PATTERNS or text is None:
        return
    pattern = prefix + re.sub(r"^\^|\$$", "", text)
    view = call.argument("view", position=1)
    if not (isinstance(view, ast.Call) and source.name(view.func).endswith("include")):
        yield pattern, None, call.node.lineno
        return
    included = view.args[0] if view.args else None
    if isinstance(included, ast.Name):
        yield from _of_list(source, included.id, pattern, depth + 1)
    elif module := evaluate(source, included).text:
        yield pattern, module, call.node.lineno
