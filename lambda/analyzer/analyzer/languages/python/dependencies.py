"""What the service depends on in production, and what only its development does, from every manifest that says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from analyzer.languages.python.manifests import PYPROJECT, Manifests, strings, table, texts
from analyzer.languages.python.requirements import Requirement, from_file, normalized, requirement
from analyzer.model import Evidence

BROUGHT = {
    "fastapi": (("standard", "uvicorn"), ("all", "uvicorn")),
    "litestar": (("standard", "uvicorn"),),
    "python-fasthtml": (("", "uvicorn"), ("", "starlette")),
    "gradio": (("", "uvicorn"), ("", "fastapi")),
    "nicegui": (("", "uvicorn"), ("", "fastapi")),
    "chainlit": (("", "uvicorn"), ("", "fastapi")),
    "mcp": (("", "uvicorn"), ("", "starlette")),
    "fastmcp": (("", "uvicorn"), ("", "mcp")),
    "google-adk": (("", "uvicorn"), ("", "fastapi")),
    "channels": (("daphne", "daphne"),),
    "connexion": (("flask", "flask"), ("uvicorn", "uvicorn")),
    "functions-framework": (("", "gunicorn"), ("", "flask")),
    "dash": (("", "flask"),),
    "uvicorn-worker": (("", "uvicorn"), ("", "gunicorn")),
}
"""What a distribution (with an extra, "" without) installs in its turn and an application may start with."""
DEVELOPMENT = re.compile(r"(^|[-_/.])(dev|develop|development|test|tests|testing|lint|docs?|typing|ci|local)($|[-_.])")


class Dependencies:
    """Production dependencies by normalized name; `development` the others."""

    def __init__(self, found: Iterable[Requirement], development: Iterable[Requirement], manifests: Manifests) -> None:
        self._manifests = manifests
        self.local: list[Requirement] = []
        self.main: dict[str, Requirement] = {}
        for row in found:
            if row.local:
                self.local.append(row)
            if row.name:
                self.main.setdefault(row.name, row)
        self.development = {row.name: row for row in development if row.name}
        self.brought = {name: origin for origin, row in self.main.items() for name in _brought(row)}

    def has(self, *names: str) -> bool:
        """Whether one of them is installed in production, itself or by another."""
        return any(name in self.main or name in self.brought for name in names)

    def first(self, *names: str) -> str | None:
        """The first of these that is installed in production."""
        return next((name for name in names if self.has(name)), None)

    def evidence(self, name: str) -> tuple[Evidence, ...]:
        """Where a dependency is declared."""
        row = self.main.get(name) or self.main.get(self.brought.get(name, ""))
        if not row or not row.path:
            return ()
        view = self._manifests.view
        if row.line:
            return (view.evidence(row.path, row.line),)
        pattern = re.compile(r"(?i)(^|[\s\"'\[{,])" + re.sub(r"-", "[-_.]", re.escape(row.name).replace(r"\-", "-")))
        found = view.find(row.path, pattern)
        return (found[1] if found else view.evidence(row.path),)


def _brought(row: Requirement) -> Iterator[str]:
    yield from (name for extra, name in BROUGHT.get(row.name, ()) if not extra or extra in row.extras)


def read(manifests: Manifests) -> Dependencies:
    """The dependencies that manifests declare; of several requirement files the production one."""
    found = [
        *_project(manifests),
        *_poetry(manifests),
        *_pipfile(manifests.pipfile, "packages"),
        *(from_file(manifests.view, manifests.requirements) if manifests.requirements else ()),
        *_setup(manifests),
        *_conda(manifests),
    ]
    return Dependencies(found, _development(manifests), manifests)


def _lines(rows: Iterable[str], path: str) -> Iterator[Requirement]:
    yield from filter(None, (requirement(row.strip(), path) for row in rows))


def _project(manifests: Manifests) -> Iterator[Requirement]:
    yield from _lines(texts(manifests.pyproject, "project", "dependencies"), PYPROJECT)
    dynamic = table(manifests.pyproject, "tool", "setuptools", "dynamic", "dependencies").get("file")
    for path in [dynamic] if isinstance(dynamic, str) else dynamic if isinstance(dynamic, list) else ():
        if isinstance(path, str):
            yield from from_file(manifests.view, path)


def _poetry(manifests: Manifests) -> Iterator[Requirement]:
    yield from _entries(table(manifests.poetry, "dependencies"), PYPROJECT)


def _entries(entries: dict[str, Any], path: str) -> Iterator[Requirement]:
    """Name -> version or table, as Poetry and Pipenv write it."""
    for name, value in entries.items():
        if name.lower() != "python" and not (isinstance(value, dict) and value.get("optional") is True):
            extras = frozenset(texts({"of": value}, "of", "extras"))
            local = value.get("path", "") if isinstance(value, dict) else ""
            specifier = value if isinstance(value, str) else ""
            yield Requirement(normalized(name), extras, specifier, path, local=local if isinstance(local, str) else "")


def _pipfile(pipfile: dict[str, Any], section: str) -> Iterator[Requirement]:
    yield from _entries(table(pipfile, section), "Pipfile")


def _setup(manifests: Manifests) -> Iterator[Requirement]:
    listed = manifests.setup_cfg.get("options", {}).get("install_requires", "")
    yield from _lines(listed.splitlines(), "setup.cfg")
    if manifests.view.has("setup.py"):
        yield from _lines(strings(manifests.setup("install_requires")), "setup.py")


def _conda(manifests: Manifests) -> Iterator[Requirement]:
    rows = manifests.environment.get("dependencies")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, str):
            name = row.rpartition("::")[2]
            yield from _lines([re.sub(r"(?<![=<>!~])=(?!=).*", "", name)], manifests.conda or "")
        elif isinstance(row, dict):
            yield from _lines(texts(row, "pip"), manifests.conda or "")


def _development(manifests: Manifests) -> Iterator[Requirement]:
    pyproject, view = manifests.pyproject, manifests.view
    groups = [*table(pyproject, "dependency-groups").values()]
    groups += [*table(pyproject, "project", "optional-dependencies").values()]
    groups += [table(pyproject, "tool", "uv").get("dev-dependencies")]
    for group in groups:
        yield from _lines([row for row in group if isinstance(row, str)] if isinstance(group, list) else [], PYPROJECT)
    yield from _entries(table(manifests.poetry, "dev-dependencies"), PYPROJECT)
    for name in sorted(table(manifests.poetry, "group")):
        yield from _entries(table(manifests.poetry, "group", name, "dependencies"), PYPROJECT)
    yield from _pipfile(manifests.pipfile, "dev-packages")
    for path in [*view.top(), *view.within("requirements")]:
        if "requirement" in path and path.endswith(".txt") and DEVELOPMENT.search(path):
            yield from from_file(view, path)
