"""A table that answers as told, and a clock that only moves when it is told to."""

from __future__ import annotations

from typing import Any

from agent.clock import Clock


class Time:
    """Seconds that pass in no time."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    @property
    def clock(self) -> Clock:
        """For those who ask."""
        return Clock(now=lambda: self.seconds, wall=lambda: self.seconds, pause=self.pass_by)

    def pass_by(self, seconds: float) -> None:
        """Let it pass."""
        self.seconds += seconds


class Api:
    """Answers of an AWS API, one by one; remembers what was asked."""

    def __init__(self, *answers: dict[str, Any] | OSError) -> None:
        self.answers, self.asked = list(answers), list[tuple[str, dict[str, Any]]]()

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The next one; the last one stays."""
        self.asked.append((operation, request))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, OSError):
            raise answer
        return answer
