"""Reads Gemfile.lock: the versions that Bundler chose, for which platforms, and with which Ruby."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from analyzer.model import Evidence
from analyzer.source.view import SourceView

LOCKS = {"Gemfile": "Gemfile.lock", "gems.rb": "gems.locked"}
SPEC = re.compile(r"^ {4}([A-Za-z0-9][\w.-]*) \(([^)]+)\)$")
RUBY = re.compile(r"^\s+(?:ruby|jruby|truffleruby)\s+(\d+\.\d+\.\d+)")


@dataclass(slots=True)
class Lock:
    """A lock file; `gems` maps the name of every gem of the bundle to its version."""

    path: str
    gems: dict[str, str] = field(default_factory=dict)
    platforms: list[str] = field(default_factory=list)
    ruby: str | None = None
    ruby_evidence: Evidence | None = None
    bundler: str | None = None

    def major(self, gem: str) -> int | None:
        """The major version of a gem of the bundle."""
        found = re.match(r"\d+", self.gems.get(gem, ""))
        return int(found[0]) if found else None


def read(view: SourceView, manifest: str | None) -> Lock | None:
    """The lock of a manifest; None when there is none."""
    path = LOCKS.get(manifest or "")
    if path is None or not view.has(path):
        return None
    lock, section = Lock(path), ""
    for number, line in enumerate(view.lines(path), 1):
        if line and not line.startswith(" "):
            section = line.strip()
        else:
            _take(lock, section, line, view.evidence(path, number, line) if section == "RUBY VERSION" else None)
    return lock


def _take(lock: Lock, section: str, line: str, evidence: Evidence | None) -> None:
    if section in ("GEM", "GIT", "PATH", "PLUGIN SOURCE"):
        if found := SPEC.match(line):
            lock.gems.setdefault(found[1], found[2].partition("-")[0])
    elif section == "PLATFORMS" and line.strip():
        lock.platforms.append(line.strip())
    elif section == "RUBY VERSION" and (found := RUBY.match(line)):
        lock.ruby, lock.ruby_evidence = found[1], evidence
    elif section == "BUNDLED WITH" and line.strip():
        lock.bundler = line.strip()
