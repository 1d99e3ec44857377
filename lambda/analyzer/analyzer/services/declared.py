"""Folders that files of a tree declare to be members of a workspace, or to be built and deployed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from analyzer.intent import compose, digitalocean, render_yaml, typed
from analyzer.intent.declaration import folder
from analyzer.project import Project

MODULE = re.compile(r"<module>\s*([^<\s]+)\s*</module>")
INCLUDE = re.compile(r"""(?m)^\s*include\s*\(?\s*((?:["'][\w:./-]+["']\s*,?\s*)+)""")
QUOTED = re.compile(r"""["']([^"']+)["']""")
USE = re.compile(r"(?ms)^use\s*(?:\((.*?)\)|(\S+))")
SOLUTION = re.compile(
    r'^Project\([^)]*\)\s*=\s*"[^"]*",\s*"([^"]+\.(?:cs|fs|vb)proj)"|<Project\s[^>]*?Path="([^"]+\.(?:cs|fs|vb)proj)"',
    re.M,
)


def members(tree: Project) -> set[str]:
    """Folders of the members of workspaces that the root declares."""
    found = {member for source in WORKSPACES for member in source(tree)}
    return {member for member in found if member != "." and tree.view.has_folder(member)}


def deployed(tree: Project) -> set[str]:
    """Folders that compose files, blueprints and the like build a service from; "." for the tree itself."""
    found = [root for path in filter(tree.view.has, compose.NAMES) for root in compose.builds(tree, path).values()]
    for paths, key, of_rows in (
        (render_yaml.BLUEPRINTS, "rootDir", render_yaml.rows),
        (digitalocean.PATHS, "source_dir", digitalocean.rows),
    ):
        path = tree.view.first(*paths)
        rows = of_rows(tree.yaml(path)) if path else []
        found += [folder(row.get(key)) for row in rows]
    return {root for root in found if root == "." or tree.view.has_folder(root)}


def _packages(tree: Project) -> Iterator[str]:
    """Workspaces of npm, yarn, bun, pnpm and lerna, by globs."""
    manifest = tree.json("package.json") or {}
    declared = manifest.get("workspaces")
    globs = typed.texts(declared) or typed.texts(typed.table(declared).get("packages"))
    if tree.view.has("pnpm-workspace.yaml"):
        globs += typed.texts((tree.yaml("pnpm-workspace.yaml") or {}).get("packages"))
    if tree.view.has("lerna.json"):
        globs += typed.texts((tree.json("lerna.json") or {}).get("packages"))
    yield from _matching(tree, globs, "package.json")


def _rush(tree: Project) -> Iterator[str]:
    for row in typed.tables((tree.json("rush.json") or {}).get("projects")):
        yield folder(row.get("projectFolder"))


def _nx(tree: Project) -> Iterator[str]:
    if tree.view.has("nx.json"):
        yield from (posixpath.dirname(path) for path in tree.view.match("*/project.json", "*/*/project.json"))


def _uv(tree: Project) -> Iterator[str]:
    found = (
        typed.table(tree.toml("pyproject.toml"), "tool", "uv", "workspace") if tree.view.has("pyproject.toml") else {}
    )
    yield from _matching(tree, typed.texts(found.get("members")), "pyproject.toml")


def _cargo(tree: Project) -> Iterator[str]:
    found = typed.table(tree.toml("Cargo.toml"), "workspace") if tree.view.has("Cargo.toml") else {}
    yield from _matching(tree, typed.texts(found.get("members")), "Cargo.toml")


def _go(tree: Project) -> Iterator[str]:
    for block, single in USE.findall(re.sub(r"//.*", "", tree.view.text("go.work") or "")):
        yield from (posixpath.normpath(word.strip('"')) for word in (block or single).split())


def _maven(tree: Project) -> Iterator[str]:
    yield from (posixpath.normpath(name) for name in MODULE.findall(tree.view.text("pom.xml") or ""))


def _gradle(tree: Project) -> Iterator[str]:
    settings = tree.view.first("settings.gradle", "settings.gradle.kts")
    for names in INCLUDE.findall(tree.view.text(settings) or "" if settings else ""):
        yield from (name.strip(":").replace(":", "/") for name in QUOTED.findall(names))


def _solution(tree: Project) -> Iterator[str]:
    for path in (path for path in tree.view.top() if path.endswith((".sln", ".slnx"))):
        for old, new in SOLUTION.findall(tree.view.text(path) or ""):
            yield posixpath.normpath(posixpath.dirname((old or new).replace("\\", "/")))


def _matching(tree: Project, globs: list[str], manifest: str) -> Iterator[str]:
    """Folders with that manifest that globs match, but for those of globs that begin with "!"."""
    excluded = {path for glob in globs if glob.startswith("!") for path in _glob(tree, glob[1:], manifest)}
    for glob in globs:
        if not glob.startswith("!"):
            yield from (posixpath.dirname(path) for path in _glob(tree, glob, manifest) if path not in excluded)


def _glob(tree: Project, glob: str, manifest: str) -> Iterator[str]:
    return tree.view.match(posixpath.normpath(glob) + "/" + manifest)


WORKSPACES: tuple[Any, ...] = (_packages, _rush, _nx, _uv, _cargo, _go, _maven, _gradle, _solution)
"""Readers of what declares members."""
