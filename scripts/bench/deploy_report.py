"""Reads what `./poe deploy --json` says of itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.engine.errors import Failed


@dataclass(frozen=True)
class Stage:
    """One measured stage: seconds since the deploy began, and how long it took."""

    name: str
    service: str | None
    started: float
    seconds: float

    @property
    def ended(self) -> float:
        """Seconds since the deploy began."""
        return self.started + self.seconds


@dataclass(frozen=True)
class Report:
    """The last event of a deploy."""

    verdict: str
    path: str
    seconds: float
    mutating_calls: int
    stages: tuple[Stage, ...]


def read_report(lines: Iterable[str]) -> Report:
    """The report among the JSON lines; raises Failed when there is none."""
    for line in reversed(list(lines)):
        event = _event(line)
        if event.get("event") == "report":
            stages = tuple(Stage(s["name"], s["service"], s["started"], s["seconds"]) for s in event["stages"])
            return Report(event["verdict"], event["path"], event["seconds"], event["mutating_calls"], stages)
    raise Failed("it printed no report", where="./poe deploy --json")


def overhead(wall: float, report: Report) -> float:
    """Tool overhead in seconds: wall time minus `docker build` minus the time from UpdateStack to live."""
    return wall - busy(report.stages, "build") - update_to_live(report.stages)


def busy(stages: Sequence[Stage], name: str) -> float:
    """Seconds in which at least one stage of that name ran: stages of several services run side by side."""
    total, end = 0.0, 0.0
    for stage in sorted((s for s in stages if s.name == name), key=lambda s: s.started):
        total += max(0.0, stage.ended - max(stage.started, end))
        end = max(end, stage.ended)
    return total


def update_to_live(stages: Sequence[Stage]) -> float:
    """Seconds from the first change of a stack until the last service was proven live; 0 where nothing changed."""
    begins = [stage.started for stage in stages if stage.name == "update"]
    ends = [stage.ended for stage in stages if stage.name == "verify"]
    return max(ends) - min(begins) if begins and ends else 0.0


def _event(line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
