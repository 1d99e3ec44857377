"""Compose files: services that are built from this tree, and the images beside them, which are backing services.

They usually describe a developer's machine, so they are less sure than what is written for production.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import Any

from analyzer import confidence, start_command
from analyzer.intent import typed
from analyzer.intent.declaration import File, engine_of, folder, tree
from analyzer.model import Process
from analyzer.project import Project
from analyzer.start_command.ports import port_of

NAMES = (
    *("compose.production.yaml", "docker-compose.prod.yml", "docker-compose.production.yml"),
    *("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"),
)
"""Those of production first."""
DEVELOPMENT = re.compile(r"(?<![\w/-])(?:dev|develop|watch|nodemon|runserver|debug)(?![\w/-])|--reload|--watch|:dev\b")
CHECKED = re.compile(r"https?://[^/\s\"']+(/[^\s\"'|)\]]*)")
WORKING = re.compile(r"work|job|queue|consum|celery|sidekiq|schedul|cron|beat|bot\b")
"""Names of services that answer no requests."""
MAIN_NAMES = ("web", "app", "server", "api", "backend", "frontend")


def read(project: Project) -> None:
    """What compose files of the service's root, and of the folders above it, say of what is built from its root."""
    above = tree(project)
    for place in _folders(project.root):
        for name in NAMES:
            path = posixpath.normpath(f"{place}/{name}")
            if above.view.has(path):
                _file(File(project, path, confidence.PROVEN, whole=True), above.yaml(path))


def _folders(root: str) -> list[str]:
    """A folder and those that it is in, the nearest first."""
    parts = [] if root == "." else root.split("/")
    return ["/".join(parts[:end]) or "." for end in range(len(parts), -1, -1)]


def builds(project: Project, path: str) -> dict[str, str]:
    """Name of a service that is built -> the folder of its Dockerfile or its context, relative to the tree."""
    services = typed.table(project.yaml(path), "services")
    base = posixpath.dirname(path)
    return {name: root for name, row in services.items() if (root := _root(typed.table(row), base))}


def _file(file: File, found: dict[str, Any] | None) -> None:
    services = {name: typed.table(row) for name, row in typed.table(found, "services").items()}
    base = posixpath.dirname(file.path)
    built = {name: row for name, row in services.items() if _root(row, base) == file.project.root}
    if main := _main(built):
        _service(file, services, main, built.pop(main))
    for name, row in built.items():
        if command := _command(row):
            where = file.at("command", command)
            file.project.findings.process(Process(name, "worker", command, evidence=(where,)))


def _root(service: dict[str, Any], base: str) -> str | None:
    """The folder of the tree that a service is built from; None when it is not built."""
    build = service.get("build")
    context = typed.text(build) or typed.text(typed.table(build).get("context"))
    if not build or not (context or typed.table(build)):
        return None
    context = folder(context)
    dockerfile = typed.text(typed.table(build).get("dockerfile"))
    inner = posixpath.dirname(posixpath.normpath(dockerfile)) if dockerfile else ""
    root = posixpath.normpath(posixpath.join(base, context, inner if not inner.startswith((".", "docker")) else ""))
    return None if root.startswith("..") else root


def _main(built: dict[str, dict[str, Any]]) -> str | None:
    """The web process: the one with ports; of several that with a usual name, else the first."""
    with_ports = [name for name, row in built.items() if row.get("ports")] or list(built)
    usual = [name for name in MAIN_NAMES if name in with_ports]
    return next(iter([*usual, *with_ports]), None)


def _service(file: File, services: dict[str, dict[str, Any]], name: str, service: dict[str, Any]) -> None:
    command = _command(service)
    if command:
        sureness = confidence.HINT if DEVELOPMENT.search(command) else confidence.CONVENTION
        where = file.at("command", command)
        file.project.findings.add("start", start_command.parse(command), sureness, f"{file.path} runs it", where)
    ports = [port for row in _rows(service.get("ports")) if (port := _container_port(row))]
    if WORKING.search(name) and not service.get("ports"):
        reason = f"{file.path} publishes no port of {name}"
        file.project.findings.add("kind", "worker", file.sureness, reason, file.at(name))
    port = next(iter(ports), None) or port_of(command or "")
    if port:
        evidence = file.at("", str(port))
        file.project.findings.add("port", port, file.sureness, f"{file.path} publishes it for {name}", evidence)
    if found := CHECKED.search(str(typed.table(service, "healthcheck").get("test", ""))):
        file.health(found[1], key="test")
    environment = _environment(service.get("environment"))
    file.variables(environment)
    for other in services.values():
        _backing(file, other, services, environment)


def _backing(
    file: File, service: dict[str, Any], services: dict[str, dict[str, Any]], environment: dict[str, Any]
) -> None:
    """An image beside the service, with the variables whose values name its host."""
    image = typed.text(service.get("image"))
    if engine_of(image):
        name = next(name for name, row in services.items() if row is service)
        mention = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
        variables = tuple(key for key, value in environment.items() if mention.search(str(value)))
        file.backing(image, variables=variables, key="image")


def _command(service: dict[str, Any]) -> str | None:
    """The command as one line; compose splits text by blanks and line feeds alike."""
    command = service.get("command")
    if isinstance(command, list):
        return shlex.join(typed.texts(command)) or None
    return " ".join((typed.text(command) or "").split()) or None


def _rows(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _container_port(row: Any) -> int | None:
    """From "80", "8080:80", "127.0.0.1:8080:80/tcp" or {target: 80}; variables take their defaults."""
    if isinstance(row, dict):
        return typed.port(row.get("target"))
    value = re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", typed.scalar(row) or "")
    return typed.port(value.partition("/")[0].rpartition(":")[2])


def _environment(found: Any) -> dict[str, Any]:
    """From a table or a list of `NAME=value`."""
    rows = [row.partition("=") for row in typed.texts(found)] if isinstance(found, list) else []
    return typed.table(found) or {name: value for name, _, value in rows}
