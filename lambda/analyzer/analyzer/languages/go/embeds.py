"""Folders that a Go program has compiled in by `//go:embed`."""

from __future__ import annotations

import re

from analyzer.languages.compiled.sources import Sources
from analyzer.project import Project

EMBEDDED = re.compile(r"^//go:embed\s+(?P<what>.+)$", re.M)


def find(project: Project, sources: Sources, base: str) -> set[str]:
    """The first folders, or files, of what is embedded, below the module's folder."""
    prefix = "" if base == "." else base + "/"
    found: set[str] = set()
    for path in sources.paths:
        raw = project.view.text(path) or "" if "embed" in sources.text(path) else ""
        folder = path.rpartition("/")[0]
        for embed in EMBEDDED.finditer(raw):
            for word in embed["what"].split():
                place = word.removeprefix("all:").strip('"`')
                whole = f"{folder}/{place}" if folder else place
                found.add(whole.removeprefix(prefix).split("/")[0])
    return found
