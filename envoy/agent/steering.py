"""Follows the traffic items of the table four times a second, and says when Envoy does what they want."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol

from agent import log, stats
from agent.clock import REAL, Clock
from agent.reporting import Reports
from agent.routing import Routing
from agent.store import Store
from agent.traffic import NEXT, Beats, Entries, Entry

PROOF_SECONDS = 2.0
COUNT_SECONDS = 1.0


class Envoy(stats.Admin, Protocol):
    """The Envoy beside us."""

    def follows(self, digest: Callable[[], str], seconds: float) -> str:
        """The digest of the routes that it follows, if that is the wanted one before the time is over; else empty."""


class Steering:
    """One step is one look at the table."""

    def __init__(self, store: Store, reports: Reports, *, routing: Routing, envoy: Envoy, clock: Clock = REAL) -> None:
        self._store, self._reports, self._routing, self._envoy, self._clock = store, reports, routing, envoy, clock
        self._entries: list[Entry] = []
        self._known, self._beats = Entries(), Beats()
        self._changes, self._trouble = log.Changes(), log.Changes()
        self._counted = float("-inf")

    def prepare(self) -> None:
        """Before Envoy starts: its first request goes where it should."""
        self._look()
        self._routing.steer(self._beats.alive(self._entries, self._clock.now()))

    def step(self) -> None:
        """Look, make it so, prove it, report it. What the table does not say stays, as long as somebody beats."""
        self._look()
        alive = self._beats.alive(self._entries, self._clock.now())
        self._routing.steer(alive)
        if self._prove():
            self._reports.say(traffic={one.service: one.revision for one in alive})
        if self._clock.now() >= self._counted + COUNT_SECONDS:
            self._counted = self._clock.now()
            self._reports.say(versions=self._versions())

    def _look(self) -> None:
        try:
            self._entries = self._known.take(self._store.traffic())
        except OSError as error:
            self._changes.trouble("traffic cannot be looked up; it stays", error)
        else:
            self._changes.fine("traffic can be looked up again")

    def _prove(self) -> bool:
        if self._routing.is_proven:
            return True
        digest = self._envoy.follows(lambda: self._routing.digest, PROOF_SECONDS)
        if digest:
            self._routing.proven(digest)
            self._trouble.fine("Envoy takes the routes")
        else:
            self._trouble.trouble("Envoy does not take the routes yet", self._routing.digest)
        return bool(digest)

    def _versions(self) -> dict[str, Any] | None:
        """What is counted of services that somebody shifts."""
        held = [one.service for one in self._entries if one.holder]
        if not held:
            return None
        counts = stats.versions(stats.read(self._envoy))
        names = [version for name in held for version in (name, name + NEXT) if version in counts]
        return {name: asdict(counts[name]) for name in names} or None
