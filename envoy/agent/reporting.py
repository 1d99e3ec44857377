"""What this task says about itself, in one item of the table: at once when it changed, and now and then anyway.

Several threads say things; one sends them, so that nobody waits for the table.
"""

from __future__ import annotations

import threading
from typing import Any

from agent import log
from agent.clock import REAL, Clock
from agent.store import Store

SEEN_SECONDS = 15.0
"""It is repeated that often, so that one can see that the task lives."""
AGAIN_SECONDS = 1.0
"""What could not be written is tried again after that time."""
FIRST = "version"
"""Nothing is sent before it is known which policies are enforced."""


class Reports:
    """The latest of what was said."""

    def __init__(self, store: Store, task: str, clock: Clock = REAL) -> None:
        self._store, self._task, self._clock = store, task, clock
        self._facts: dict[str, Any] = {}
        self._changed = threading.Condition()
        self._sent: dict[str, Any] = {}
        self._due, self._not_before = float("inf"), 0.0
        self._changes = log.Changes()

    def say(self, **facts: Any) -> None:
        """These facts hold from now on; None: no longer."""
        with self._changed:
            new = {name: value for name, value in {**self._facts, **facts}.items() if value is not None}
            if new != self._facts:
                self._facts = new
                self._changed.notify_all()

    def await_news(self, seconds: float) -> None:
        """Until there is something new to send, or the time is over; a table that just refused is not asked at once."""
        with self._changed:
            self._changed.wait_for(self._is_new, seconds)
        if (rest := self._not_before - self._clock.now()) > 0:
            self._clock.pause(rest)

    def step(self) -> None:
        """Send what is new, and what is due."""
        with self._changed:
            facts, is_new = self._facts, self._is_new()
        if FIRST not in facts or not (is_new or self._clock.now() >= self._due):
            return
        try:
            self._store.report(self._task, facts)
        except OSError as error:
            self._due = self._not_before = self._clock.now() + AGAIN_SECONDS
            self._changes.trouble("the report cannot be written", error)
        else:
            self._sent, self._due = facts, self._clock.now() + SEEN_SECONDS
            self._changes.fine("reports can be written again")

    def _is_new(self) -> bool:
        return FIRST in self._facts and self._facts != self._sent
