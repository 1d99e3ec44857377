"""Example environment files (.env.example and the like): names, and what a URL's scheme betrays; never a value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.model import Evidence
from analyzer.source.view import SourceView

FILES = (
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    ".env.defaults",
    ".env.local.example",
    ".env.production.example",
    "env.example",
    "example.env",
    "sample.env",
)
LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w{1,60})\s*=\s*(.*)")
SCHEME = re.compile(r"""["']?(?:jdbc:)?([a-z][a-z0-9+]{1,30})://""")
DRIVER = re.compile(
    r"(DB|DATABASE)_(CONNECTION|DRIVER|ENGINE|TYPE|CLIENT|DIALECT)|CACHE_(STORE|DRIVER)|QUEUE_CONNECTION"
    r"|SESSION_DRIVER|FILESYSTEM_DISK|BROADCAST_DRIVER"
)


@dataclass(frozen=True, slots=True)
class Example:
    """A variable in such a file."""

    name: str
    scheme: str
    """Of the URL that its value is; empty for anything else."""
    driver: str
    """The value of the few variables that name a driver."""
    evidence: Evidence


def examples(view: SourceView) -> Iterator[Example]:
    """The variables of the first such file; lower-case names are not the environment's custom and left out."""
    path, seen = view.first(*FILES), set()
    for number, line in enumerate(view.lines(path) if path else (), 1):
        found = LINE.match(line)
        if path and found and found[1] == found[1].upper() and found[1] not in seen:
            seen.add(found[1])
            scheme = SCHEME.match(found[2])
            driver = found[2].strip().strip("\"'") if DRIVER.fullmatch(found[1]) else ""
            yield Example(found[1], scheme[1] if scheme else "", driver, view.evidence(path, number, f"{found[1]}=..."))
