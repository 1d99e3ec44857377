"""Reads mix.exs as far as it is declarations: it is an Elixir program, which is never run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from analyzer.model import Evidence
from analyzer.source.view import SourceView

MIX = "mix.exs"
APP = re.compile(r"(?<![\w:])app:\s*:(\w+)")
ELIXIR = re.compile(r'(?<![\w:])elixir:\s*"([^"]+)"')
APPS_PATH = re.compile(r'\bapps_path:\s*"([^"]+)"')
INSIDE = re.compile(r'\b(?:deps_path|build_path|lockfile):\s*"\.\./')
DEPENDENCY = re.compile(r"\{\s*:(\w+)\s*(,[^{}]*)?")
ONLY = re.compile(r"\bonly:\s*(\[[^\]]*\]|:\w+)")
DEPS = re.compile(r"^\s*defp?\s+deps\b")
END = re.compile(r"^\s{0,2}end\b")
RELEASES = re.compile(r"\breleases:\s*\[\s*(?:(\w+):)?|^\s*defp?\s+releases\b")
RELEASE = re.compile(r"^\s*(?:\[\s*)?(\w+):\s*\[")
OPTIONS = frozenset({"applications", "steps", "include_executables_for", "config_providers", "overlays"})
"""Of a release, as lists, so that they look like releases themselves."""
ALIAS = re.compile(r'^\s*"?([\w.]+)"?:\s*\[')
MAIN = re.compile(r"\bmod:\s*\{")


@dataclass(slots=True)
class Mix:
    """What mix.exs declares."""

    app: str | None = None
    app_evidence: Evidence | None = None
    elixir: str | None = None
    elixir_evidence: Evidence | None = None
    apps_path: str | None = None
    """Folder of the applications of an umbrella."""
    inside: bool = False
    """Whether it is one of these applications, which share dependencies and lock file."""
    deps: dict[str, Evidence] = field(default_factory=dict)
    """Dependencies of production."""
    releases: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    runs: bool = False
    """Whether the application starts processes of its own (`mod:`)."""

    @property
    def name(self) -> str | None:
        """What `mix release` makes: the first release that is declared, else the application."""
        return self.releases[0] if self.releases else self.app


def read(view: SourceView, path: str = MIX) -> Mix:
    """The declarations of a mix.exs."""
    mix, section = Mix(), ""
    for number, raw in enumerate(view.lines(path), 1):
        line = raw.split(" #")[0] if raw.lstrip()[:1] != "#" else ""
        section = _section(line, section)
        _take(mix, line, section, view.evidence(path, number, raw))
    return mix


def _section(line: str, section: str) -> str:
    if DEPS.match(line):
        return "deps"
    if RELEASES.search(line):
        return "releases"
    if re.match(r"^\s*defp?\s+aliases\b", line):
        return "aliases"
    return "" if END.match(line) or re.match(r"^\s*defp?\s", line) else section


def _take(mix: Mix, line: str, section: str, where: Evidence) -> None:
    if section == "deps":
        _dependency(mix, line, where)
        return
    if section == "releases" and (name := _release(line)):
        mix.releases.append(name)
    elif section == "aliases" and (found := ALIAS.match(line)):
        mix.aliases.append(found[1])
    _project(mix, line, where)


def _project(mix: Mix, line: str, where: Evidence) -> None:
    if (found := APP.search(line)) and not mix.app:
        mix.app, mix.app_evidence = found[1], where
    if (found := ELIXIR.search(line)) and not mix.elixir:
        mix.elixir, mix.elixir_evidence = found[1], where
    if found := APPS_PATH.search(line):
        mix.apps_path = found[1]
    mix.inside = mix.inside or bool(INSIDE.search(line))
    mix.runs = mix.runs or bool(MAIN.search(line))


def _dependency(mix: Mix, line: str, where: Evidence) -> None:
    for found in DEPENDENCY.finditer(line):
        only = ONLY.search(found[2] or "")
        if only is None or ":prod" in only[1]:
            mix.deps.setdefault(found[1], where)


def _release(line: str) -> str | None:
    if found := RELEASES.search(line):
        return found[1]
    named = RELEASE.match(line)
    return named[1] if named and named[1] not in OPTIONS else None
