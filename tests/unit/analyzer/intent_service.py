"""What the intent readers find in a tree, for the tests of each format."""

from __future__ import annotations

from typing import Any

from analyzer import intent
from analyzer.findings import Findings
from analyzer.model import Start
from analyzer.project import Project
from analyzer.resolve import resolve
from analyzer.source.view import of_memory


def read(files: dict[str, bytes | str], root: str = ".") -> Findings:
    """The findings of intent alone."""
    project = Project(of_memory(files), root, Findings())
    intent.read(project)
    return project.findings


def value(findings: Findings, name: str) -> Any:
    """A decided value; of a start its kind and target."""
    found = resolve(findings)[name].value
    return (found.kind, found.target) if isinstance(found, Start) else found


def processes(findings: Findings) -> dict[str, tuple[str, str, str | None]]:
    """Name -> kind, command and schedule."""
    return {row.name: (row.kind, row.command, row.schedule) for row in findings.processes.values()}
