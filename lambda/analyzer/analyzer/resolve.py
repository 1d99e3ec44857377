"""Decides fields: the surest candidate wins, the first among equals; what is not sure enough is left open."""

from __future__ import annotations

from analyzer import confidence
from analyzer.findings import Findings
from analyzer.model import FIELDS, Candidate, Field

OTHERS = 8
"""Candidates that are kept beside the chosen one."""


def resolve(findings: Findings) -> dict[str, Field]:
    """Every field of FIELDS, decided."""
    return {name: _decide(_merged(findings.candidates[name]), findings.missing.get(name, "")) for name in FIELDS}


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
