"""What can be wrong with a policy: where it stands, what it is, what to write instead."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.engine.errors import BadInput


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    file: str
    line: int
    policy: str
    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.policy}: {self.what}"


class Unsupported(Exception):
    """Valid Cedar that Envoy cannot enforce; caught where policy and line are known."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what)
        self.what, self.instead = what, instead


def refused(problems: list[Problem]) -> BadInput:
    """The error for all of them; every one is printed, the first is the headline."""
    first = problems[0]
    more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    return BadInput(
        f"{first.policy}: {first.what}{more}",
        where=f"{first.file}:{first.line}",
        remedy=first.instead,
        evidence=tuple(f"{problem}\n    instead: {problem.instead}" for problem in problems),
    )
