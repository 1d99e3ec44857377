"""Calls by which a file serves HTTP by itself: with which library, on which host and port."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from analyzer.languages.python.applications import applications
from analyzer.languages.python.code import Code
from analyzer.languages.python.frameworks import TOOLS, by_name, same_callable
from analyzer.languages.python.syntax import Call, Source
from analyzer.languages.python.values import Value, evaluate

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Opener:
    """A function that opens a port."""

    name: str
    port: int
    """Its documented default."""
    host: str
    """Its documented default, "" for every interface."""
    port_at: int | None = None
    host_at: int | None = None
    address_at: int | None = None
    """Positions of the arguments; an address is a pair of host and port."""


OPENERS = (
    Opener("uvicorn.run", 8000, "127.0.0.1"),
    Opener("uvicorn.Config", 8000, "127.0.0.1"),
    Opener("hypercorn.run", 8000, "127.0.0.1"),
    Opener("waitress.serve", 8080, ""),
    Opener("aiohttp.web.run_app", 8080, ""),
    Opener("aiohttp.web.TCPSite", 8080, "", port_at=2, host_at=1),
    Opener("fasthtml.serve", 5001, ""),
    Opener("nicegui.ui.run", 8080, ""),
    Opener("bottle.run", 8080, "127.0.0.1"),
    Opener("wsgiref.simple_server.make_server", 8000, "", port_at=1, host_at=0),
    Opener("http.server.HTTPServer", 8000, "", address_at=0),
    Opener("http.server.ThreadingHTTPServer", 8000, "", address_at=0),
    Opener("http.server.test", 8000, "", port_at=3),
    Opener("socketserver.TCPServer", 8000, "", address_at=0),
    Opener("socketserver.ThreadingTCPServer", 8000, "", address_at=0),
    Opener("BaseHTTPServer.HTTPServer", 8000, "", address_at=0),
    Opener("SocketServer.TCPServer", 8000, "", address_at=0),
    Opener("gevent.pywsgi.WSGIServer", 8000, "", address_at=0),
    Opener("gevent.wsgi.WSGIServer", 8000, "", address_at=0),
    Opener("werkzeug.serving.run_simple", 5000, "127.0.0.1", port_at=1, host_at=0),
    Opener("cherrypy.quickstart", 8080, "127.0.0.1"),
    Opener("websockets.serve", 8765, "", port_at=2, host_at=1),
    Opener("asyncio.start_server", 8000, "", port_at=2, host_at=1),
    Opener("flet.app", 8000, ""),
    Opener("flet.run", 8000, ""),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One such call."""

    path: str
    line: int
    library: str
    scope: str
    port: Value
    host: Value
    default_port: int
    default_host: str
    target: str = ""
    """ "module:variable" when an application is given by name."""
    factory: bool = False
    debug: bool = False
    """Whether a debugger is switched on by a literal."""
    framework: str = ""
    started: bool = True
    """Whether it happens when the file is started, and not only when one of its functions is called."""

    @property
    def reachable(self) -> bool:
        """Whether it listens where the container's network comes in."""
        return not self.loopback

    @property
    def loopback(self) -> bool:
        """Whether it listens on the loopback interface only, unless a variable says otherwise."""
        host = self.host.text if self.host.text is not None else self.default_host
        return host in LOOPBACK and not self.host.variable

    @property
    def listens(self) -> int | None:
        """The port that it listens on when no variable is set."""
        return self.port.port or (None if self.port.variable else self.default_port)


def runs(code: Code, path: str) -> list[Run]:
    """The calls of a file that serve HTTP."""
    source = code.source(path)
    if source is None or source.tree is None:
        return []
    found = [*_opened(code, source), *_of_objects(code, source)]
    rows = [replace(run, started=source.runs(run.scope)) for run in found]
    return sorted(rows, key=lambda run: run.line)


def _opened(code: Code, source: Source) -> Iterator[Run]:
    for call in source.calls:
        for opener in OPENERS:
            if same_callable(call.name, opener.name, source.stars):
                yield _run(code, source, call, opener)
                break


def _run(code: Code, source: Source, call: Call, opener: Opener) -> Run:
    host, port = _address(source, call, opener)
    host = _setting(code, source, call.argument("host")) if host == Value() else host
    port = _setting(code, source, call.argument("port")) if port == Value() else port
    first = call.argument("app", position=0)
    target = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    named = target if opener.name.startswith(("uvicorn", "hypercorn")) and ":" in target else ""
    factory = evaluate(source, call.argument("factory")).constant is True
    library = opener.name.partition(".")[0]
    place = (source.path, call.node.lineno, library, call.scope)
    return Run(*place, port, host, opener.port, opener.host, target=named, factory=factory)


def _address(source: Source, call: Call, opener: Opener) -> tuple[Value, Value]:
    pair = (
        call.argument("server_address", "listener", position=opener.address_at)
        if opener.address_at is not None
        else None
    )
    if isinstance(pair, ast.Name):
        # A name in a function is not looked up by its scope: the nearest assignment of a pair is what is meant.
        pair = source.constant(pair.id) or _local(source, pair.id)
    if isinstance(pair, ast.Tuple) and len(pair.elts) == 2:
        return _value(source, pair.elts[0]), _value(source, pair.elts[1])
    host = call.argument("host", "hostname", "bind", "server_name", "address", position=opener.host_at)
    port = call.argument("port", "server_port", position=opener.port_at)
    return _value(source, host), _value(source, port)


def _local(source: Source, name: str) -> ast.expr | None:
    """What a name is assigned anywhere in the file, the first time."""
    for node in ast.walk(source.tree) if source.tree else ():
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in node.targets):
            return node.value
    return None


def _setting(code: Code, source: Source, node: ast.expr | None) -> Value:
    """A setting that an instance in another file holds; the environment may change it under its own name."""
    if not isinstance(node, ast.Attribute):
        return Value()
    found = code.setting(source.name(node), source.path)
    return Value() if found is None else Value(found, node.attr.upper())


def _value(source: Source, node: ast.expr | None) -> Value:
    if isinstance(node, ast.Name) and source.constant(node.id) is None:
        return evaluate(source, _local(source, node.id))
    return evaluate(source, node)


def _of_objects(code: Code, source: Source) -> Iterator[Run]:
    """`app.run()`, `demo.launch()`, `socketio.run(app)`, `server.listen(8888)`: methods of what the file makes."""
    known = {row.variable: row.framework.name for row in applications(code, source.path)}
    for call in source.calls:
        base, _, method = call.name.rpartition(".")
        if method in ("run", "run_server", "start", "listen", "run_async") and _variable(call) in known:
            if known[_variable(call)] != "fastmcp" or _speaks_http(source, call):
                yield _method(source, call, known[_variable(call)])
        elif method == "run" and source.uses("flask_socketio") and call.node.args:
            yield _method(source, call, "flask")
        elif method == "launch" and source.uses("gradio"):
            yield _gradio(source, call)
        elif method == "listen" and source.uses("tornado") and base:
            yield _method(source, call, "tornado")


def _speaks_http(source: Source, call: Call) -> bool:
    """A server of the Model Context Protocol speaks over standard input unless another transport is named."""
    transport = evaluate(source, call.argument("transport", position=0))
    return (transport.text or "stdio") != "stdio" or bool(transport.variable)


def _variable(call: Call) -> str:
    node = call.node.func
    inner = node.value if isinstance(node, ast.Attribute) else None
    return inner.id if isinstance(inner, ast.Name) else ""


def _method(source: Source, call: Call, framework: str) -> Run:
    row = by_name(framework)
    positional = {"tornado": (0, 1), "robyn": (1, 0), "flask": (1, 0)}.get(framework, (None, None))
    port = _value(source, call.argument("port", position=positional[0]))
    host = _value(source, call.argument("host", "address", position=positional[1]))
    debug = evaluate(source, call.argument("debug")).constant is True
    defaults = (row.port if row else 8000, row.host if row else "127.0.0.1")
    place = (source.path, call.node.lineno, framework or call.name, call.scope)
    return Run(*place, port, host, *defaults, debug=debug, framework=framework)


def _gradio(source: Source, call: Call) -> Run:
    tool = next(tool for tool in TOOLS if tool.name == "gradio")
    port = _value(source, call.argument("server_port"))
    host = _value(source, call.argument("server_name"))
    place = (source.path, call.node.lineno, "gradio", call.scope)
    return Run(*place, port, host, tool.port, tool.host, framework="gradio")
