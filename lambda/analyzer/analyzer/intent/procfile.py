"""Procfile (Heroku, Dokku, buildpacks): every process type with its command; `release` runs before a rollout."""

from __future__ import annotations

import re

from analyzer import confidence, start_command
from analyzer.intent.declaration import File
from analyzer.project import Project

LINE = re.compile(r"([A-Za-z0-9_-]+)\s*:\s*(\S.*)")
SERVERS = ("asgi", "wsgi", "streamlit", "rails-server", "puma", "rackup", "php-server", "static", "beam-release")


def read(project: Project) -> None:
    """The web process starts the application; without one the worker, then the first, does."""
    file = File(project, "Procfile")
    types = _types(file)
    if not types:
        return
    if "release" in types:
        file.process("release", "release", types.pop("release"))
    if main := next((name for name in ("web", "worker", *types) if name in types), None):
        _main(file, main, types.pop(main))
    for name, command in types.items():
        file.process(name, "worker", command)


def _main(file: File, name: str, command: str) -> None:
    if name != "web" and start_command.parse(command).kind not in SERVERS:
        reason = "Procfile has no web process"
        file.project.findings.add("kind", "worker", confidence.DECLARED, reason, file.at(name, command))
        file.process(name, "worker", command)
    file.start(command, name)


def _types(file: File) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in file.project.view.lines(file.path):
        match = LINE.fullmatch(line.strip())
        if match and match[1] in found and found[match[1]] != match[2]:
            where = file.at(match[1], match[2])
            file.project.findings.warn("duplicate_process", f"Procfile names {match[1]} twice; the first counts", where)
        elif match:
            found.setdefault(match[1], match[2])
    return found
