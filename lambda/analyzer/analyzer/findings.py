"""What readers collect about one service before anything is decided."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from analyzer import confidence
from analyzer.model import FIELDS, Backing, Candidate, Caution, Evidence, Process, Variable


class Findings:
    """Candidates per field in the order they were added, and what needs no decision."""

    def __init__(self) -> None:
        self.candidates: dict[str, list[Candidate]] = {name: [] for name in FIELDS}
        self.missing: dict[str, str] = {}
        self.details: dict[str, Any] = {}
        self.processes: dict[str, Process] = {}
        self.backing: dict[str, Backing] = {}
        self.variables: dict[str, Variable] = {}
        self.system_packages: set[str] = set()
        self.build_packages: set[str] = set()
        self.warnings: list[Caution] = []

    def add(self, name: str, value: Any, sureness: float, reason: str, *evidence: Evidence) -> None:
        """Offer a value for a field; among equally sure ones the first wins."""
        self.candidates[name].append(Candidate(value, sureness, reason, evidence))

    def best(self, name: str) -> Candidate | None:
        """The candidate that would win now."""
        return max(self.candidates[name], key=lambda candidate: candidate.confidence, default=None)

    def value(self, name: str) -> Any:
        """The value that would win now, None when there is no candidate."""
        best = self.best(name)
        return best.value if best else None

    def doubt(self, name: str) -> None:
        """Make every candidate of a field a hint: something else says that the field does not apply."""
        self.candidates[name] = [
            replace(one, confidence=min(one.confidence, confidence.HINT)) for one in self.candidates[name]
        ]

    def cannot_tell(self, name: str, missing: str) -> None:
        """Say what to add so that a field can be told; the first such sentence stays."""
        self.missing.setdefault(name, missing)

    def process(self, process: Process) -> None:
        """Note a process; the first of a name stays."""
        self.processes.setdefault(process.name, process)

    def back(self, backing: Backing) -> None:
        """Note a backing service; the surest mention stays, variables and evidence add up."""
        known = self.backing.get(backing.engine)
        if known:
            variables = tuple(dict.fromkeys((*known.variables, *backing.variables)))
            evidence = tuple(dict.fromkeys((*known.evidence, *backing.evidence)))
            backing = Backing(backing.engine, max(known.confidence, backing.confidence), variables, evidence)
        self.backing[backing.engine] = backing

    def variable(self, variable: Variable) -> None:
        """Note an environment variable; it is required when one place requires it."""
        known = self.variables.get(variable.name)
        if known:
            evidence = tuple(dict.fromkeys((*known.evidence, *variable.evidence)))
            required = known.required or variable.required
            variable = Variable(variable.name, required, known.secret or variable.secret, evidence)
        self.variables[variable.name] = variable

    def warn(self, code: str, message: str, *evidence: Evidence, remedy: str = "") -> None:
        """Tell the person something; the same once."""
        warning = Caution(code, message, remedy, evidence)
        if warning not in self.warnings:
            self.warnings.append(warning)
