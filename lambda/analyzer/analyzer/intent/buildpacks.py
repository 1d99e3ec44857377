"""project.toml (Cloud Native Buildpacks): what `GOOGLE_ENTRYPOINT` and the like state for the build."""

from __future__ import annotations

from typing import Any

from analyzer.intent import typed
from analyzer.intent.declaration import File
from analyzer.project import Project

STARTS = ("GOOGLE_ENTRYPOINT",)
"""Variables that hold a start command."""


def read(project: Project) -> None:
    """What the build's variables say; both layouts of the file (schema 0.1 and 0.2) are read."""
    found = project.toml("project.toml")
    if not found:
        return
    file = File(project, "project.toml")
    for row in _variables(found):
        name, value = typed.text(row.get("name")), typed.scalar(row.get("value"))
        if name in STARTS and value:
            file.start(value, "value")
        if name == "PORT":
            file.field("port", typed.port(value), "value")


def _variables(found: dict[str, Any]) -> list[dict[str, Any]]:
    old = typed.table(found, "build").get("env")
    new = typed.table(found, "io", "buildpacks", "build").get("env")
    return [*typed.tables(new), *typed.tables(old)]
