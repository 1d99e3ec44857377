"""Which package manager the service is installed with: a lock file says so, then a manifest of its own, then pip."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer import confidence
from analyzer.languages.python.manifests import PYPROJECT, Manifests, table
from analyzer.model import Evidence
from analyzer.project import Project

LOCKS = (
    ("uv", "uv.lock"),
    ("poetry", "poetry.lock"),
    ("pdm", "pdm.lock"),
    ("pipenv", "Pipfile.lock"),
    ("rye", "requirements.lock"),
    ("pixi", "pixi.lock"),
)
TABLES = (("poetry", "poetry"), ("pdm", "pdm"), ("uv", "uv"), ("rye", "rye"), ("pixi", "pixi"))
"""Package manager, and the table of its own below [tool] in pyproject.toml."""
BACKENDS = (("poetry", "poetry"), ("pdm.", "pdm"), ("uv_build", "uv"))


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock file: relative to the whole tree, since a workspace has one for all its members."""

    manager: str
    path: str


def lock(project: Project) -> Lock | None:
    """The lock file in force: of the service's folder, else uv's of a workspace above it that lists the service."""
    for manager, name in LOCKS:
        if project.view.has(name):
            return Lock(manager, project.view.absolute(name))
    folder = project.root
    while folder != ".":
        folder = folder.rpartition("/")[0] or "."
        path = "uv.lock" if folder == "." else f"{folder}/uv.lock"
        if project.whole.has(path) and project.view.has(PYPROJECT):
            return Lock("uv", path)
    return None


def decide(project: Project, manifests: Manifests) -> str:
    """Adds the candidates for `package_manager` and returns the one that wins."""
    found = project.findings
    for manager, sureness, reason, evidence in _candidates(project, manifests):
        found.add("package_manager", manager, sureness, reason, evidence)
    if not found.candidates["package_manager"]:
        reason = "no manifest names another, and pip is what Python comes with"
        found.add("package_manager", "pip", confidence.CONVENTION, reason)
    return str(found.value("package_manager"))


def _candidates(project: Project, manifests: Manifests) -> list[tuple[str, float, str, Evidence]]:
    view, rows = project.view, []
    if locked := lock(project):
        evidence = project.whole.evidence(locked.path)
        rows.append((locked.manager, confidence.DECLARED, f"{locked.path} is its lock file", evidence))
    if not view.has("Pipfile") and manifests.requirements:
        rows.append(_row("pip", confidence.PROVEN, f"{manifests.requirements} is what pip installs from", manifests))
    if view.has("Pipfile"):
        where = view.evidence("Pipfile")
        rows.append(("pipenv", confidence.PROVEN, "Pipfile is what pipenv installs from", where))
        if manifests.requirements:
            rows.append(_row("pip", confidence.DEFAULT, "there are requirements beside the Pipfile", manifests))
    rows += _pyproject(manifests)
    if manifests.conda:
        sureness = confidence.HINT if rows else confidence.PROVEN
        rows.append(("conda", sureness, f"{manifests.conda} is a conda environment", view.evidence(manifests.conda)))
    if view.has("setup.py") or view.has("setup.cfg"):
        path = view.first("setup.py", "setup.cfg") or ""
        rows.append(("pip", confidence.DEFAULT, f"pip installs what {path} declares", view.evidence(path)))
    return rows


def _row(manager: str, sureness: float, reason: str, manifests: Manifests) -> tuple[str, float, str, Evidence]:
    return manager, sureness, reason, manifests.view.evidence(manifests.requirements or "")


def _pyproject(manifests: Manifests) -> list[tuple[str, float, str, Evidence]]:
    if not manifests.view.has(PYPROJECT):
        return []
    where, tools = manifests.view.evidence(PYPROJECT), table(manifests.pyproject, "tool")
    # Requirements beside it are then a copy for other tools, so that the project's own manager wins.
    own = confidence.DECLARED if manifests.poetry.get("dependencies") else confidence.DEFAULT
    for manager, name in TABLES:
        if name in tools:
            return [(manager, own if name == "poetry" else confidence.DEFAULT, f"it has a table [tool.{name}]", where)]
    for start, manager in BACKENDS:
        if manifests.backend.startswith(start):
            return [(manager, confidence.DEFAULT, f"its build backend is {manifests.backend}", where)]
    if "project" in manifests.pyproject or manifests.backend:
        return [("pip", confidence.DEFAULT, "pyproject.toml names no other package manager", where)]
    return []
