"""Typed access to what Python manifests declare; any value of an unexpected type reads as absent."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from analyzer.languages.python.syntax import Source, parse
from analyzer.project import Project

PYPROJECT = "pyproject.toml"
REQUIREMENTS = (
    "requirements.txt",
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements/base.txt",
    "requirements/requirements.txt",
    "requirements/common.txt",
    "requirements-prod.txt",
    "requirements-production.txt",
    "requirements_prod.txt",
    "requirement.txt",
)
"""Files of production requirements by their usual names, the surest first."""
CONDA = ("environment.yml", "environment.yaml", "conda.yml")


def table(document: Mapping[str, Any] | None, *keys: str) -> dict[str, Any]:
    """A table inside a document, {} when there is none at that place."""
    found: Any = document
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


def text(document: Mapping[str, Any] | None, *keys: str) -> str:
    """A string inside a document, "" when there is none at that place."""
    found = table(document, *keys[:-1]).get(keys[-1])
    return found.strip() if isinstance(found, str) else ""


def texts(document: Mapping[str, Any] | None, *keys: str) -> list[str]:
    """The strings of a list inside a document."""
    found = table(document, *keys[:-1]).get(keys[-1])
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


class Manifests:
    """The manifests of one service."""

    def __init__(self, project: Project) -> None:
        self.view = project.view
        self.project = project
        self.pyproject = project.toml(PYPROJECT) or {}
        self.pipfile = project.toml("Pipfile") or {}
        self.requirements = self.view.first(*REQUIREMENTS)
        self.conda = self.view.first(*CONDA)
        self._setup: Source | None = None

    @property
    def poetry(self) -> dict[str, Any]:
        """[tool.poetry]."""
        return table(self.pyproject, "tool", "poetry")

    @property
    def setup_cfg(self) -> dict[str, dict[str, str]]:
        """Sections of setup.cfg."""
        return self.project.ini("setup.cfg") or {}

    @property
    def environment(self) -> dict[str, Any]:
        """The conda environment."""
        return (self.project.yaml(self.conda) if self.conda else None) or {}

    def setup(self, keyword: str) -> ast.expr | None:
        """An argument of `setup()` in setup.py, read and not run."""
        if self._setup is None:
            self._setup = parse("setup.py", self.view.text("setup.py") or "")
        call = next((call for call in self._setup.calls if call.last == "setup"), None)
        found = call.argument(keyword) if call else None
        return self._setup.constant(found.id) if isinstance(found, ast.Name) else found

    @property
    def backend(self) -> str:
        """The build backend, "" when the project is not declared to be built."""
        return text(self.pyproject, "build-system", "build-backend")

    @property
    def name(self) -> str:
        """The distribution's name."""
        declared = text(self.pyproject, "project", "name") or text(self.poetry, "name")
        return declared or self.setup_cfg.get("metadata", {}).get("name", "") or literal(self.setup("name"))

    @property
    def package(self) -> bool:
        """Whether the service itself is meant to be built and installed."""
        virtual = table(self.pyproject, "tool", "uv").get("package") is False
        virtual = virtual or self.poetry.get("package-mode") is False
        virtual = virtual or table(self.pyproject, "tool", "pdm").get("distribution") is False
        declared = "build-system" in self.pyproject or self.view.has("setup.py") or "metadata" in self.setup_cfg
        forced = table(self.pyproject, "tool", "uv").get("package") is True
        return (declared or forced) and not virtual

    def scripts(self) -> dict[str, str]:
        """Console scripts: name -> "module:function"."""
        found = dict(table(self.poetry, "scripts"))
        found |= table(self.pyproject, "project", "scripts")
        points = self.setup_cfg.get("options.entry_points", {}).get("console_scripts", "")
        rows = [*points.splitlines(), *self._setup_scripts()]
        found |= {name.strip(): place.strip() for name, _, place in (row.partition("=") for row in rows) if place}
        return {name: place for name, place in found.items() if isinstance(place, str) and ":" in place}

    def _setup_scripts(self) -> list[str]:
        points = self.setup("entry_points")
        if not isinstance(points, ast.Dict):
            return []
        for key, value in zip(points.keys, points.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "console_scripts":
                return strings(value)
        return []


def literal(node: ast.expr | None) -> str:
    """A string constant, "" for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def strings(node: ast.expr | None) -> list[str]:
    """The string constants of a list, tuple or set."""
    items = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else []
    return [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
