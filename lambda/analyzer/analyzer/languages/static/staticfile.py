"""Staticfile: which folder is served, and whether one page answers all paths (Cloud Foundry, Railpack)."""

from __future__ import annotations

from analyzer.languages.node import source
from analyzer.project import Project

NAME = "Staticfile"


def root(project: Project) -> str | None:
    """The folder that is served; None when it names none below the service's root."""
    declared = _settings(project).get("root")
    return source.folder(declared) if isinstance(declared, str) else None


def fallback(project: Project) -> str:
    """index.html for every path when it says so, in Railpack's words or Cloud Foundry's."""
    settings = _settings(project)
    return "index.html" if settings.get("index_fallback") or settings.get("pushstate") == "enabled" else ""


def _settings(project: Project) -> dict[str, object]:
    """An empty Staticfile is valid."""
    if not (project.view.text(NAME) or "").strip():
        return {}
    return project.yaml(NAME) or {}
