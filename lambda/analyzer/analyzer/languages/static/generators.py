"""Generators of sites that are programs of their own: told by their configuration file and their folder of content."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from analyzer.languages.node import source
from analyzer.project import Project


@dataclass(frozen=True, slots=True)
class Generator:
    """A generator: where its configuration is, what it writes, and how it is installed on Debian."""

    name: str
    configs: tuple[str, ...]
    recognised: Callable[[Project, dict[str, Any]], bool]
    build: str
    output: str
    key: tuple[str, ...]
    """The configuration's key for the output folder."""
    package: str | None
    """Debian's package; None when Debian has none."""


def _hugo(project: Project, config: dict[str, Any]) -> bool:
    keys = {"baseurl", "languagecode", "theme", "module", "title"} & {str(key).lower() for key in config}
    folders = any(project.view.has_folder(folder) for folder in ("content", "themes", "archetypes", "layouts"))
    return bool(keys) and folders


def _zola(project: Project, config: dict[str, Any]) -> bool:
    return "base_url" in config and (project.view.has_folder("content") or project.view.has_folder("templates"))


def _mdbook(project: Project, config: dict[str, Any]) -> bool:
    return isinstance(config.get("book"), dict)


HUGO = ("hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config/_default/hugo.toml", "config/_default/config.toml")
GENERATORS = (
    Generator("zola", ("zola.toml", "config.toml"), _zola, "zola build", "public", ("output_dir",), None),
    Generator(
        "hugo",
        (*HUGO, "config.toml", "config.yaml", "config.yml", "config.json"),
        _hugo,
        "hugo --gc --minify",
        "public",
        ("publishDir",),
        "hugo",
    ),
    Generator("mdbook", ("book.toml",), _mdbook, "mdbook build", "book", ("build", "build-dir"), None),
)


def find(project: Project) -> tuple[Generator, str] | None:
    """The generator of a site, with its configuration file."""
    for row in GENERATORS:
        path = project.view.first(*row.configs)
        if path and row.recognised(project, parsed(project, path)):
            return row, path
    return None


def parsed(project: Project, path: str) -> dict[str, Any]:
    """A configuration file by its suffix, {} when it cannot be read."""
    readers = {"toml": project.toml, "json": project.json, "yaml": project.yaml, "yml": project.yaml}
    return readers[path.rpartition(".")[2]](path) or {}


def output(project: Project, row: Generator, path: str) -> str:
    """The folder that the site is written to."""
    value: Any = parsed(project, path)
    for key in row.key:
        value = value.get(key) if isinstance(value, dict) else None
    return (source.folder(value) if isinstance(value, str) else None) or row.output


def hugo_version(project: Project) -> str | None:
    """What Netlify's or another host's settings ask for."""
    found = re.search(r'HUGO_VERSION\s*[=:]\s*"?v?([\d.]+)', project.view.text("netlify.toml") or "")
    return found[1] if found else None
