"""Reads composer.json and composer.lock; every value may be of any type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analyzer.model import Evidence
from analyzer.project import Project
from analyzer.source.view import SourceView

MANIFEST = "composer.json"
LOCK = "composer.lock"


@dataclass(frozen=True)
class Composer:
    """The manifest: {} for a project without one."""

    view: SourceView
    manifest: Mapping[str, Any] = field(default_factory=dict)
    lock: Mapping[str, Any] | None = None

    @property
    def there(self) -> bool:
        """Whether there is a manifest."""
        return self.view.has(MANIFEST)

    def requires(self, *names: str) -> str | None:
        """The first of these packages that production requires."""
        required = mapping(self.manifest.get("require"))
        return next((name for name in names if name in required), None)

    def constraint(self, name: str) -> str | None:
        """The version of a requirement, as it is written."""
        found = mapping(self.manifest.get("require")).get(name)
        return found if isinstance(found, str) else None

    def has(self, name: str) -> bool:
        """Whether production is installed with a package, required or drawn in by another."""
        return self.requires(name) is not None or any(package.get("name") == name for package in self.packages())

    def packages(self) -> list[Mapping[str, Any]]:
        """What the lock file lists for production."""
        listed = self.lock.get("packages") if self.lock else None
        return [package for package in listed if isinstance(package, dict)] if isinstance(listed, list) else []

    def config(self, *keys: str) -> Any:
        """A value in `config`, `extra`, ...: keys from the manifest's root."""
        found: Any = self.manifest
        for key in keys:
            found = mapping(found).get(key)
        return found

    def extensions(self) -> dict[str, Evidence]:
        """Extensions of PHP that the manifest or a locked package requires, by name without "ext-"."""
        found = {name[4:].lower(): self.evidence(name) for name in mapping(self.manifest.get("require")) if _ext(name)}
        for package in self.packages():
            for name in mapping(package.get("require")):
                if _ext(name):
                    found.setdefault(name[4:].lower(), self.view.evidence(LOCK))
        return dict(sorted(found.items()))

    def paths(self) -> list[str]:
        """Folders of packages that are part of the tree (repositories of type path)."""
        listed = self.manifest.get("repositories")
        rows = list(listed.values()) if isinstance(listed, dict) else listed if isinstance(listed, list) else []
        found = []
        for row in rows:
            url = mapping(row).get("url") if mapping(row).get("type") == "path" else None
            folder = url.removeprefix("./").split("*")[0].rstrip("/") if isinstance(url, str) else ""
            if folder and not folder.startswith(("/", "..")) and self.view.has_folder(folder):
                found.append(folder)
        return sorted(dict.fromkeys(found))

    def scripts(self) -> list[str]:
        """Names of Composer scripts."""
        return list(mapping(self.manifest.get("scripts")))

    def evidence(self, name: str) -> Evidence:
        """The line of the manifest that names something."""
        found = self.view.find(MANIFEST, re.compile(re.escape(f'"{name}"')))
        return found[1] if found else self.view.evidence(MANIFEST)


def read(project: Project) -> Composer:
    """The manifest and the lock of a service."""
    lock = project.json(LOCK) if project.view.has(MANIFEST) else None
    return Composer(project.view, project.json(MANIFEST) or {}, lock)


def mapping(value: Any) -> Mapping[str, Any]:
    """A JSON object; {} for anything else."""
    return value if isinstance(value, dict) else {}


def _ext(name: Any) -> bool:
    return isinstance(name, str) and name.startswith("ext-") and re.fullmatch(r"ext-[\w-]+", name) is not None
