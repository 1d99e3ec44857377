"""What people wrote down on purpose, which wins over what the source suggests: one module a file format.

Among equally sure candidates the first wins, so the order of `TABLE` is that of strength: what a person states to
Slipway, the process types, what a platform in production is told, the Dockerfile, what developers run at home.
"""

from __future__ import annotations

from importlib import import_module

from analyzer.project import Project

TABLE = (
    "slipway",
    "procfile",
    "fly",
    "render_yaml",
    "platforms",
    "digitalocean",
    "app_engine",
    "app_json",
    "buildpacks",
    "dockerfile",
    "compose",
)
"""Modules `analyzer.intent.<name>`, each with `read(project)`; the strongest first."""


def read(project: Project) -> None:
    """Add the candidates of every intent file that is there, the strongest first."""
    for name in TABLE:
        import_module(f"analyzer.intent.{name}").read(project)


def check(project: Project) -> None:
    """Once the language has spoken: warn where intent and source disagree (port, start, version)."""
    from analyzer.intent import disagreement

    disagreement.check(project)
