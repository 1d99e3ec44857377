"""Which binary of a Cargo workspace is the application."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analyzer import confidence
from analyzer.languages.compiled.image import program
from analyzer.languages.rust.cargo import Bin, Workspace
from analyzer.languages.rust.serving import FRAMEWORKS
from analyzer.model import Evidence, Start
from analyzer.project import Project

SERVER_NAMES = ("server", "api", "web", "app", "backend", "service", "main", "http")
TOOLS = {"xtask", "migration", "migrations", "codegen", "build", "frontend", "client", "cli", "tests"}
"""Packages that are tools beside an application."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The binary, and why."""

    bin: Bin
    sureness: float
    reason: str
    evidence: tuple[Evidence, ...]


def choose(project: Project, workspace: Workspace) -> Chosen | None:
    """The binary that a person names, the manifest's default, the only one, or the one that serves."""
    every = [found for package in workspace.packages for found in package.bins]
    bins = [found for found in every if found.package not in TOOLS] or every
    if not bins:
        return None
    for rule in (_started, _default_run, _only, _default_member, _own, _serving, _named):
        if chosen := rule(project, workspace, bins):
            return chosen
    _name_them(project, bins)
    return None


def _of(found: Bin, sureness: float, reason: str, *evidence: Evidence) -> Chosen:
    return Chosen(found, sureness, reason, (*evidence, found.evidence))


def _started(project: Project, workspace: Workspace, bins: list[Bin]) -> Chosen | None:
    start = project.findings.value("start")
    if not isinstance(start, Start):
        return None
    said = re.search(r"--bin[ =](\S+)|(?:-p|--package)[ =](\S+)", start.command)
    name = (said[1] or said[2]) if said else program(start).rpartition("/")[2]
    found = next((found for found in bins if name in (found.name, found.package)), None)
    return _of(found, confidence.DECLARED, f"the start command {start.command} names it") if found else None


def _default_run(project: Project, workspace: Workspace, bins: list[Bin]) -> Chosen | None:
    for package in workspace.packages:
        found = next((found for found in package.bins if found.name == package.default_run), None)
        if found and found in bins:
            line = project.view.find(package.path, re.compile(r"^\s*default-run\b"))
            return _of(
                found, confidence.DECLARED, f"{package.path} names it as default-run", *(line[1:] if line else ())
            )
    return None


def _only(project: Project, workspace: Workspace, bins: list[Bin]) -> Chosen | None:
    return _of(bins[0], confidence.PROVEN, f"{bins[0].path} is the only binary") if len(bins) == 1 else None


def _default_member(project: Project, workspace: Workspace, bins: list[Bin]) -> Chosen | None:
    names = {package.name for package in workspace.packages if package.folder in workspace.default_members}
    found = [found for found in bins if found.package in names]
    return _of(found[0], confidence.DECLARED, "it is the workspace's default member") if len(found) == 1 else None


def _own(project: Project, workspace: Workspace, bins: list[Bin]) -> Chosen | None:
    """The binary of the root package that has the package's name."""
    root = next((package for package in workspace.packages if package.folder == workspace.base), None)
    found = next((found for found in bins if root and found.package == found.name == root.name), None)
    return (
        _of(found, confidence.DEFAULT, f"of several binaries it has the package's name {found.name}") if found else None
    )


def _serving(project: Project, workspace: Workspace, bins: list[Bin]) -> Chosen | None:
    """The only binary of the only package that depends on a web framework."""
    web = {package.name for package in workspace.packages if any(crate in package.dependencies for crate in FRAMEWORKS)}
    found = [found for found in bins if found.package in web]
    return _of(found[0], confidence.DEFAULT, "it is the only one with a web framework") if len(found) == 1 else None


def _named(project: Project, workspace: Workspace, bins: list[Bin]) -> Chosen | None:
    for name in SERVER_NAMES:
        found = [found for found in bins if re.search(rf"(?:^|[-_]){name}$", found.name)]
        if len(found) == 1:
            others = ", ".join(found.name for found in bins)
            return _of(found[0], confidence.CONVENTION, f"of {others} it has the usual name of a server")
    return None


def _name_them(project: Project, bins: list[Bin]) -> None:
    for found in bins:
        project.findings.add("start", start_of(found), confidence.HINT, f"{found.path} is a binary", found.evidence)
    names = ", ".join(found.name for found in bins)
    project.findings.cannot_tell(
        "start", f"which of the binaries {names} is the application: `default-run` in Cargo.toml"
    )


def start_of(found: Bin) -> Start:
    """How a binary is started after its build."""
    return Start("binary", None, f"./target/release/{found.name}", (f"./bin/{found.name}",))
