"""app.yaml of Google App Engine, standard and flexible: runtime and its version, entry point, checks, variables."""

from __future__ import annotations

import re
from typing import Any

from analyzer import confidence
from analyzer.intent import typed
from analyzer.intent.declaration import File
from analyzer.project import Project

PATHS = ("app.yaml", "app.yml")
RUNTIME = re.compile(r"(python|nodejs|go|java|php|ruby|aspnetcore|dotnet)(\d*)")
LANGUAGES = {"nodejs": "node", "aspnetcore": "dotnet"}
VERSION_KEYS = ("runtime_version", "python_version")


def read(project: Project) -> None:
    """What the file says, if it is App Engine's: other platforms have an app.yaml too."""
    path = project.view.first(*PATHS)
    found = project.yaml(path) if path else None
    runtime = typed.text((found or {}).get("runtime"))
    if not path or not found or not runtime:
        return
    file = File(project, path)
    _runtime(file, found, runtime)
    file.start(typed.text(found.get("entrypoint")), "entrypoint")
    checks = [typed.table(found, name).get("path") for name in ("readiness_check", "liveness_check")]
    file.health(*checks)
    file.variables(typed.table(found, "env_variables"))
    if runtime == "custom":
        file.dockerfile("Dockerfile")


def _runtime(file: File, found: dict[str, Any], runtime: str) -> None:
    """The language, unless the file only serves files by its handlers; its version as written, not as YAML reads it."""
    handlers = typed.tables(found.get("handlers"))
    if handlers and all("static_dir" in row or "static_files" in row for row in handlers):
        file.project.findings.add(
            "kind", "static", confidence.PROVEN, f"{file.path} only serves files", file.at("handlers")
        )
        return
    named = RUNTIME.fullmatch(runtime)
    if named is None:
        return
    file.field("language", LANGUAGES.get(named[1], named[1]), "runtime")
    file.field("runtime_version", _spelled(named[1], named[2]), "runtime")
    for key in VERSION_KEYS:
        stated = file.project.view.find(
            file.path, re.compile(rf"^\s+[\"']?{key}[\"']?\s*:\s*[\"']?(\d+(?:\.\d+)+|[4-9]|[12]\d)\b")
        )
        if stated and key in typed.table(found, "runtime_config"):
            file.field("runtime_version", stated[0][1], key)


def _spelled(runtime: str, digits: str) -> str | None:
    """39 of python39 is 3.9, 121 of go121 1.21; node and java count in whole numbers."""
    if not digits:
        return None
    return digits if runtime in ("nodejs", "java") or len(digits) < 2 else f"{digits[0]}.{digits[1:]}"
