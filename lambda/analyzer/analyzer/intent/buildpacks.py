"""project.toml (Cloud Native Buildpacks): what `GOOGLE_ENTRYPOINT` and the like state for the build."""

from __future__ import annotations

import re
from typing import Any

from analyzer.intent import typed
from analyzer.intent.declaration import File
from analyzer.project import Project

LANGUAGES = {"nodejs": "node", "dotnet": "dotnet"}
VERSIONS = {
    "BP_CPYTHON_VERSION": "python",
    "BP_NODE_VERSION": "node",
    "BP_GO_VERSION": "go",
    "BP_JVM_VERSION": "java",
    "BP_PHP_VERSION": "php",
    "BP_MRI_VERSION": "ruby",
    "BP_DOTNET_FRAMEWORK_VERSION": "dotnet",
}
"""Variables of the Paketo buildpacks -> the language whose version they are. Source: paketo.io/docs/howto."""
VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(?:\.[*xX])?")


def read(project: Project) -> None:
    """What the build's variables say; both layouts of the file (schema 0.1 and 0.2) are read."""
    found = project.toml("project.toml") if project.view.has("project.toml") else None
    if not found:
        return
    file = File(project, "project.toml")
    rows = _variables(found)
    named = {name: typed.scalar(row.get("value")) for row in rows if (name := typed.text(row.get("name")))}
    file.start(named.get("GOOGLE_ENTRYPOINT"), "value")
    if launched := named.get("BP_LAUNCHPOINT"):
        file.start(f"node {launched}", "value")
    file.field("port", typed.port(named.get("PORT")), "PORT")
    file.field("output_dir", named.get("BP_WEB_SERVER_ROOT"), "BP_WEB_SERVER_ROOT")
    runtime = named.get("GOOGLE_RUNTIME")
    file.field("language", LANGUAGES.get(runtime or "", runtime), "GOOGLE_RUNTIME")
    stated = [named[name] for name in ("GOOGLE_RUNTIME_VERSION", *VERSIONS) if name in named]
    exact = VERSION.fullmatch(stated[0] or "") if len(stated) == 1 else None
    file.field("runtime_version", exact[1] if exact else None, "value")


def _variables(found: dict[str, Any]) -> list[dict[str, Any]]:
    old = typed.table(found, "build").get("env")
    new = typed.table(found, "io", "buildpacks", "build").get("env")
    return [*typed.tables(new), *typed.tables(old)]
