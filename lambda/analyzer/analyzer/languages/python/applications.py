"""Application objects: which names of a module are applications, by what they are assigned and never by their name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from analyzer.languages.python.code import Code
from analyzer.languages.python.frameworks import (
    ASGI,
    BARE,
    FRAMEWORKS,
    OWN,
    WRAPPERS,
    WSGI,
    Framework,
    made_by,
    same_callable,
)
from analyzer.languages.python.nodes import walk
from analyzer.languages.python.syntax import Source

FACTORY = re.compile(
    r"_*(create|make|build|get|init|setup|new)_?\w*(app|application|api|server|asgi|wsgi)\w*$|app_factory$"
)
FOLLOWED = 4
"""Imports that are followed from one file to the next."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Application:
    """A name that a server can be pointed at."""

    path: str
    variable: str
    framework: Framework
    interface: str
    line: int
    how: str
    """The reason, such as "main.py assigns FastAPI() to app"."""
    factory: bool = False
    imported: bool = False
    """Whether the module only hands on what another one makes."""
    origin: str = ""
    """The file in which it is made, when that is another one."""


def applications(code: Code, path: str, depth: int = 0) -> list[Application]:
    """The applications of a file, in the order of its lines; wrapped ones as their wrapper."""
    if path not in code.applications:
        code.applications[path] = []
        code.applications[path] = _read(code, path, depth)
    known: list[Application] = code.applications[path]
    return known


def _read(code: Code, path: str, depth: int) -> list[Application]:
    source = code.source(path)
    if source is None or source.tree is None or depth > FOLLOWED:
        return []
    found: dict[str, Application] = {}
    for row in _imported(code, source, depth):
        found.setdefault(row.variable, row)
    for assigned in source.assigned:
        reader = _Maker(code, source, found, depth)
        if made := reader.made(assigned.value):
            how = f"{path} assigns {_shown(source, assigned.value)} to {assigned.name}"
            row = Application(path, assigned.name, *made, assigned.line, how, origin=reader.origin)
            found[assigned.name] = row
    for row in _functions(code, source, found, depth):
        found.setdefault(row.variable, row)
    return sorted(found.values(), key=lambda row: row.line)


def _imported(code: Code, source: Source, depth: int) -> Iterator[Application]:
    for name, origin in source.imports.items():
        if not re.search(r"app|api|server|[aw]sgi|create|make|main", f"{name} {origin}", re.I):
            continue
        place = code.locate(origin, source.path)
        if not place or place[0] == source.path or "." in place[1] or not place[1]:
            continue
        for row in applications(code, place[0], depth + 1):
            if row.variable == place[1]:
                how = f"{source.path} imports {row.variable} from {place[0]}, which {row.how.partition(' ')[2]}"
                made, line = row.origin or row.path, _line(source, name)
                yield replace(row, path=source.path, variable=name, line=line, how=how, imported=True, origin=made)


def _line(source: Source, name: str) -> int:
    for node in walk(source.tree) if source.tree else ():
        if isinstance(node, ast.Import | ast.ImportFrom) and any(name in (row.asname, row.name) for row in node.names):
            return node.lineno
    return 1


class _Maker:
    """Says what an expression makes, knowing the applications above it in the file."""

    def __init__(self, code: Code, source: Source, known: dict[str, Application], depth: int) -> None:
        self._code, self._source, self._known, self._depth = code, source, known, depth
        self.origin = ""
        """The other file in which it was made."""

    def made(self, node: ast.expr) -> tuple[Framework, str] | None:
        """The framework and interface of an expression's value."""
        if isinstance(node, ast.Await):
            return self.made(node.value)
        if isinstance(node, ast.Name):
            row = self._known.get(node.id)
            self.origin = row.origin if row else ""
            return (row.framework, row.interface) if row and not row.factory else None
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        return self._call(node) if isinstance(node, ast.Call) else None

    def _attribute(self, node: ast.Attribute) -> tuple[Framework, str] | None:
        """`app.server` of Dash is its Flask application; `app.wsgi_app` and the like are what is served too."""
        base = self.made(node.value)
        if base and node.attr in ("server", "wsgi", "wsgi_app", "asgi_app", "app"):
            return base[0], WSGI if base[1] == OWN and node.attr == "server" else base[1]
        return None

    def _call(self, node: ast.Call) -> tuple[Framework, str] | None:
        source = self._source
        name = source.name(node.func)
        if found := made_by(name, source.stars) or self._subclass(name):
            return found
        if wrapped := self._wrapped(name, node):
            return wrapped
        if name.endswith((".make_wsgi_app", ".wsgifunc")):
            package = "pyramid" if name.endswith("make_wsgi_app") else "web"
            return _framework("pyramid" if package == "pyramid" else "web-py", WSGI) if source.uses(package) else None
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("http_app", "streamable_http_app", "sse_app"):
            base = self.made(node.func.value)
            return (base[0], ASGI) if base else None
        return self._from_factory(name)

    def _wrapped(self, name: str, node: ast.Call) -> tuple[Framework, str] | None:
        inner = [self.made(value) for value in (*node.args, *(word.value for word in node.keywords))]
        base = next((row for row in inner if row), None)
        for wrapper, interface in WRAPPERS:
            if same_callable(name, wrapper):
                return (base[0] if base else BARE, interface or (base[1] if base else ASGI))
        known = name.rpartition(".")[2].endswith(("Middleware", "WhiteNoise", "ProxyFix", "Shell", "Cors", "CORS"))
        return base if known else None

    def _subclass(self, name: str) -> tuple[Framework, str] | None:
        """An instance of a class of this file that is derived from a framework's own."""
        node = self._source.classes.get(name)
        bases = node.bases if node else []
        return next((found for base in bases if (found := made_by(self._source.name(base), self._source.stars))), None)

    def _from_factory(self, name: str) -> tuple[Framework, str] | None:
        if function := self._source.functions.get(name):
            return returned(self._code, self._source, function, self._depth + 1)
        place = self._code.locate(name, self._source.path) if "." in name and self._depth < FOLLOWED else None
        source = self._code.source(place[0]) if place else None
        function = source.functions.get(place[1]) if source and place else None
        if source is None or function is None:
            return None
        self.origin = source.path
        return returned(self._code, source, function, self._depth + 1)


def _framework(name: str, interface: str) -> tuple[Framework, str]:
    return next(row for row in FRAMEWORKS if row.name == name), interface


def returned(code: Code, source: Source, function: Function, depth: int = 0) -> tuple[Framework, str] | None:
    """What a function returns, when that is an application it makes."""
    if depth > FOLLOWED:
        return None
    local: dict[str, tuple[Framework, str]] = {}
    maker = _Maker(code, source, {row.variable: row for row in _global(code, source, depth)}, depth)
    for node in sorted((node for node in walk(function) if hasattr(node, "lineno")), key=lambda node: node.lineno):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and (made := maker.made(node.value)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            local |= {target.id: made for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.Return) and node.value is not None:
            if isinstance(node.value, ast.Name) and node.value.id in local:
                return local[node.value.id]
            if made := maker.made(node.value):
                return made
    return None


def _global(code: Code, source: Source, depth: int) -> Iterator[Application]:
    """Applications that a factory may return because they are made above it, read without looking at functions."""
    for assigned in source.assigned:
        if isinstance(assigned.value, ast.Call) and (found := made_by(source.name(assigned.value.func), source.stars)):
            yield Application(source.path, assigned.name, *found, assigned.line, "")


def _functions(code: Code, source: Source, known: dict[str, Application], depth: int) -> Iterator[Application]:
    for name, function in source.functions.items():
        if name in known:
            continue
        if interface := _bare(function):
            how = f"{source.path} defines {name} with the signature of {interface.upper()}"
            yield Application(source.path, name, BARE, interface, function.lineno, how)
        elif found := _manufactured(code, source, function, depth):
            how = f"{source.path} defines {name}(), which returns {_called_by(found[0])}"
            yield Application(source.path, name, *found, function.lineno, how, factory=True)


def _manufactured(code: Code, source: Source, function: Function, depth: int) -> tuple[Framework, str] | None:
    """What a function makes that a server can call: it is named as such, and needs no argument."""
    named = FACTORY.match(function.name) or function.name in ("app", "application")
    return returned(code, source, function, depth) if named and callable_without_arguments(function) else None


def _called_by(framework: Framework) -> str:
    return f"{framework.makes[0][0].rpartition('.')[2]}()" if framework.makes else "an application"


def _bare(function: Function) -> str | None:
    names = [argument.arg for argument in function.args.args]
    if names == ["scope", "receive", "send"] and isinstance(function, ast.AsyncFunctionDef):
        return ASGI
    return WSGI if names in (["environ", "start_response"], ["env", "start_response"]) else None


def callable_without_arguments(function: Function) -> bool:
    """Whether every parameter has a default."""
    arguments = function.args
    positional = len(arguments.posonlyargs) + len(arguments.args)
    return positional <= len(arguments.defaults) and all(default is not None for default in arguments.kw_defaults)


def _shown(source: Source, node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return f"{source.name(node.func).rpartition('.')[2]}()"
    return source.name(node) or "an application"
