"""One deploy per target and service: leases that are renewed while the deploy lives, and asked for before every change.

A thread looks at them every other second and renews them now and then; that tells early. What counts is `check`: it
reads the fencing numbers from the table, so that a process which slept through its lease changes nothing more,
whatever it remembers (docs/locks.md).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from scripts.engine.aws import Aws
from scripts.engine.errors import SlipwayError, Superseded, Transient
from scripts.engine.lease import LEASE_SECONDS, Claim, Lease, Standing, give_back, read_lease, read_leases, renew, take
from scripts.engine.ledger import new_id
from settings import Settings

LOOK_SECONDS = 2
HEARTBEAT_SECONDS = 8
ATTEMPTS = 3
"""A lease may be given back, or its dead holder found, between two looks."""
NEXT = "./poe status shows what runs; ./poe history shows who deployed"


@dataclass(frozen=True)
class Manners:
    """What to do about others who deploy the same, and about newer versions than ours."""

    wait: float | None = None
    """Seconds to wait for them; None: refuse at once."""
    supersede: bool = False
    """Ask them to end, then wait."""
    allow_older: bool = False
    """Replace a version of a newer commit."""


def now() -> float:
    """Seconds that go on while the machine sleeps, where the system has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def is_free(lease: Lease, is_over: Callable[[Lease], bool]) -> bool:
    """Whether a lock can be had: its time says so, or it has been watched long enough without a beat."""
    return lease.standing(time.time()) is Standing.FREE or is_over(lease)


class Lock:
    """The leases of a deploy, all or none of them."""

    def __init__(self, aws: Aws, settings: Settings, services: Sequence[str], reason: str = "") -> None:
        self.aws, self.settings, self.reason = aws, settings, reason
        self.services = sorted(services)
        self.deployment = ""
        """Id of the deployment that holds it."""
        self.leases: dict[str, Lease] = {}
        """Service -> its lease as it was taken; empty while not held."""
        self.waited_for = ""
        """The deployment that held it first; empty where it was free."""
        self.live_commits: dict[str, Mapping[str, Any]] = {}
        """Service -> the commit that became live; it is kept with the lock."""
        self.on_loss: Callable[[], None] = lambda: None
        self.loss: SlipwayError | None = None
        """Why nothing may be changed any more."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._renewed, self._out_of_reach, self._newest = 0.0, False, ""

    @property
    def waited(self) -> bool:
        """Whether somebody else held it first."""
        return bool(self.waited_for)

    def try_to_take(self, is_over: Callable[[Lease], bool] = lambda lease: False) -> Lease | None:
        """Take every lease, in one order for all; the one in the way if there is one, and then none is kept.

        `is_over` says whether a lease that is not free by its time has been watched long enough without a beat.
        """
        blocking: Lease | None = None
        for _ in range(ATTEMPTS):
            blocking = self._take_all(is_over)
            if blocking is None:
                self._thread = threading.Thread(target=self._watch, daemon=True, name="slipway-lease")
                self._thread.start()
                return None
            if not is_free(blocking, is_over):
                self.waited_for = self.waited_for or blocking.deployment
                return blocking
        return blocking

    def _take_all(self, is_over: Callable[[Lease], bool]) -> Lease | None:
        self._renewed = now()
        self.deployment = new_id(time.time(), after=self._newest)
        try:
            blocking = next(filter(None, (self._take(service, is_over) for service in self.services)), None)
        except SlipwayError:
            self._give_back()
            raise
        if blocking:
            self._newest = max(self._newest, blocking.deployment)
            self._give_back()
        return blocking

    def _take(self, service: str, is_over: Callable[[Lease], bool]) -> Lease | None:
        """Take one lease; what is in the way otherwise: a holder, or a former one whose id is not older than ours."""
        claim = Claim(self.deployment, self.reason)
        taken = take(self.aws, self.settings, service, claim)
        if taken is None:
            seen = read_lease(self.aws, self.settings, service)
            if not is_free(seen, is_over) or seen.deployment >= self.deployment:
                return seen
            taken = take(self.aws, self.settings, service, claim, seen=seen)
            if taken is None:
                return read_lease(self.aws, self.settings, service)
        self.leases[service] = taken
        return None

    def check(self) -> None:
        """Raise Superseded unless the table says that every lease is ours; in front of every change."""
        if self.loss is None:
            try:
                self._look()
            except SlipwayError as error:
                if now() - self._renewed > LEASE_SECONDS:
                    raise Transient(
                        f"the lock cannot be read, so it may be another's by now: {error.what}",
                        where="lock",
                        remedy="nothing more is changed; ./poe status shows what runs, ./poe deploy finishes it",
                    ) from error
        if self.loss is not None:
            raise self.loss

    def seen_before(self, fences: Mapping[str, int | None]) -> bool:
        """Whether nobody held these leases between the look at the target that found those fences and ours."""
        return all(fences.get(service) == lease.fence - 1 for service, lease in self.leases.items())

    def release(self) -> None:
        """Give the leases back; those of a ledger that is out of reach end by themselves."""
        self._stop.set()
        if self._out_of_reach:
            return
        if self._thread:
            self._thread.join()
        self._give_back()

    def _give_back(self) -> None:
        """Best effort: a lease that cannot be given back ends by itself."""
        for service, lease in self.leases.items():
            with suppress(SlipwayError):
                give_back(self.aws, self.settings, lease, self.live_commits.get(service))
        self.leases = {}

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self._look()
                self._out_of_reach = False
            except SlipwayError:
                self._out_of_reach = True  # ours until it ends; `check` knows

    def _look(self) -> None:
        """Renew what is due, else read; note who took over or asks us to end."""
        begin, mine = now(), dict(self.leases)
        if begin - self._renewed < HEARTBEAT_SECONDS:
            found: dict[str, Lease | None] = {**read_leases(self.aws, self.settings, list(mine))}
        else:
            found = {service: renew(self.aws, self.settings, lease) for service, lease in mine.items()}
            self._renewed = begin
        for service, lease in mine.items():
            self._judge(lease, found[service] or read_lease(self.aws, self.settings, service))

    def _judge(self, mine: Lease, found: Lease) -> None:
        if self.loss is not None:
            return
        if (found.deployment, found.fence) != (mine.deployment, mine.fence):
            who = (
                found.reason if found.until <= 0 and found.reason else f"another deploy ({found.deployment}) took over"
            )
            self.loss = Superseded(f"{mine.service}: {who}", where="lock", remedy=NEXT)
        elif found.superseded_by:
            what = f"{mine.service}: {found.superseded_by} asked this deploy to end"
            self.loss = Superseded(what, where="lock", remedy=NEXT)
        if self.loss is not None:
            self.on_loss()
