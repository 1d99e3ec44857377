"""The file that starts an application whose manifest has no start script, and what runs it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from analyzer import confidence
from analyzer.languages.node import source
from analyzer.languages.node.app import App
from analyzer.languages.node.managers import Manager
from analyzer.model import Evidence, Start

NAMES = ("server", "index", "app", "main", "bot")
FOLDERS = ("", "src/", "server/", "bin/", "lib/", "build/", "dist/")
SUFFIXES = ("js", "mjs", "cjs", "ts", "mts", "cts")
TYPED = (".ts", ".mts", ".cts", ".tsx")
STRIPS_TYPES = ((22, 18), (23, 6))
"""From these on Node.js runs TypeScript as it is (nodejs.org, type stripping)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to start, with what says so."""

    file: str
    confidence: float
    reason: str
    evidence: tuple[Evidence, ...]


def find(app: App) -> Entry | None:
    """What the manifest names, else the first usual name at a usual place."""
    return _named(app) or _usual(app)


def _named(app: App) -> Entry | None:
    for key in ("main", "module"):
        text = app.manifest.text(key)
        if text and (file := _resolved(app, text)):
            reason = f"{key} of {app.manifest.path} is {file}"
            return Entry(file, confidence.PROVEN, reason, (app.manifest.evidence(key),))
    return None


def _resolved(app: App, text: str) -> str | None:
    """A module's path as Node.js resolves it; one that a build writes is taken as it is."""
    path = posixpath.normpath(text)
    if path.startswith(("..", "/")):
        return None
    stem = "" if path == "." else path
    tries = [stem, *(f"{stem}.{suffix}" for suffix in SUFFIXES), *(f"{stem}/index.{suffix}" for suffix in SUFFIXES)]
    if found := app.view.first(*(posixpath.normpath(each) for each in tries if each)):
        return found if found.endswith(tuple(f".{suffix}" for suffix in (*SUFFIXES, "tsx", "jsx"))) else None
    folder, inner, _ = path.partition("/")
    written = bool(inner) and folder in ("dist", "build", "out", "lib", ".output") and app.script("build")
    return path if written and path.endswith(("js", "mjs", "cjs")) else None


def _usual(app: App) -> Entry | None:
    names = (f"{folder}{name}.{suffix}" for folder in FOLDERS for name in NAMES for suffix in SUFFIXES)
    if not (file := app.view.first(*names)):
        return None
    return Entry(file, confidence.CONVENTION, f"{file} is the usual name of what starts", (app.view.evidence(file),))


def start(app: App, entry: Entry, manager: Manager | None, version: str | None) -> Start:
    """How the file is started: by Bun where Bun installs, compiled where a build compiles, else as it is."""
    file = entry.file
    if manager and manager.name == "bun":
        return _start(("bun", file))
    if not file.endswith(TYPED):
        return _start(("node", file))
    if built := compiled(app, file):
        return _start(("node", built))
    runner = next((name for name in ("tsx", "ts-node", "@swc-node/register") if app.depends(name)), None)
    if runner == "@swc-node/register":
        return _start(("node", "-r", "@swc-node/register", file))
    if runner or not _strips_types(version):
        return Start("node-file", file, f"npx {runner or 'tsx'} {file}", (runner or "tsx", file))
    return _start(("node", file))


def _start(argv: tuple[str, ...]) -> Start:
    return Start("node-file", argv[-1], " ".join(argv), argv)


def compiled(app: App, file: str) -> str | None:
    """Where `tsc` writes a source to, when the project is built by it."""
    script = app.script("build", "compile")
    if not script or "tsc" not in app.manifest.scripts[script] or "--noEmit" in app.manifest.scripts[script]:
        return None
    path = app.view.first("tsconfig.build.json", "tsconfig.json")
    out = source.setting(app.view, path, "outDir")
    root = source.setting(app.view, path, "rootDir")
    folder = source.folder(out[0]) if out else ""
    inside = (root and source.folder(root[0])) or ("src" if file.startswith("src/") and not root else "")
    relative = file.removeprefix(f"{inside}/") if inside else file
    stem, suffix = posixpath.splitext(relative)
    written = stem + {".mts": ".mjs", ".cts": ".cjs"}.get(suffix, ".js")
    return f"{folder}/{written}" if folder else written


def _strips_types(version: str | None) -> bool:
    parts = tuple(int(part) for part in (version or "").split(".")[:2] if part.isdigit())
    if len(parts) == 1:
        return parts[0] >= STRIPS_TYPES[0][0]
    return bool(parts) and (parts >= STRIPS_TYPES[1] or (parts[0] == 22 and parts >= STRIPS_TYPES[0]))
