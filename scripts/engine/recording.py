"""Writes the record of a deployment as it happens; what the ledger does not take is kept for a later command."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

from scripts.engine.errors import SlipwayError
from scripts.engine.events import Event
from scripts.engine.fitting import fitting, has_room
from scripts.engine.history import RUNNING
from scripts.engine.ledger import Ledger, actor, new_id
from scripts.engine.masking import masked
from scripts.engine.model import Path, Plan, ServicePlan, Verdict
from scripts.engine.outcome import Outcome
from scripts.engine.state import read_stacks
from scripts.engine.unwritten import keep, write_kept
from scripts.engine.world import World

COUNTER = "scripts.engine.costs.deployment"
"""Counts what a deployment cost; loaded late, since a deploy that changes nothing needs none of it."""
NOT_KEPT = ("progress", "start")
"""Events that are only for those who look on, or whose facts the head has."""
ERROR = 4_000
"""Characters of the error in a record."""


@dataclass(frozen=True)
class Background:
    """What a record tells besides the plan and how it ended."""

    commits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Service -> `id`, `time` (Unix seconds) and `dirty` of its source's commit, where that is known."""
    rollback_of: Mapping[str, str] = field(default_factory=dict)
    """Service -> the deployment whose version it leaves."""
    rollback_to: Mapping[str, str] = field(default_factory=dict)
    """Service -> the deployment whose version it goes back to."""

    @property
    def commit(self) -> Mapping[str, Any] | None:
        """The commit that all services with a known one share."""
        found = list(self.commits.values())
        return found[0] if found and all(commit == found[0] for commit in found) else None


@contextmanager
def recorded(world: World, plan: Plan, background: Background | None = None) -> Iterator[Callable[[Outcome], None]]:
    """Write the ledger while the block deploys, under the lock that the world holds.

    A target without a ledger yet gets its record once there is one.
    """
    record = Recorder(world, plan, background or Background())
    world.deployment = record.ledger.id
    if world.has_ledger:
        write_kept(world.aws, world.settings)
        record.start()
    try:
        action = "rollback" if record.background.rollback_to else "deploy"
        commit = record.background.commit
        world.events.emit("start", deployment=record.ledger.id, action=action, actor=actor(), commit=commit)
        yield record.finish
    finally:
        record.stop()


class Recorder:
    """Writes events to the ledger from a thread of its own, so that recording never slows a deploy down."""

    def __init__(self, world: World, plan: Plan, background: Background) -> None:
        self.world, self.plan, self.background = world, plan, background
        self.started = round(time.time() - world.events.seconds, 3)
        self.evidence: list[Event] = []
        self.ledger = Ledger(world.aws, world.settings, world.lock.deployment if world.lock else new_id(time.time()))
        self.missed: list[tuple[int, Event]] = []
        """Events that the ledger did not take, with their numbers."""
        self._queue: queue.Queue[Event | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self.broken = False

    def start(self) -> None:
        """Open the record and follow the events."""
        self._try(lambda: self.ledger.open({**self._head(None), "stages": list(self.world.events.stages)}))
        self._thread = threading.Thread(target=self._follow, daemon=True, name="slipway-ledger")
        self._thread.start()
        self.world.events.listeners.append(self._hear)

    def finish(self, outcome: Outcome) -> None:
        """Write how it ended."""
        from scripts.engine.costs.deployment import deployment_cost

        self.stop()
        facts = {
            **self._head(outcome),
            "stages": self.world.events.stages,
            "seconds": round(self.world.events.seconds, 3),
            "pushed_bytes": self.world.pushed_bytes,
            "cost": deployment_cost(self.world, self.plan),
            "settling": sorted(self.world.settling),
            "digests": dict(self.world.digests),
            "error": masked(str(outcome.error))[:ERROR] if outcome.error else None,
            "evidence": self.evidence,
        }
        self._note_live(outcome)
        try:
            self._close(facts)
        except SlipwayError as error:
            self._keep(facts, error)

    def _note_live(self, outcome: Outcome) -> None:
        """The lock remembers the commit: the next holder reads it with the lock, no index lags in between."""
        for service in self.plan.changed:
            commit = self.background.commits.get(service.service)
            if self.world.lock and commit and outcome.verdict_of(service) is Verdict.LIVE:
                self.world.lock.live_commits[service.service] = commit

    def _close(self, facts: Event) -> None:
        if not self.world.has_ledger:
            self.world.has_ledger = "ledger" in read_stacks(self.world.aws, self.world.settings)[0]
        if self.world.has_ledger:
            self.ledger.close(facts)
            for number, event in self.missed:
                self.ledger.event(event, number)

    def _keep(self, facts: Event, error: SlipwayError) -> None:
        try:
            path = keep(self.world.settings, self.ledger.id, facts, self.missed)
            text = f"not recorded yet: {error}; the next command that reaches the ledger writes {path.name}"
        except OSError as lost:
            text = f"not recorded: {error}; {lost}"
        self.world.events.emit("warning", service=None, text=text)

    def stop(self) -> None:
        """Write what is left and end the thread."""
        if self._thread is None:
            return
        self.world.events.listeners.remove(self._hear)
        self._queue.put(None)
        self._thread.join()
        self._thread = None

    def _head(self, outcome: Outcome | None) -> Event:
        """What is known from the beginning; verdicts are `running` until there is an outcome."""
        undone = self.background.rollback_of.values()
        return {
            "verdict": str(outcome.verdict) if outcome else RUNNING,
            "target": self.plan.target,
            "actor": actor(),
            "started": self.started,
            "path": str(self.plan.path),
            "reason": self.plan.reason,
            "stacks": list(self.plan.stacks) or None,
            "commit": self.background.commit,
            "rollback_of": max(undone, default=None),
            "services": {s.service: self._service(s, outcome) for s in self.plan.services},
        }

    def _service(self, service: ServicePlan, outcome: Outcome | None) -> Event:
        name, is_same = service.service, service.path is Path.NONE
        ended = outcome.verdict_of(service) if outcome else None
        return {
            "path": str(service.path),
            "reason": service.reason,
            "image_tag": service.image_tag,
            "previous_tag": service.previous_tag,
            "digest": self.world.digests.get(name) or self.world.state.digests.get(name),
            "verdict": str(ended or (Verdict.UNCHANGED if is_same else RUNNING)),
            "commit": self.background.commits.get(name),
            "rollback_of": self.background.rollback_of.get(name),
            "rollback_to": self.background.rollback_to.get(name),
            "cache": self._cache(service) if outcome else None,
            "bake": self.world.bakes.get(name),
            "proof": self.world.proofs.get(name),
            "shift": shift.facts if (shift := self.world.shifts.get(name)) else None,
        }

    def _cache(self, service: ServicePlan) -> Event | None:
        """What did not have to be made anew; nothing where no image was wanted, as in a rollback."""
        found = self.world.cache.get(service.service, {})
        if service.path is Path.NONE or service.service in self.background.rollback_to:
            return found or None
        return found if service.build else {"image": "registry", **found}

    def _hear(self, event: Event) -> None:
        if event["event"] in NOT_KEPT:
            return
        if event["event"] == "evidence":
            event = fitting(event)
            if has_room(self.evidence, event):
                self.evidence.append(event)
        self._queue.put(event)

    def _follow(self) -> None:
        # Some milliseconds of every deploy, spent here while docker works; `finish` has somebody waiting.
        import_module(COUNTER)
        number = 0
        while (event := self._queue.get()) is not None:
            number += 1
            if not self._try(partial(self.ledger.event, event, number)):
                self.missed.append((number, event))

    def _try(self, write: Callable[[], None]) -> bool:
        """A ledger that cannot be written is said once, and not asked again before the end; it stops no deploy."""
        if self.broken:
            return False
        try:
            write()
        except SlipwayError as error:
            self.broken = True
            self.world.events.emit("warning", service=None, text=f"the ledger is out of reach: {error}")
        return not self.broken
