"""Application servers: which one starts an application, and how it is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analyzer.languages.python.dependencies import Dependencies
from analyzer.languages.python.frameworks import ASGI, WSGI
from analyzer.model import Start


@dataclass(frozen=True, slots=True)
class Served:
    """What a server is to serve."""

    module: str
    variable: str
    factory: bool
    root: str
    """Folder to be put on the import path, "" for the service's own."""
    port: int

    @property
    def target(self) -> str:
        """As servers take it."""
        return f"{self.module}:{self.variable}"


@dataclass(frozen=True, slots=True)
class Server:
    """A server of the table."""

    name: str
    distribution: str
    interface: str
    words: Callable[[Served], list[str]]
    install: str
    """The requirement by which it is added when an application brings no server: its major version is pinned."""


def _uvicorn(served: Served) -> list[str]:
    options = (["--factory"] if served.factory else []) + (["--app-dir", served.root] if served.root else [])
    return ["uvicorn", *options, served.target, "--host", "0.0.0.0", "--port", str(served.port)]  # noqa: S104


def _gunicorn(served: Served) -> list[str]:
    # A package in `src` is only imported from there; a folder with its own imports is where it is started.
    option = "--pythonpath" if served.root == "src" and "." in served.module else "--chdir"
    options = [option, served.root] if served.root else []
    return ["gunicorn", "--bind", f"0.0.0.0:{served.port}", *options, _called(served)]


def _hypercorn(served: Served) -> list[str]:
    return ["hypercorn", "--bind", f"0.0.0.0:{served.port}", _called(served)]


def _daphne(served: Served) -> list[str]:
    return ["daphne", "-b", "0.0.0.0", "-p", str(served.port), served.target]  # noqa: S104


def _granian(served: Served) -> list[str]:
    options = ["--factory"] if served.factory else []
    words = ["granian", "--interface", "asgi", *options, "--host", "0.0.0.0", "--port", str(served.port)]  # noqa: S104
    return [*words, served.target]


def _waitress(served: Served) -> list[str]:
    options = ["--call"] if served.factory else []
    return ["waitress-serve", f"--listen=0.0.0.0:{served.port}", *options, served.target]


def _uwsgi(served: Served) -> list[str]:
    options = ["--chdir", served.root] if served.root else []
    return [
        "uwsgi",
        "--http",
        f"0.0.0.0:{served.port}",
        "--master",
        "--need-app",
        *options,
        "--module",
        _called(served),
    ]


def _called(served: Served) -> str:
    return served.target + "()" if served.factory else served.target


SERVERS = (
    Server("uvicorn", "uvicorn", ASGI, _uvicorn, "uvicorn>=0.30,<1"),
    Server("hypercorn", "hypercorn", ASGI, _hypercorn, "hypercorn>=0.17,<1"),
    Server("daphne", "daphne", ASGI, _daphne, "daphne>=4,<5"),
    Server("granian", "granian", ASGI, _granian, "granian>=2,<3"),
    Server("gunicorn", "gunicorn", WSGI, _gunicorn, "gunicorn>=23,<24"),
    Server("waitress", "waitress", WSGI, _waitress, "waitress>=3,<4"),
    Server("uwsgi", "uwsgi", WSGI, _uwsgi, "uwsgi>=2,<3"),
)
"""In order of preference; the first of an interface is the one that is added when there is none."""


def installed(dependencies: Dependencies, interface: str) -> Server | None:
    """The server of an interface that the application brings."""
    rows = [server for server in SERVERS if server.interface == interface]
    return next((server for server in rows if dependencies.has(server.distribution)), None)


def default(interface: str) -> Server:
    """The server that is added when the application brings none."""
    return next(server for server in SERVERS if server.interface == interface)


def start(server: Server, served: Served) -> Start:
    """The server serving an application. Its target is named as the analyzer exam does."""
    words = server.words(served)
    factory_in_target = served.factory and server.interface == WSGI and server.name != "waitress"
    target = _called(served) if factory_in_target or server.name == "hypercorn" else served.target
    return Start(server.interface, target, command(words), tuple(words))


def command(words: list[str] | tuple[str, ...]) -> str:
    """Words as a person types them."""
    import shlex

    return shlex.join(words)
