"""What a manifest says about the version of Node.js."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.languages.node.app import App
from analyzer.languages.node.manifest import Manifest
from analyzer.project import Project
from analyzer.versions import Pin


def pins(app: App) -> list[Pin]:
    """Of the service's manifest, then of its workspace's root."""
    found = list(_of(app.manifest))
    if app.above and app.above.root:
        found += _of(app.above.root)
    return found


def _of(found: Manifest) -> Iterator[Pin]:
    where = found.path
    if version := found.table("volta").get("node"):
        yield Pin(str(version), "npm", f"{where} pins it for Volta", (found.evidence("volta", "node"),))
    if text := found.engines.get("node"):
        yield Pin(text, "npm", f"engines of {where} asks for it", (found.evidence("engines", "node"),))
    runtime = found.table("devEngines").get("runtime")
    for row in runtime if isinstance(runtime, list) else [runtime]:
        if isinstance(row, dict) and row.get("name") == "node" and isinstance(row.get("version"), str):
            where_ = (found.evidence("devEngines", "runtime"),)
            yield Pin(row["version"], "npm", f"devEngines of {where} asks for it", where_)


def bun_version(project: Project) -> str:
    """What a Bun that only runs scripts is installed as."""
    lines = project.view.lines(".bun-version")
    return lines[0].strip().removeprefix("v") or "1"
