"""How an application object is started: by the server that it brings, by its own file, or by a server to be added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer import confidence
from analyzer.languages.python import servers
from analyzer.languages.python.context import Choice, Context
from analyzer.languages.python.entry_points import Entry, why
from analyzer.languages.python.frameworks import ASGI, OWN
from analyzer.languages.python.runs import Run, runs
from analyzer.languages.python.servers import Served, Server
from analyzer.model import Start

STARTERS = ("main.py", "app.py", "run.py", "server.py", "manage.py", "start.py", "wsgi.py", "__main__.py")
"""Files that may run an application that another file makes."""


def choices(context: Context, entry: Entry, others: list[Entry]) -> Iterator[Choice]:
    """Ways to start an application, the best first."""
    row = entry.application
    own = own_run(context, entry)
    if row.interface == OWN:
        if own:
            yield file_choice(context, own, row.framework.name)
        return
    server = _installed(context, row.interface, row.framework.name)
    if server:
        reason = f"{why(entry, others)}, and {server.name} is among the dependencies"
        sureness = confidence.DECLARED if entry.declared else confidence.PROVEN
        yield _choice(context, entry, server, sureness=sureness, reason=reason)
        return
    if row.framework.name == "sanic":
        yield _sanic(context, entry)
        return
    if own and own.reachable and not own.debug:
        yield file_choice(context, own, row.framework.name)
    added = servers.default(row.interface)
    reason = f"{why(entry, others)}, and {added.name} is added because no production server is among the dependencies"
    yield replace(_choice(context, entry, added, sureness=confidence.DEFAULT, reason=reason), add=added.install)


def _installed(context: Context, interface: str, framework: str) -> Server | None:
    if framework == "quart" and not context.dependencies.has("uvicorn", "daphne", "granian"):
        return next(server for server in servers.SERVERS if server.name == "hypercorn")
    return servers.installed(context.dependencies, interface)


def _choice(context: Context, entry: Entry, server: Server, *, sureness: float, reason: str) -> Choice:
    row = entry.application
    served = Served(entry.module, row.variable, row.factory, entry.root, context.port(8000))
    start = servers.start(server, served)
    if server.name == "gunicorn" and context.dependencies.has("flask-socketio"):
        start = _with_sockets(context, start)
    evidence = (context.evidence(row.path, row.line), *context.dependencies.evidence(server.distribution))
    return Choice(
        start,
        sureness,
        reason,
        evidence,
        "web",
        framework=row.framework.name,
        file=row.path,
        routes=row.origin,
        root=entry.root,
    )


def _with_sockets(context: Context, start: Start) -> Start:
    """Socket.IO needs all requests of a client in one worker, which serves many at once."""
    options = ["--workers", "1", "--threads", "100"]
    if worker := context.dependencies.first("eventlet", "gevent"):
        options = ["--worker-class", worker, "--workers", "1"]
    words = (start.argv[0], *options, *start.argv[1:])
    return Start(start.kind, start.target, servers.command(words), words)


def _sanic(context: Context, entry: Entry) -> Choice:
    words = ("sanic", entry.target, "--host", "0.0.0.0", "--port", str(context.port(8000)), "--single-process")  # noqa: S104
    start = Start(ASGI, entry.target, servers.command(words), words)
    row = entry.application
    reason = f"{row.how}, and Sanic brings its own production server"
    where = (context.evidence(row.path, row.line),)
    return Choice(start, confidence.PROVEN, reason, where, "web", framework="sanic", file=row.path, root=entry.root)


def own_run(context: Context, entry: Entry) -> Run | None:
    """The call that runs an application: in its own file, else in one that starts it from elsewhere."""
    row = entry.application
    found = [run for run in runs(context.code, row.path) if run.started]
    if found:
        return found[0]
    for name in STARTERS:
        for path in dict.fromkeys((name, f"{row.path.rpartition('/')[0]}/{name}".lstrip("/"))):
            found = [run for run in runs(context.code, path) if run.started]
            if found and path != row.path:
                return found[0]
    return None


def file_choice(context: Context, run: Run, framework: str, health: str = "") -> Choice:
    """Starting the file that serves by itself."""
    start = python_file(context, run.path)
    reason = f"{run.path} starts its own server ({run.library})"
    where = context.evidence(run.path, run.line)
    loopback = where if run.loopback else None
    return Choice(
        start,
        confidence.PROVEN,
        reason,
        (where,),
        "web",
        framework=framework,
        file=run.path,
        health=health,
        loopback=loopback,
    )


def python_file(context: Context, path: str) -> Start:
    """A file run by Python: as a module when it imports its neighbours relatively."""
    source = context.code.source(path)
    folder = path.rpartition("/")[0]
    package = folder and context.code.view.has(f"{folder}/__init__.py")
    relative = source is not None and any(
        "from ." in line for line in source.text.splitlines() if line.startswith("from .")
    )
    if path.endswith("/__main__.py") or (package and relative):
        module = path.removesuffix(".py").removesuffix("/__main__").replace("/", ".")
        module = module.removeprefix("src.")
        return Start("python-module", module, f"python -m {module}", ("python", "-m", module))
    return Start("python-file", path, servers.command(("python", path)), ("python", path))
