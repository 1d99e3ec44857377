"""Files of platforms that say of one service how it is built and started: a table row each, read alike.

Railway, Railpack, Nixpacks, Zeabur, Koyeb and App Runner differ in the names of their keys only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from analyzer.intent import typed
from analyzer.intent.declaration import File, commands
from analyzer.project import Project

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Platform:
    """A file and where in it things stand; () where it has no such thing."""

    path: str
    parse: Callable[[Project, str], dict[str, Any] | None]
    start: Key = ()
    build: Key = ()
    health: Key = ()
    release: Key = ()
    schedule: Key = ()
    dockerfile: Key = ()
    output: Key = ()
    port: Key = ()
    variables: Key = ()
    packages: Key = ()
    """Debian packages at run time."""
    provider: Key = ()
    """Its name for the language."""
    framework: Key = ()


RAILWAY = {
    "start": ("deploy", "startCommand"),
    "build": ("build", "buildCommand"),
    "health": ("deploy", "healthcheckPath"),
    "release": ("deploy", "preDeployCommand"),
    "schedule": ("deploy", "cronSchedule"),
    "dockerfile": ("build", "dockerfilePath"),
}
NIXPACKS = {
    "start": ("start", "cmd"),
    "build": ("phases", "build", "cmds"),
    "variables": ("variables",),
    "packages": ("phases", "setup", "aptPkgs"),
    "provider": ("providers",),
}
LANGUAGES = {
    "python": "python",
    "node": "node",
    "nodejs": "node",
    "go": "go",
    "golang": "go",
    "ruby": "ruby",
    "php": "php",
    "java": "java",
    "rust": "rust",
    "elixir": "elixir",
    "deno": "deno",
    "dotnet": "dotnet",
    "csharp": "dotnet",
    "gleam": "gleam",
    "cpp": "cpp",
    "staticfile": "static",
    "static": "static",
    "shell": "shell",
    "dart": "dart",
}

FRAMEWORKS = {
    "nextjs": "next",
    "nuxtjs": "nuxt",
    "vue": "vue-cli",
    "solidstart": "solid-start",
    "solidstart-1": "solid-start",
    "umijs": "umi",
    "redwoodjs": "redwood",
    "blitzjs": "blitz",
    "nestjs": "nest",
}
"""Names of vercel.json that differ from ours. Source: openapi.vercel.sh/vercel.json."""

TABLE = (
    Platform("railway.json", Project.json, **RAILWAY),
    Platform("railway.toml", Project.toml, **RAILWAY),
    Platform(
        "railpack.json",
        Project.json,
        start=("deploy", "startCommand"),
        build=("steps", "build", "commands"),
        variables=("deploy", "variables"),
        packages=("deploy", "aptPackages"),
        provider=("provider",),
    ),
    Platform("nixpacks.toml", Project.toml, **NIXPACKS),
    Platform("nixpacks.json", Project.json, **NIXPACKS),
    Platform(
        "zbpack.json",
        Project.json,
        start=("start_command",),
        build=("build_command",),
        output=("output_dir",),
        dockerfile=("dockerfile", "path"),
    ),
    Platform(
        "apprunner.yaml",
        Project.yaml,
        start=("run", "command"),
        build=("build", "commands", "build"),
        port=("run", "network", "port"),
        variables=("run", "env"),
    ),
    Platform(
        "vercel.json", Project.json, build=("buildCommand",), output=("outputDirectory",), framework=("framework",)
    ),
    Platform("netlify.toml", Project.toml, build=("build", "command"), output=("build", "publish")),
)
"""The strongest first: a file that starts a server before one that only publishes files."""


def read(project: Project) -> None:
    """What each of these files says."""
    for platform in TABLE:
        if found := platform.parse(project, platform.path):
            _read(File(project, platform.path), platform, found)


def _read(file: File, platform: Platform, found: dict[str, Any]) -> None:
    schedule = typed.text(_at(found, platform.schedule))
    start = commands(_at(found, platform.start))
    if schedule:
        file.field("kind", "worker", platform.schedule[-1])
        file.process("scheduled", "scheduled", start, key=platform.schedule[-1], schedule=schedule)
    file.start(start, _last(platform.start))
    file.build(_without_placeholders(_at(found, platform.build)), _last(platform.build))
    file.field("output_dir", _output(_at(found, platform.output)), _last(platform.output))
    file.field("port", typed.port(_at(found, platform.port)), _last(platform.port))
    file.health(_at(found, platform.health), key=_last(platform.health))
    file.process("release", "release", commands(_at(found, platform.release)), key=_last(platform.release))
    file.dockerfile(typed.text(_at(found, platform.dockerfile)))
    file.variables(_variables(_at(found, platform.variables)))
    file.project.findings.system_packages.update(_packages(_at(found, platform.packages)))
    file.field("framework", _framework(_at(found, platform.framework)), _last(platform.framework))
    _language(file, _at(found, platform.provider), _last(platform.provider))


def _framework(found: Any) -> str | None:
    """Vercel's name of a framework as ours; its older versions carry a number."""
    named = typed.text(found)
    return FRAMEWORKS.get(named, re.sub(r"-v?\d+$", "", named)) if named else None


def _language(file: File, providers: Any, key: str) -> None:
    """Only a file with a single provider says which language it is."""
    named = [name.lower() for name in typed.texts(providers) if name != "..."]
    if len(named) == 1:
        file.field("language", LANGUAGES.get(named[0]), key)


def _at(found: Any, keys: Key) -> Any:
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if keys else None


def _output(found: Any) -> str | None:
    """A folder of files to publish; `.next` and the like hold a server's build."""
    folder = (typed.text(found) or "").removeprefix("./").strip("/")
    return None if not folder or folder.startswith(".") else folder


def _last(keys: Key) -> str:
    return keys[-1] if keys else ""


def _without_placeholders(found: Any) -> str | None:
    """The commands but for "...", which stands for those that the platform would use anyway."""
    return commands([command for command in typed.texts(found) if command != "..."])


def _variables(found: Any) -> dict[str, Any]:
    """From a table, or from a list of tables with `name` and `value`."""
    rows = (
        {typed.text(row.get("name")) or "": row.get("value") for row in typed.tables(found)}
        if isinstance(found, list)
        else {}
    )
    return rows or typed.table(found)


def _packages(found: Any) -> list[str]:
    return [name for name in typed.texts(found) if re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name)]
