"""Holds the locks of a deploy and writes its record as it happens."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from scripts.engine.errors import SlipwayError
from scripts.engine.events import Event
from scripts.engine.ledger import Ledger, actor, new_id
from scripts.engine.lock import Lock
from scripts.engine.model import Plan
from scripts.engine.outcome import Outcome
from scripts.engine.state import read_stacks
from scripts.engine.world import World


@contextmanager
def recorded(world: World, plan: Plan) -> Iterator[Callable[[Outcome], None]]:
    """Hold the locks and write the ledger while the block deploys.

    A target without a ledger yet gets its record once there is one.
    """
    record = Recorder(world, plan)
    has_ledger = world.has_ledger = "ledger" in world.state.stacks
    services = [service.service for service in plan.services]
    lock = Lock(world.aws, world.settings, services, record.ledger.id)
    if has_ledger:
        lock.acquire()
        world.lock = lock
        record.start()
    try:
        yield record.finish
    finally:
        record.stop()
        # A ledger out of reach would cost another half a minute; the lease is free as soon as this process has ended.
        if has_ledger and not record.broken:
            lock.release()


class Recorder:
    """Writes events to the ledger from a thread of its own, so that recording never slows a deploy down."""

    def __init__(self, world: World, plan: Plan) -> None:
        self.world, self.plan = world, plan
        self.ledger = Ledger(world.aws, world.settings, new_id(time.time()))
        self._queue: queue.Queue[Event | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self.broken = False

    def start(self) -> None:
        """Open the record and follow the events."""
        self._try(lambda: self.ledger.open(self._head("running")))
        self._thread = threading.Thread(target=self._follow, daemon=True, name="slipway-ledger")
        self._thread.start()
        self.world.events.listeners.append(self._hear)

    def finish(self, outcome: Outcome) -> None:
        """Write how it ended."""
        self.stop()
        facts = {
            **self._head(outcome.verdict),
            "stages": self.world.events.stages,
            "seconds": round(self.world.events.seconds, 3),
            "pushed_bytes": self.world.pushed_bytes,
            "settling": sorted(self.world.settling),
            "digests": dict(self.world.digests),
            "error": str(outcome.error) if outcome.error else None,
        }
        self._try(lambda: self._close(facts))

    def _close(self, facts: Event) -> None:
        if not self.world.has_ledger:
            self.world.has_ledger = "ledger" in read_stacks(self.world.aws, self.world.settings)[0]
        if self.world.has_ledger:
            self.ledger.close(facts)

    def stop(self) -> None:
        """Write what is left and end the thread."""
        if self._thread is None:
            return
        self.world.events.listeners.remove(self._hear)
        self._queue.put(None)
        self._thread.join()
        self._thread = None

    def _head(self, verdict: str) -> Event:
        return {
            "verdict": str(verdict),
            "actor": actor(),
            "path": str(self.plan.path),
            "reason": self.plan.reason,
            "services": {
                s.service: {
                    "path": str(s.path),
                    "reason": s.reason,
                    "image_tag": s.image_tag,
                    "previous_tag": s.previous_tag,
                }
                for s in self.plan.services
            },
        }

    def _hear(self, event: Event) -> None:
        if event["event"] != "progress":
            self._queue.put(event)

    def _follow(self) -> None:
        while (event := self._queue.get()) is not None:
            self._try(partial(self.ledger.event, event))

    def _try(self, write: Callable[[], None]) -> None:
        """A ledger that cannot be written is said once; it does not stop a deploy."""
        if self.broken:
            return
        try:
            write()
        except SlipwayError as error:
            self.broken = True
            self.world.events.emit("warning", service=None, text=f"not recorded: {error}")
