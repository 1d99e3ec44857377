"""What people wrote down on purpose, which wins over what the source suggests: one module a file format.

`.slipway.toml`, Procfile, Dockerfile, compose, fly.toml, render.yaml, railway.json, app.json, ...
"""

from __future__ import annotations

from analyzer.project import Project


def read(project: Project) -> None:
    """Add the candidates of every intent file that is there, the strongest first."""


def check(project: Project) -> None:
    """Once the language has spoken: warn where intent and source disagree (port, start, version)."""
