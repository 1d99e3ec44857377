"""fly.toml (Fly.io): the internal port, processes, checks, the release command, variables."""

from __future__ import annotations

from typing import Any

from analyzer.intent import typed
from analyzer.intent.declaration import File
from analyzer.project import Project


def read(project: Project) -> None:
    """What the file says; of several services the first with a port is the web process's."""
    found = project.toml("fly.toml")
    if not found:
        return
    file = File(project, "fly.toml")
    services = [*typed.tables(found.get("http_service")), *typed.tables(found.get("services"))]
    ports = (typed.port(service.get("internal_port")) for service in services)
    file.field("port", next((port for port in ports if port), None), "internal_port")
    _processes(file, found, services)
    _health(file, found, services)
    file.process("release", "release", typed.text(typed.table(found, "deploy").get("release_command")))
    file.variables(typed.table(found, "env"))
    file.dockerfile(typed.text(typed.table(found, "build").get("dockerfile")))


def _processes(file: File, found: dict[str, Any], services: list[dict[str, Any]]) -> None:
    """The process groups; that which a service names, else "app" or "web", is the web process."""
    groups = {
        name: command for name, value in typed.table(found, "processes").items() if (command := typed.text(value))
    }
    routed = [name for service in services for name in typed.texts(service.get("processes"))]
    main = next((name for name in (*routed, "app", "web") if name in groups), None)
    file.start(groups.pop(main, None) if main else None, main or "")
    for name, command in groups.items():
        file.process(name, "worker", command)


def _health(file: File, found: dict[str, Any], services: list[dict[str, Any]]) -> None:
    checks = [*typed.table(found, "checks").values()]
    for service in services:
        checks += [*typed.tables(service.get("checks")), *typed.tables(service.get("http_checks"))]
    file.health(*(typed.table(check).get("path") for check in checks))
