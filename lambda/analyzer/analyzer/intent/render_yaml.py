"""render.yaml (Render blueprints): web services, workers, cron jobs, static sites and databases of a repository."""

from __future__ import annotations

from typing import Any

from analyzer.intent import typed
from analyzer.intent.declaration import File, commands, folder, tree
from analyzer.project import Project

BLUEPRINTS = ("render.yaml", "render.yml")
WEB = ("web", "pserv", "static", "static_site")
LANGUAGES = {"python": "python", "node": "node", "ruby": "ruby", "go": "go", "rust": "rust", "elixir": "elixir"}


def read(project: Project) -> None:
    """What the blueprint says of the service whose `rootDir` is this one's root."""
    path = project.whole.first(*BLUEPRINTS)
    found = tree(project).yaml(path) if path else None
    if not path or not found:
        return
    file = File(project, path, whole=True)
    services = [row for row in typed.tables(found.get("services")) if folder(row.get("rootDir")) == project.root]
    _main(file, services)
    for service in services:
        _other(file, service)
    for database in typed.tables(found.get("databases")):
        file.backing("postgres", key="databases", variables=_connected(services, "fromDatabase", database.get("name")))
    for service in typed.tables(found.get("services")):
        if typed.text(service.get("type")) in ("redis", "keyvalue"):
            file.backing("redis", key="type", variables=_connected(services, "fromService", service.get("name")))


def rows(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The services that are built from a repository."""
    return [
        row
        for row in typed.tables(typed.table(found).get("services"))
        if row.get("type") in WEB or "buildCommand" in row
    ]


def _main(file: File, services: list[dict[str, Any]]) -> None:
    service = next((row for row in services if row.get("type") in WEB), None)
    if service is None:
        return
    runtime = typed.text(service.get("runtime")) or typed.text(service.get("env"))
    if runtime == "static" or service.get("type") in ("static", "static_site"):
        file.field("kind", "static", "runtime" if "runtime" in service else "env")
    file.field("language", LANGUAGES.get(runtime or ""), "runtime" if "runtime" in service else "env")
    file.start(typed.text(service.get("startCommand")) or typed.text(service.get("dockerCommand")), "startCommand")
    file.build(commands(service.get("buildCommand")), "buildCommand")
    file.field("output_dir", typed.text(service.get("staticPublishPath")), "staticPublishPath")
    file.health(service.get("healthCheckPath"), key="healthCheckPath")
    file.process("release", "release", commands(service.get("preDeployCommand")), key="preDeployCommand")
    file.dockerfile(typed.text(service.get("dockerfilePath")))
    file.variables({name: row.get("value") for row in typed.tables(service.get("envVars")) if (name := _key(row))})


def _key(row: dict[str, Any]) -> str:
    return typed.text(row.get("key")) or ""


def _other(file: File, service: dict[str, Any]) -> None:
    name, command = typed.text(service.get("name")), typed.text(service.get("startCommand"))
    command = command or typed.text(service.get("dockerCommand"))
    if service.get("type") == "worker":
        file.process(name or "worker", "worker", command, key="startCommand")
    if service.get("type") == "cron":
        schedule = typed.text(service.get("schedule"))
        file.process(name or "cron", "scheduled", command, key="schedule", schedule=schedule)


def _connected(services: list[dict[str, Any]], source: str, name: Any) -> tuple[str, ...]:
    """Variables that take their value from a database or service of that name."""
    rows = [row for service in services for row in typed.tables(service.get("envVars"))]
    return tuple(dict.fromkeys(_key(row) for row in rows if _key(row) and typed.table(row, source).get("name") == name))
