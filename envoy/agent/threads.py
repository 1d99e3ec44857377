"""What keeps Envoy current, each in a thread of its own: a slow one holds no other up."""

from __future__ import annotations

import threading
from collections.abc import Callable

from agent.clock import REAL, Clock
from agent.supervision import Child

LEAST_SECONDS = 0.02


class Threads:
    """When one of them fails the gateway ends, and ECS starts another."""

    def __init__(self, stop: threading.Event, child: Child, clock: Clock = REAL) -> None:
        self._stop, self._child, self._clock = stop, child, clock

    def every(self, seconds: float, step: Callable[[], object], first: Callable[[], None] = lambda: None) -> None:
        """Take a step every so many seconds."""

        def run() -> None:
            first()
            while not self._stop.is_set():
                started = self._clock.now()
                step()
                self._stop.wait(max(LEAST_SECONDS, seconds - (self._clock.now() - started)))

        self._start(run)

    def whenever(self, wait: Callable[[], None], step: Callable[[], object]) -> None:
        """Take a step after each wait."""

        def run() -> None:
            while not self._stop.is_set():
                wait()
                step()

        self._start(run)

    def _start(self, run: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                run()
            finally:
                if not self._stop.is_set():
                    self._child.process.terminate()

        threading.Thread(target=guarded, daemon=True).start()
