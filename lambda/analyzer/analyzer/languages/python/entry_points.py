"""Choosing the entry point: the applications of likely files, ranked, with a reason for the one that wins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.languages.python.applications import Application, applications
from analyzer.languages.python.code import Code, importable, module_name

STEMS = ("main", "app", "server", "application", "index", "wsgi", "asgi", "run", "api", "web", "manage", "bot")
"""File names that applications are in, the likeliest first."""
FOLDERS = ("", "src", "app", "api", "backend", "server", "web", "src/app", "src/api")
SERVED = re.compile(r"(^|/)[aw]sgi\.py$")
"""Files that exist to be served."""
MAKES = re.compile(
    r"\b(FastAPI|Flask|APIFlask|OpenAPI|Eve|Dash|Quart|Starlette|Litestar|Starlite|Sanic|FastHTML|fast_app|Bottle|Robyn|Tornado|"
    r"Application|Connexion|FlaskApp|AsyncApp|App|API|default_app|make_wsgi_app|get_wsgi_application|FastMCP|"
    r"get_asgi_application|BlackSheep|Esmerald|Ravyn|Microdot|start_response|get_fast_api_app)\s*\("
)
VARIABLES = ("app", "application", "server", "api", "asgi_app", "wsgi_app", "asgi", "wsgi")
LIKELIHOOD = 7
"""Parts of a rank that make one entry point likelier than another; the rest only puts them in an order."""
SEARCHED = 40
"""Files beyond the usual places that are searched."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An application as a server is told of it."""

    application: Application
    module: str
    root: str
    declared: str = ""
    """Who names it, when something does."""

    @property
    def target(self) -> str:
        """`module:variable`."""
        return f"{self.module}:{self.application.variable}"


def usual(code: Code) -> Iterator[str]:
    """Likely files that are there, the likeliest first."""
    packages = [path.rpartition("/")[0] for path in code.paths if path.endswith("/__init__.py")]
    folders = [*FOLDERS, *sorted(folder for folder in packages if folder.count("/") < 3)]
    for folder in dict.fromkeys(folders):
        for stem in (*STEMS, "__init__"):
            path = f"{folder}/{stem}.py" if folder else f"{stem}.py"
            if code.view.has(path) and (folder or stem != "__init__"):
                yield path


def entries(code: Code) -> list[Entry]:
    """Every application of the service, best first."""
    found = {row.target: row for path in _searched(code) for row in of_file(code, path)}
    return sorted(found.values(), key=rank)


def _searched(code: Code) -> list[str]:
    likely = list(usual(code))
    files = code.containing(MAKES, SEARCHED)
    at_root = [path for path in code.paths if "/" not in path]
    return list(dict.fromkeys([*likely, *at_root[:SEARCHED], *(source.path for source in files)]))


def of_file(code: Code, path: str) -> list[Entry]:
    """The applications of a file, none when its path cannot be imported."""
    root = code.root_of(path)
    inside = path.removeprefix(root + "/") if root else path
    if not importable(inside):
        return []
    rows = applications(code, path)
    names = {row.variable for row in rows}
    # In a Dash file the Flask application that it serves is `server`; the Dash object itself cannot be served.
    rows = [row for row in rows if row.interface != "own" or not ({"server"} & (names - {row.variable}))]
    return [Entry(row, module_name(path, root), root) for row in rows]


def rank(entry: Entry) -> tuple[object, ...]:
    """What makes an entry point likelier than another, most important first."""
    row = entry.application
    folder, _, name = row.path.rpartition("/")
    stem = name.removesuffix(".py") if name != "__init__.py" else folder.rpartition("/")[2]
    return (
        not entry.declared,
        row.framework.name == "" and not row.imported,
        not (SERVED.search(row.path) and entry.module.count(".") < 2),
        row.factory,
        entry.module.count("."),
        STEMS.index(stem) if stem in STEMS else len(STEMS),
        VARIABLES.index(row.variable) if row.variable in VARIABLES else len(VARIABLES),
        row.path,
        row.line,
    )


def why(entry: Entry, others: list[Entry]) -> str:
    """The reason for an entry point, and why it won over the next best."""
    reason = entry.declared or entry.application.how
    rival = next((row for row in others if row.target != entry.target), None)
    if rival is None:
        return reason
    return f"{reason}; it wins over {rival.target} because {_advantage(entry, rival)}"


def _advantage(entry: Entry, rival: Entry) -> str:
    row, other = entry.application, rival.application
    if entry.declared and not rival.declared:
        return "it is named as what to start"
    if row.factory != other.factory:
        return "it is an application and not a function that makes one"
    if row.path == other.path:
        return f"{row.variable} is the usual name"
    if SERVED.search(row.path) and not SERVED.search(other.path):
        return f"{row.path} exists to be served"
    if entry.module.count(".") != rival.module.count("."):
        return "it is nearer to the root"
    return f"{row.path} is the more usual place"
