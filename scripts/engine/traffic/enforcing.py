"""Waits until every running task of the gateway says that it enforces a change of the traffic."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from scripts.engine.aws import Aws
from scripts.engine.errors import Cancelled, Failed, TimedOut
from scripts.engine.policies.waiting import gateway_tasks
from scripts.engine.traffic.store import TaskReport, TrafficStore
from settings import Settings
from settings.model import GATEWAY

LOOK_SECONDS = 0.1
AGAIN_SECONDS = 1.0
"""The tasks are listed again that often: one may start or end meanwhile."""
EXPIRY_SECONDS = 30.0
"""A gateway's task that sees no beat for that long sends everything to the main version by itself."""
PATIENCE_SECONDS = EXPIRY_SECONDS + 5.0

Pause = Callable[[float], bool]
"""Waits that many seconds; True when the user wants to stop."""


def undisturbed(seconds: float) -> bool:
    """A pause that nobody ends: for the way back."""
    threading.Event().wait(seconds)
    return False


@dataclass(frozen=True)
class Enforced:
    """How long it took, and how many tasks there are."""

    seconds: float
    tasks: int


class Gateway:
    """The gateway's tasks, and what they report."""

    def __init__(self, aws: Aws, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.store = TrafficStore(aws, settings)
        self._aws, self._settings, self._clock = aws, settings, clock
        self._tasks: list[str] = []
        self._listed = float("-inf")

    def look(self) -> tuple[list[str], dict[str, TaskReport]]:
        """Ids of the running tasks, and the reports of those that have one."""
        if self._clock() - self._listed >= AGAIN_SECONDS:
            self._tasks, self._listed = gateway_tasks(self._aws, self._settings), self._clock()
        reports = {report.task: report for report in self.store.reports()}
        return self._tasks, {task: reports[task] for task in self._tasks if task in reports}

    def demand_tasks(self) -> None:
        """Raise Failed where no task of the gateway runs: nobody would shift anything."""
        if not self.look()[0]:
            raise Failed("no task of the gateway runs", where="traffic", remedy=f"./poe deploy {GATEWAY}")

    def await_revision(self, service: str, revision: int, pause: Pause) -> Enforced:
        """Wait for the running tasks; raises TimedOut for one that does not follow, Cancelled when the user goes."""
        begin = self._clock()
        while True:
            tasks, reports = self.look()
            behind = [task for task in tasks if task not in reports or _revision(reports[task], service) < revision]
            if not behind:
                return Enforced(round(self._clock() - begin, 3), len(tasks))
            if self._clock() - begin > PATIENCE_SECONDS:
                raise TimedOut(
                    f"{len(behind)} of {len(tasks)} gateway tasks do not follow a change of {service}'s traffic",
                    where="traffic",
                    remedy=f"./poe logs {GATEWAY} says why; an older gateway needs ./poe deploy {GATEWAY}",
                )
            if pause(LOOK_SECONDS):
                raise Cancelled("stopped while the gateway takes over a change", where="traffic", remedy="./poe status")


def _revision(report: TaskReport, service: str) -> int:
    return int(report.traffic.get(service, 0))
