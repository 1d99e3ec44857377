""".do/app.yaml (DigitalOcean App Platform): services, workers, jobs, static sites and databases of a repository."""

from __future__ import annotations

from typing import Any

from analyzer.intent import typed
from analyzer.intent.declaration import File, folder, tree
from analyzer.project import Project

PATHS = (".do/app.yaml", ".do/app.yml", ".do/deploy.template.yaml")
KINDS = {"workers": "worker", "jobs": "release"}


def read(project: Project) -> None:
    """What the specification says of the component whose `source_dir` is this service's root."""
    path = project.whole.first(*PATHS)
    found = tree(project).yaml(path) if path else None
    if not path or not found:
        return
    found = typed.table(found.get("spec")) or found
    file = File(project, path, whole=True)
    for service in _own(project, found, "services", "static_sites"):
        _main(file, service)
    for component, kind in KINDS.items():
        for row in _own(project, found, component):
            named = typed.text(row.get("kind")) or ""
            name = "release" if kind == "release" else typed.text(row.get("name")) or "worker"
            if kind != "release" or named == "PRE_DEPLOY":
                file.process(name, kind, typed.text(row.get("run_command")), key="run_command")
    for database in typed.tables(found.get("databases")):
        engine = typed.text(database.get("engine")) or "PG"
        file.backing(engine.lower(), key="engine")


def rows(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The components that are built from a repository."""
    outer = typed.table(found)
    inner = typed.table(outer.get("spec")) or outer
    return [row for name in ("services", "static_sites", "workers") for row in typed.tables(inner.get(name))]


def _own(project: Project, found: dict[str, Any], *components: str) -> list[dict[str, Any]]:
    rows = [row for name in components for row in typed.tables(found.get(name))]
    return [row for row in rows if folder(row.get("source_dir")) == project.root]


def _main(file: File, service: dict[str, Any]) -> None:
    file.start(typed.text(service.get("run_command")), "run_command")
    file.build(typed.text(service.get("build_command")), "build_command")
    file.field("output_dir", typed.text(service.get("output_dir")), "output_dir")
    file.field("port", typed.port(service.get("http_port")), "http_port")
    file.health(typed.table(service, "health_check").get("http_path"), key="http_path")
    file.dockerfile(typed.text(service.get("dockerfile_path")))
    rows = typed.tables(service.get("envs"))
    file.variables({name: row.get("value") for row in rows if (name := typed.text(row.get("key")))})
