"""Routes that answer GET, by decorators and tables of routes, with the prefixes under which routers are included."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.languages.python.code import Code
from analyzer.languages.python.nodes import walk
from analyzer.languages.python.syntax import Call, Source
from analyzer.languages.python.url_patterns import patterns
from analyzer.languages.python.values import evaluate

DECORATORS = ("get", "route", "api_route", "view", "api")
CALLS = ("add_api_route", "add_url_rule", "add_get", "add_route", "Route", "APIRoute", "get", "url")
"""Functions and methods that take a route's path: first argument, or second where the first is a name."""
ROUTERS = ("APIRouter", "Blueprint", "Router", "APIBlueprint")
INCLUDES = ("include_router", "register_blueprint", "mount", "blueprint")
FOLLOWED = 10
"""Files that are read in all."""
CHECKED = re.compile(
    r"[/\"'^]_*(health|live|ready|up|ping|heartbeat|status|alive)|include_router|register_blueprint|include\("
)
"""Included files without any of these have no health check, nor lead to one."""
ON_APPLICATION = re.compile(r"^@app\.(route|get)\(", re.M)
ROOTED = re.compile(CHECKED.pattern + r"|[\"']/?[\"']")
"""The same for those that are included without a prefix, which may have the root."""


@dataclass(frozen=True, slots=True)
class Route:
    """A path that is answered, and where that is written."""

    path: str
    file: str
    line: int


def routes(code: Code, path: str) -> Iterator[Route]:
    """Routes of a file, of the routers that it includes, and of files that import its application to add to it."""
    reader = _Reader(code)
    yield from reader.read(path, "")
    for source in code.containing(ON_APPLICATION, FOLLOWED):
        if "app" in source.imports and "app" not in (row.name for row in source.assigned):
            yield from reader.read(source.path, "")


class _Reader:
    """Follows includes, a bounded number of them."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._seen: set[str] = set()

    def read(self, path: str, prefix: str) -> Iterator[Route]:
        """The routes of a file that is included under a prefix."""
        source = self._code.source(path) if len(self._seen) < FOLLOWED and path not in self._seen else None
        self._seen.add(path)
        if source is None or source.tree is None:
            return
        own = self._prefixes(source)
        for base, found, line in [*_decorated(source), *_called(source)]:
            if (before := own.get(base, "")) is not None:
                yield Route(_joined(prefix, before, found), path, line)
        for name, below in self._included(source):
            yield from self._follow(source, name, prefix + below) if "." in name and below is not None else ()
        for pattern, module, line in patterns(source):
            if module is None:
                yield Route(_joined(prefix, "", pattern), path, line)
            else:
                yield from self._follow(source, module, _joined(prefix, "", pattern).rstrip("/"))

    def _prefixes(self, source: Source) -> dict[str, str | None]:
        """Prefixes that routers of this file are made with and included under; None where one cannot be read."""
        found: dict[str, str | None] = {}
        for row in source.assigned:
            if isinstance(row.value, ast.Call) and source.name(row.value.func).rpartition(".")[2] in ROUTERS:
                found[row.name] = self._prefix(source, Call("", row.value, ""))
        for call in source.calls:
            first = call.argument(position=0)
            if call.last in INCLUDES and isinstance(first, ast.Name) and first.id in found:
                outer, inner = self._prefix(source, call), found[first.id]
                found[first.id] = None if outer is None or inner is None else outer + inner
        return found

    def _included(self, source: Source) -> Iterator[tuple[str, str | None]]:
        """Routers of other files: full name and prefix."""
        for call in source.calls:
            first = call.argument("router", "blueprint", position=0)
            if call.last in INCLUDES and first is not None:
                yield source.name(first), self._prefix(source, call)

    def _prefix(self, source: Source, call: Call) -> str | None:
        node = call.argument("prefix", "url_prefix")
        if node is None:
            return ""
        text = evaluate(source, node).text
        if text is None and isinstance(node, ast.Attribute):
            found = self._code.setting(source.name(node), source.path)
            text = found if isinstance(found, str) else None
        return text

    def _follow(self, source: Source, name: str, prefix: str) -> Iterator[Route]:
        place = self._code.locate(name, source.path)
        telling = CHECKED if prefix else ROOTED
        if place and telling.search(self._code.view.text(place[0]) or ""):
            yield from self.read(place[0], prefix)


def _joined(*parts: str) -> str:
    return (
        "/"
        + "/".join(part.strip("/") for part in parts if part.strip("/"))
        + ("/" if parts[-1][1:].endswith("/") else "")
    )


def _decorated(source: Source) -> Iterator[tuple[str, str, int]]:
    for decorator in source.decorators:
        call, func = Call(source.name(decorator.func), decorator, ""), decorator.func
        if isinstance(func, ast.Attribute) and call.last in DECORATORS and _answers_get(call):
            yield from _path(source, call, func.value)
        elif isinstance(func, ast.Name) and call.last in (*DECORATORS, "rt"):
            yield from _path(source, call, func)


def _called(source: Source) -> Iterator[tuple[str, str, int]]:
    for call in source.calls:
        func = call.node.func
        if call.last in CALLS and call.scope != "__main__" and _is_registration(source, call) and _answers_get(call):
            yield from _path(source, call, func.value if isinstance(func, ast.Attribute) else func)
    for node in walk(source.tree) if source.tree and source.uses("tornado") else ():
        # Tornado: pairs of a path and a handler.
        if isinstance(node, ast.Tuple) and len(node.elts) > 1:
            text = evaluate(source, node.elts[0]).text
            if text and text.startswith("/"):
                yield "", text.rstrip("$"), node.lineno


def _is_registration(source: Source, call: Call) -> bool:
    """`web.get("/x", handler)` registers a route; `requests.get("https://...")` does not."""
    if call.last not in ("get", "url"):
        return True
    return call.last == "get" and len(call.node.args) > 1 and call.name.startswith(("aiohttp.web.", "litestar."))


def _path(source: Source, call: Call, base: ast.expr) -> Iterator[tuple[str, str, int]]:
    for position in (0, 1):
        text = evaluate(source, call.argument("path", "rule", "uri", position=position)).text
        if text is not None and (text.startswith("/") or (text == "" and position == 0)):
            variable = base.id if isinstance(base, ast.Name) else ""
            yield variable, text, call.node.lineno
            return


def _answers_get(call: Call) -> bool:
    methods = call.argument("methods", "method")
    if not isinstance(methods, ast.List | ast.Tuple | ast.Set | ast.Constant):
        return True
    return any(isinstance(node, ast.Constant) and str(node.value).upper() == "GET" for node in ast.walk(methods))
