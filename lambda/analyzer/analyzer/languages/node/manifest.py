"""package.json with types checked at the border: whatever a field holds, what is read here is what it should hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analyzer.manifests import COMMENTS, Malformed, yaml_mapping
from analyzer.model import Evidence
from analyzer.project import Project
from analyzer.source.view import SourceView

NAMES = ("package.json", "package.json5", "package.yaml")
"""Manifests that package managers read; the latter two only pnpm (pnpm.io/package_json)."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a package declares."""

    view: SourceView
    path: str
    """Relative to the view."""
    data: Mapping[str, Any]
    scripts: Mapping[str, str] = field(default_factory=dict)
    dependencies: Mapping[str, str] = field(default_factory=dict)
    """Of production, optional ones among them."""
    development: Mapping[str, str] = field(default_factory=dict)
    engines: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A field that is a text, "" when it is none."""
        value = self.data.get(name)
        return value.strip() if isinstance(value, str) else ""

    def table(self, name: str) -> Mapping[str, Any]:
        """A field that is an object, {} when it is none."""
        value = self.data.get(name)
        return value if isinstance(value, dict) else {}

    def depends(self, *packages: str) -> str | None:
        """The first of these packages that is a dependency, of production or of development."""
        return next((name for name in packages if name in self.dependencies or name in self.development), None)

    def requires(self, *packages: str) -> str | None:
        """The first of these packages that is a dependency of production."""
        return next((name for name in packages if name in self.dependencies), None)

    def version(self, package: str) -> str:
        """The range that is asked for, "" without such a dependency."""
        return self.dependencies.get(package) or self.development.get(package) or ""

    def evidence(self, *keys: str) -> Evidence:
        """The line of a key, such as `scripts`, `start`; of the file when it cannot be found."""
        number = 0
        for key in keys:
            number = _line(self.view.lines(self.path), key, number) or number
        return self.view.evidence(self.path, number or None)

    def dependency_evidence(self, package: str) -> Evidence:
        """The line of a dependency."""
        section = "dependencies" if package in self.dependencies else "devDependencies"
        return self.evidence(section, package)


def read(project: Project) -> Manifest | None:
    """The manifest of a service, None without a readable one."""
    path = project.view.first(*NAMES)
    if path is None:
        return None
    data = _data(project, path)
    return None if data is None else _manifest(project.view, path, data)


def _data(project: Project, path: str) -> dict[str, Any] | None:
    if path == "package.yaml":
        return project.yaml(path)
    if path == "package.json":
        return project.json(path)
    return _json5(project, path)


def _json5(project: Project, path: str) -> dict[str, Any] | None:
    """Without its comments, JSON5 as people write it is a YAML flow mapping."""
    text = COMMENTS.sub(lambda found: found[1] or " ", project.view.text(path) or "")
    try:
        return yaml_mapping(re.sub(r"[\t\n]", " ", text))
    except Malformed:
        return project.json(path)


def _manifest(view: SourceView, path: str, data: dict[str, Any]) -> Manifest:
    return Manifest(
        view=view,
        path=path,
        data=data,
        scripts={name: text.strip() for name, text in _texts(data.get("scripts")).items() if text.strip()},
        dependencies={**_texts(data.get("optionalDependencies")), **_texts(data.get("dependencies"))},
        development=_texts(data.get("devDependencies")),
        engines=_texts(data.get("engines")),
    )


def _texts(value: Any) -> dict[str, str]:
    """The entries of an object whose values are texts."""
    if not isinstance(value, dict):
        return {}
    return {name: text for name, text in value.items() if isinstance(name, str) and isinstance(text, str)}


def _line(lines: list[str], key: str, after: int) -> int | None:
    wanted = re.compile(rf"""["']?{re.escape(key)}["']?\s*:""")
    return next((number for number, line in enumerate(lines, 1) if number > after and wanted.search(line)), None)
