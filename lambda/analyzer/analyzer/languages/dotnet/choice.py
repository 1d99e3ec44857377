"""Which project of a solution is the application."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer import confidence
from analyzer.languages.compiled.image import program
from analyzer.languages.dotnet.projects import DotnetProject
from analyzer.model import Start
from analyzer.project import Project

SERVER_NAMES = ("server", "api", "web", "webapi", "app", "host", "backend", "service", "webapp", "ui", "gateway")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The project, and why."""

    project: DotnetProject
    sureness: float
    reason: str


def choose(project: Project, found: list[DotnetProject]) -> Chosen | None:
    """The project that a person names, the only one that serves, else the only program; None when several could be."""
    usual = [one for one in found if not one.is_test and not one.is_aside] or [one for one in found if not one.is_test]
    programs = [one for one in usual if one.is_web or one.is_worker or one.is_program or one.is_browser]
    if not programs:
        return None
    if named := _started(project, programs):
        return named
    kinds = ("serves HTTP", [one for one in programs if one.is_web]), ("is a program", programs)
    for words, fitting in kinds:
        rows = _that_no_other_uses(fitting)
        if len(rows) == 1:
            only = "the only project" if len(found) == 1 else f"the only one of {len(found)} projects that {words}"
            return Chosen(rows[0], confidence.PROVEN, f"{rows[0].path} is {only}")
        if rows:
            if chosen := _nearest(rows) or _named(rows):
                return chosen
            _leave_open(project, rows)
            return None
    return None


def _started(project: Project, programs: list[DotnetProject]) -> Chosen | None:
    start = project.findings.value("start")
    if not isinstance(start, Start):
        return None
    words = {word.rpartition("/")[2].removesuffix(".dll") for word in start.command.split()} | {program(start)}
    folders = {word.strip("./") for word in start.command.split()}
    for one in programs:
        if one.name in words or one.path.rpartition("/")[2] in words or one.folder in folders:
            return Chosen(one, confidence.DECLARED, f"the start command {start.command} names it")
    return None


def _that_no_other_uses(rows: list[DotnetProject]) -> list[DotnetProject]:
    used = {path for one in rows for path in one.references}
    return [one for one in rows if one.path not in used] or rows


def _nearest(rows: list[DotnetProject]) -> Chosen | None:
    """The one in the root: others below are its parts."""
    root = [one for one in rows if one.folder == "."]
    return Chosen(root[0], confidence.DEFAULT, f"{root[0].path} is in the root") if len(root) == 1 else None


def _named(rows: list[DotnetProject]) -> Chosen | None:
    names = ", ".join(one.path for one in rows)
    for name in SERVER_NAMES:
        found = [one for one in rows if one.name.lower().rpartition(".")[2].rpartition("-")[2] == name]
        if len(found) == 1:
            return Chosen(found[0], confidence.CONVENTION, f"of {names} it has the usual name of a server")
    return None


def _leave_open(project: Project, rows: list[DotnetProject]) -> None:
    for one in rows:
        start = start_of(one)
        project.findings.add("start", start, confidence.HINT, f"{one.path} is a program", one.evidence)
    names = ", ".join(one.path for one in rows)
    project.findings.cannot_tell("start", f"which of {names} is the application: a Procfile with `web: ./out/<name>`")


def start_of(found: DotnetProject) -> Start:
    """How a published program is started: its own host, beside its assemblies."""
    return Start("binary", None, f"./out/{found.name}", (f"./{found.name}",))
