"""What happens during a deploy, as plain dictionaries; the engine emits them, reporters print, the ledger keeps them.

Every event has `event`, and `at` (seconds since the deploy began). Kinds: `plan`, `start`, `stage` (started),
`stage_done`, `progress`, `notice`, `warning`, `evidence`, `report`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from scripts.engine.masking import FOREIGN, masked

Event = dict[str, Any]
Listener = Callable[[Event], None]

STAGES = ("prepare", "source", "analyze", "build", "push", "update", "rollout", "verify")
"""The only list of stages."""


class Events:
    """Passes events to listeners one at a time, and keeps the measured stages for the report."""

    def __init__(self, *listeners: Listener, clock: Callable[[], float] = time.monotonic) -> None:
        self.listeners = list(listeners)
        self.stages: list[dict[str, Any]] = []
        self._clock, self._start = clock, clock()
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """Seconds since the deploy began."""
        return self._clock() - self._start

    def emit(self, event: str, **facts: Any) -> None:
        """Tell every listener, with the time of the event; what others wrote without credentials."""
        if event in FOREIGN:
            facts = masked(facts)
        with self._lock:
            record = {"event": event, "at": round(self.seconds, 3), **facts}
            for listener in self.listeners:
                listener(record)

    @contextmanager
    def stage(self, name: str, service: str | None = None, text: str = "") -> Iterator[dict[str, Any]]:
        """Measure one stage of one service; what the block puts into `text` is told when it ends.

        A stage that raises is told with `ok: false`; the error rises.
        """
        begin = self.seconds
        facts: dict[str, Any] = {"text": text}
        self.emit("stage", stage=name, service=service, text=text)
        ok = False
        try:
            yield facts
            ok = True
        finally:
            seconds = round(self.seconds - begin, 3)
            row = {"name": name, "service": service, "seconds": seconds, "started": round(begin, 3), "ok": ok}
            self.stages.append(row)
            self.emit("stage_done", stage=name, service=service, seconds=seconds, ok=ok, text=facts["text"])
