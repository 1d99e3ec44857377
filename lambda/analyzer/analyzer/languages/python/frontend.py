"""A front end that Node builds and the Python service serves: where it is, and whether the source shows that."""

from __future__ import annotations

import re
from typing import Any

from analyzer.languages import assets
from analyzer.languages.python.context import Context
from analyzer.project import Project

FOLDERS = (
    "frontend",
    "client",
    "web",
    "ui",
    "webapp",
    "assets",
    "static_src",
    "theme/static_src",
    "front",
    "js",
    "react",
)
BUILT = re.compile(r"[\"'/](dist|build|out|webpack-stats\.json|manifest\.json)\b")
OUTSIDE = re.compile(
    r"outDir\s*:\s*(?:path\.resolve\([^)]*)?[\"'][^\"']*\.\./|output-path[= ]\.\./|-o \.\./|BUILD_PATH=\.\./"
)


def find(context: Context) -> dict[str, Any] | None:
    """What Node has to build before the image has everything, as plain data; None when there is nothing."""
    view = context.project.view
    if view.has("package.json") and (found := assets.read(context.project)) and found["build"]:
        return {**found, "folder": "", "whole": True}
    for folder in FOLDERS:
        if view.has(f"{folder}/package.json") and _served(context, folder):
            root = folder if context.project.root == "." else f"{context.project.root}/{folder}"
            found = assets.read(Project(context.project.whole, root, context.findings))
            if found and found["build"]:
                return {**found, "folder": folder, "whole": _outside(context, folder)}
    return None


def _served(context: Context, folder: str) -> bool:
    """Whether the Python source names the folder, or what is usually built in it."""
    named = re.compile(rf"[\"'/]{re.escape(folder)}\b")
    return _outside(context, folder) or any(BUILT.search(source.text) for source in context.code.containing(named, 3))


def _outside(context: Context, folder: str) -> bool:
    """Whether the build writes beside its own folder."""
    view = context.project.view
    names = ("vite.config.ts", "vite.config.js", "vite.config.mjs", "webpack.config.js", "package.json")
    return any(OUTSIDE.search(view.text(f"{folder}/{name}") or "") for name in names)
