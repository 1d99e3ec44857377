"""Workspaces (npm, pnpm, Yarn, Bun, Turborepo, Nx, Lerna): the root above a package, and the packages of a root."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from analyzer.findings import Findings
from analyzer.languages.node import manifest
from analyzer.languages.node.manifest import Manifest
from analyzer.project import Project

LOCKS = (
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "yarn.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
)
MARKERS = ("pnpm-workspace.yaml", "lerna.json", "nx.json", "turbo.json", "rush.json", *LOCKS)
NAMED = tuple(f"/{name}" for name in manifest.NAMES)
MEMBERS = 60
"""Packages of a workspace that are read."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A root package with others below it."""

    folder: str
    """Of the root, relative to the tree."""
    project: Project
    """The root's own files."""
    root: Manifest | None
    members: tuple[str, ...]
    """Folders of the other packages, relative to the root."""

    def packages(self) -> Iterator[tuple[str, Manifest]]:
        """The members with their manifests, by folder."""
        for folder in self.members[:MEMBERS]:
            inner = Project(self.project.whole, _joined(self.folder, folder), Findings())
            if found := manifest.read(inner):
                yield folder, found


def above(project: Project) -> Workspace | None:
    """The workspace that a service below the tree's root is a member of."""
    folder = project.root
    while folder != ".":
        folder = folder.rpartition("/")[0] or "."
        outer = Project(project.whole, folder, project.findings)
        if outer.view.first(*manifest.NAMES) and (found := of(outer)):
            inner = project.root if folder == "." else project.root[len(folder) + 1 :]
            if inner in found.members:
                return found
    return None


def of(project: Project) -> Workspace | None:
    """The workspace whose root a project is, None when it declares none."""
    root = manifest.read(project)
    patterns = _patterns(project, root)
    if not patterns:
        return None
    folders = (path.rpartition("/")[0] for path in project.view.paths if path.endswith(NAMED))
    members = tuple(dict.fromkeys(folder for folder in folders if folder and _matches(folder, patterns)))
    return Workspace(project.root, project, root, members)


def _patterns(project: Project, root: Manifest | None) -> list[str]:
    """Globs of members as npm, Yarn, Bun, pnpm, Lerna and Nx declare them."""
    declared: Any = root.data.get("workspaces") if root else None
    if isinstance(declared, dict):
        declared = declared.get("packages")
    lists = [declared]
    if project.view.has("pnpm-workspace.yaml"):
        lists.append((project.yaml("pnpm-workspace.yaml") or {}).get("packages"))
    if project.view.has("lerna.json"):
        lists.append((project.json("lerna.json") or {}).get("packages"))
    found = [text for rows in lists if isinstance(rows, list) for text in rows if isinstance(text, str)]
    if not found and project.view.first("nx.json", "turbo.json"):
        return ["apps/*", "packages/*", "libs/*"]
    return found


def _matches(folder: str, patterns: list[str]) -> bool:
    wanted = any(_glob(pattern).fullmatch(folder) for pattern in patterns if not pattern.startswith("!"))
    refused = any(_glob(pattern[1:]).fullmatch(folder) for pattern in patterns if pattern.startswith("!"))
    return wanted and not refused


def _glob(pattern: str) -> re.Pattern[str]:
    text = re.escape(pattern.removeprefix("./").strip("/"))
    return re.compile(text.replace(r"\*\*/", "(?:.+/)?").replace(r"\*\*", ".+").replace(r"\*", "[^/]+"))


def _joined(folder: str, inner: str) -> str:
    return inner if folder == "." else f"{folder}/{inner}"
