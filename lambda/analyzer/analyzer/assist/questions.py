"""What a language model is asked: one question a field that the rules left open and have candidates for."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.model import FIELDS, Analysis, Candidate, Service

MOST = 8
"""Questions of one call; further fields stay open."""


@dataclass(frozen=True, slots=True)
class Question:
    """An open field of a service."""

    id: str
    """ "q1", "q2", ..."""
    root: str
    """Root of the service."""
    field: str
    candidates: tuple[Candidate, ...]
    """Candidate n is "c1", "c2", ... in the question."""

    @property
    def choices(self) -> dict[str, Candidate]:
        """The candidates by their names in the question."""
        return {f"c{number}": candidate for number, candidate in enumerate(self.candidates, 1)}


def questions(analysis: Analysis) -> tuple[Question, ...]:
    """The open fields of all services, in the order of the analysis."""
    rows = [(service.root, *row) for service in analysis.services for row in _open(service)]
    return tuple(Question(f"q{number}", *row) for number, row in enumerate(rows[:MOST], 1))


def _open(service: Service) -> list[tuple[str, tuple[Candidate, ...]]]:
    """Names of open fields with their candidates; some must have evidence, for a choice has to cite a line."""
    open_fields = [(name, service.fields[name]) for name in FIELDS if service.fields[name].value is None]
    return [(name, field.others) for name, field in open_fields if any(row.evidence for row in field.others)]
