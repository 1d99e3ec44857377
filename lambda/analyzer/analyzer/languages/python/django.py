"""Django: where its settings are, what serves it, whether it collects static files, what a release runs."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from analyzer.languages.python.code import Code, module_name
from analyzer.languages.python.dependencies import Dependencies
from analyzer.languages.python.frameworks import ASGI, WSGI
from analyzer.languages.python.manifests import literal
from analyzer.languages.python.syntax import Source
from analyzer.languages.python.values import evaluate

SETTINGS = "DJANGO_SETTINGS_MODULE"
DJANGO = re.compile(r"DJANGO_SETTINGS_MODULE|get_[aw]sgi_application|execute_from_command_line")


@dataclass(frozen=True, slots=True)
class Site:
    """A Django project in the service."""

    root: str
    """Folder of manage.py, "" for the service's own; on the import path."""
    manage: str | None
    settings: tuple[str, ...]
    """Paths of the settings modules, as far as they are there."""
    settings_module: str
    served: tuple[str, str, str, int, str] | None
    """Path, module and variable that is served, the line that names it, and the interface."""
    static: bool
    """Whether static files are collected into the image and served by the application."""
    variables: tuple[str, ...] = ()
    """Environment variables without which its settings cannot be read."""


def find(code: Code, dependencies: Dependencies) -> Site | None:
    """The Django project; None when there is none."""
    manage = _manage(code)
    if manage is None and not dependencies.has("django") and not code.view.has("manage.py"):
        return None
    root = manage.rpartition("/")[0] if manage else ""
    module = _settings_module(code, manage, root)
    settings = _settings_paths(code, module, root)
    served = _served(code, settings, root, dependencies)
    if manage is None and served is None:
        return None
    sources = [source for path in settings if (source := code.source(path))]
    variables = dict.fromkeys(name for source in sources for name in _required(source))
    return Site(root, manage, settings, module, served, _collects(sources, dependencies), tuple(variables))


def _manage(code: Code) -> str | None:
    rows = [path for path in code.paths if path.rpartition("/")[2] == "manage.py" and path.count("/") < 4]
    return next((path for path in rows if DJANGO.search(code.view.text(path) or "")), None)


def _settings_module(code: Code, manage: str | None, root: str) -> str:
    """As manage.py or wsgi.py sets it; "" when neither does."""
    places = [path for path in code.paths if path.endswith(("wsgi.py", "asgi.py")) and path.count("/") < 5]
    for path in [*([manage] if manage else []), *(path for path in places if not root or path.startswith(root + "/"))]:
        source = code.source(path)
        for call in source.calls if source else ():
            name = literal(call.argument(position=0))
            value = evaluate(source, call.argument("default", position=1)).text if source else None
            if value and call.last == "setdefault" and name == SETTINGS:
                return value
    return ""


def _settings_paths(code: Code, module: str, root: str) -> tuple[str, ...]:
    prefix = f"{root}/" if root else ""
    if not module:
        return tuple(path for path in code.paths if path.startswith(prefix) and path.endswith("/settings.py"))[:1]
    base = prefix + module.replace(".", "/")
    found = [path for path in (f"{base}.py", f"{base}/__init__.py") if code.view.has(path)]
    folder = base.rpartition("/")[0]
    shared = (f"{folder}/base.py", f"{folder}/common.py", f"{base}/base.py", f"{base}/production.py")
    return tuple(dict.fromkeys([*found, *(path for path in shared if code.view.has(path))]))


def _served(
    code: Code, settings: tuple[str, ...], root: str, dependencies: Dependencies
) -> tuple[str, str, str, int, str] | None:
    names = ("ASGI_APPLICATION", "WSGI_APPLICATION")
    declared = {name: found for name in names if (found := _named(code, settings, name, root))}
    asynchronous = dependencies.has("daphne", "channels", "uvicorn", "hypercorn", "granian", "uvicorn-worker")
    plain = dependencies.has("gunicorn", "waitress", "uwsgi") and not dependencies.has("uvicorn-worker")
    if "ASGI_APPLICATION" in declared and asynchronous:
        return (*declared["ASGI_APPLICATION"], ASGI)
    files = {stem: _file(code, settings, root, stem) for stem in ("asgi", "wsgi")}
    if asynchronous and not plain and files["asgi"]:
        return (*files["asgi"], ASGI)
    if found := declared.get("WSGI_APPLICATION") or files["wsgi"]:
        return (*found, WSGI)
    return (*files["asgi"], ASGI) if files["asgi"] else None


def _named(code: Code, settings: tuple[str, ...], name: str, root: str) -> tuple[str, str, str, int] | None:
    for path in settings:
        source = code.source(path)
        row = next((row for row in source.assigned if row.name == name), None) if source else None
        value = literal(row.value) if row else ""
        module, _, variable = value.rpartition(".")
        place = "/".join([*([root] if root else []), module.replace(".", "/")])
        if row and module and code.view.first(f"{place}.py", f"{place}/__init__.py"):
            return path, module, variable, row.line
    return None


def _file(code: Code, settings: tuple[str, ...], root: str, stem: str) -> tuple[str, str, str, int] | None:
    """wsgi.py or asgi.py, first beside the settings."""
    prefix = f"{root}/" if root else ""
    beside = [f"{path.rpartition('/')[0]}/{stem}.py" for path in settings]
    beside += [f"{path.rpartition('/')[0].rpartition('/')[0]}/{stem}.py" for path in settings]
    others = [path for path in code.paths if path.startswith(prefix) and path.endswith(f"{stem}.py")]
    for path in dict.fromkeys([*beside, *others]):
        source = code.source(path.removeprefix("/"))
        row = next((row for row in source.assigned if row.name == "application"), None) if source else None
        if source and row:
            return source.path, module_name(source.path, root), "application", row.line
    return None


def _collects(sources: list[Source], dependencies: Dependencies) -> bool:
    rooted = any(source.constant("STATIC_ROOT") is not None for source in sources)
    return rooted and (dependencies.has("whitenoise") or any("whitenoise" in source.text for source in sources))


def _required(source: Source) -> list[str]:
    """Variables that the settings read without a default."""
    nodes = [node for node in ast.walk(source.tree) if isinstance(node, ast.Subscript)] if source.tree else []
    found = [literal(node.slice) for node in nodes if source.name(node.value) in ("os.environ", "environ")]
    for call in source.calls:
        reads = call.name in ("config", "decouple.config", "env", "os.environ.__getitem__") or call.name.startswith(
            "env."
        )
        if reads and call.argument("default", position=1) is None:
            found.append(literal(call.argument(position=0)))
    return [name for name in found if name.isidentifier()]
