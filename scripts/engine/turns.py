"""Whose turn it is: takes the locks of a deploy; while somebody has them it refuses, waits, or asks them to end.

Clocks of two machines may differ by minutes, so that `until` alone does not tell who is dead. A lease that it leaves
in doubt is watched: one whose beat stands still for as long as a lease lasts, by our own clock, is over.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from scripts.engine.errors import Cancelled, Refused
from scripts.engine.lease import LEASE_SECONDS, Lease, Standing, ask_to_end, read_lease, read_leases
from scripts.engine.ledger import actor
from scripts.engine.lock import Lock, Manners, is_free, now
from scripts.engine.world import World

PAUSE = 0.6
"""Seconds between two looks at a lock that is waited for, and up to half as much again."""


class BeatWatch:
    """Remembers since when the beat of a lease stands still."""

    def __init__(self, clock: Callable[[], float] = now) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[Lease, float]] = {}
        self.alive: set[tuple[str, int]] = set()
        """Service and fence of leases whose beat was seen to go on."""

    def is_over(self, lease: Lease) -> bool:
        """Whether it has been watched for a lease's length without a beat."""
        if lease.is_manual:
            return False
        before, since = self._seen.get(lease.service, (None, 0.0))
        if before is None or (before.fence, before.beat) != (lease.fence, lease.beat):
            if before is not None and before.fence == lease.fence:
                self.alive.add((lease.service, lease.fence))
            self._seen[lease.service] = (lease, self._clock())
            return False
        return self._clock() - since > LEASE_SECONDS


@contextmanager
def locked(world: World, services: Sequence[str], reason: str = "") -> Iterator[Lock | None]:
    """Hold the locks of these services while the block runs; None on a target that has no ledger yet."""
    if not services or not world.has_ledger:
        yield None
        return
    lock = Lock(world.aws, world.settings, services, reason)
    _await(world, lock)
    world.lock, lock.on_loss = lock, world.shell.cancel
    try:
        yield lock
    except Cancelled:
        if lock.loss is not None:
            raise lock.loss from None
        raise
    finally:
        lock.release()
        world.lock = None


def _await(world: World, lock: Lock) -> None:
    """Take the lock, in the way that the world's manners allow."""
    watch = BeatWatch()
    blocking = lock.try_to_take(watch.is_over)
    if blocking is None:
        return
    if not _is_unclear(watch, blocking):
        _refuse_unless_it_may_wait(world.manners, blocking)
    with world.events.stage("prepare", text=f"waiting: {described(blocking)}") as told:
        begin = now()
        _wait(world, lock, watch, blocking)
        told["text"] = f"waited {now() - begin:.0f} s for the lock"


def _wait(world: World, lock: Lock, watch: BeatWatch, first: Lease) -> None:
    blocking: Lease | None = first
    begin, met = now(), set[tuple[str, int, bool]]()
    while blocking is not None:
        waited, is_unclear = now() - begin, _is_unclear(watch, blocking)
        if not is_unclear:
            _refuse_unless_it_may_wait(world.manners, blocking)
        if waited > _patience(world, is_unclear=is_unclear):
            raise refused(blocking, f", after {waited:.0f} s of waiting")
        text = f"{'looking whether it lives' if is_unclear else 'waiting'}: {described(blocking)}"
        if (key := (blocking.service, blocking.fence, is_unclear)) not in met:
            met.add(key)
            world.events.emit("notice", code="waiting", text=text)
            if world.manners.supersede and not is_unclear:
                ask_to_end(world.aws, world.settings, blocking, actor())
        world.events.emit("progress", stage="prepare", service=blocking.service, text=f"{text}, {waited:.0f} s")
        if world.cancelled(PAUSE + PAUSE / 2 * random.random()):
            raise Cancelled("stopped while waiting for the lock", remedy="nothing was changed by this command")
        seen = read_lease(world.aws, world.settings, blocking.service)
        blocking = lock.try_to_take(watch.is_over) if is_free(seen, watch.is_over) else seen


def _is_unclear(watch: BeatWatch, lease: Lease) -> bool:
    is_alive = (lease.service, lease.fence) in watch.alive
    return not is_alive and lease.standing(time.time()) is Standing.UNCLEAR


def _patience(world: World, *, is_unclear: bool) -> float:
    """Seconds; a lease that is in doubt is watched even by those who do not wait."""
    manners = world.manners
    asked = world.settings.target.rollout_timeout if manners.wait is None and manners.supersede else manners.wait or 0.0
    return max(asked, LEASE_SECONDS * 2) if is_unclear else asked


def _refuse_unless_it_may_wait(manners: Manners, blocking: Lease) -> None:
    may_wait = manners.wait is not None or manners.supersede
    if not may_wait or (manners.supersede and blocking.is_manual):
        raise refused(blocking)


def refused(blocking: Lease, more: str = "") -> Refused:
    """The refusal that names the holder and the next step."""
    if blocking.is_manual:
        return Refused(
            described(blocking) + more,
            where="lock",
            remedy=f"ask {blocking.actor}, or free it with ./poe unlock {blocking.service}",
        )
    return Refused(
        f"{described(blocking)}; its lease is renewed until it ends, else free at {clock(blocking.until)} UTC{more}",
        where="lock",
        remedy="wait until it ends, or run the command again with --wait or --supersede",
    )


def described(lease: Lease) -> str:
    """Who holds it, since when and why."""
    reason = f": {lease.reason}" if lease.reason else ""
    since = f" since {clock(lease.since)} UTC" if lease.since else ""
    if lease.is_manual:
        return f"{lease.service} is locked by {lease.actor}{since} until {clock(lease.until)} UTC{reason}"
    return f"{lease.service} is being deployed by {lease.actor} ({lease.deployment}){since}{reason}"


def held_locks(world: World, services: Sequence[str]) -> list[dict[str, Any]]:
    """Locks that somebody holds, or may hold, as plain data."""
    moment = time.time()
    found = read_leases(world.aws, world.settings, services).values()
    return [_as_facts(lease, moment) for lease in found if lease.standing(moment) is not Standing.FREE]


def _as_facts(lease: Lease, moment: float) -> dict[str, Any]:
    is_unclear = lease.standing(moment) is Standing.UNCLEAR
    return {
        "service": lease.service,
        "deployment": lease.deployment,
        "actor": lease.actor,
        "host": lease.host,
        "reason": lease.reason,
        "since": lease.since,
        "until": lease.until,
        "fence": lease.fence,
        "by_hand": lease.is_manual,
        "superseded_by": lease.superseded_by or None,
        "in_doubt": is_unclear,
        "text": described(lease) + (", in doubt: it was not renewed, or clocks differ" if is_unclear else ""),
    }


def clock(moment: float) -> str:
    """A time of today, or a day and a time, in UTC."""
    shape = "%H:%M:%S" if abs(moment - time.time()) < 43_200 else "%Y-%m-%d %H:%M"
    return time.strftime(shape, time.gmtime(moment))
