"""Decides fields: the surest candidate wins, the first among equals; what is not sure enough is left open."""

from __future__ import annotations

from dataclasses import replace

from analyzer import confidence
from analyzer.findings import Findings
from analyzer.model import FIELDS, Candidate, Field

MISSING = {
    "language": "add its manifest (pyproject.toml, package.json, go.mod, ...), or write a Dockerfile",
    "start": "add a Procfile with a line `web: COMMAND`",
    "port": "say `port` in .slipway.toml",
    "health_path": "answer GET /health with 200 and no login, or say `health_path` in .slipway.toml",
}
"""What to add where no reader knew better; of these a service that answers requests has to have each."""
OTHERS = 8
"""Candidates that are kept beside the chosen one."""


def resolve(findings: Findings) -> dict[str, Field]:
    """Every field of FIELDS, decided."""
    return {name: _decide(_merged(findings.candidates[name]), findings.missing.get(name, "")) for name in FIELDS}


def completed(fields: dict[str, Field]) -> dict[str, Field]:
    """The same fields; one that is open and needed says what to add."""
    if fields["language"].value is not None and fields["kind"].value not in ("web", None):
        return fields
    asked = MISSING if fields["language"].value is not None else ("language",)
    return {
        name: replace(field, missing=MISSING[name])
        if name in asked and field.value is None and not field.missing
        else field
        for name, field in fields.items()
    }


def _merged(candidates: list[Candidate]) -> list[Candidate]:
    """One candidate a value, surest first: the surest reason stays, evidence adds up."""
    merged: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda candidate: -candidate.confidence):
        known = merged.get(repr(candidate.value))
        if known is None:
            merged[repr(candidate.value)] = candidate
        else:
            evidence = tuple(dict.fromkeys((*known.evidence, *candidate.evidence)))
            merged[repr(candidate.value)] = Candidate(known.value, known.confidence, known.reason, evidence)
    return list(merged.values())


def _decide(candidates: list[Candidate], missing: str) -> Field:
    if not candidates:
        return Field(missing=missing)
    best, *others = candidates
    if best.confidence < confidence.CHOSEN:
        return Field(others=tuple(candidates[:OTHERS]), missing=missing)
    return Field(best.value, best.confidence, best.reason, best.evidence, tuple(others[:OTHERS]))
