"""Tasks that ECS wants to go: for a few seconds they still answer, and serve while no other task does.

ECS begins to stop the old tasks as soon as the load balancer finds the new ones healthy, which may be a moment before
the gateway does.
"""

from __future__ import annotations

from agent.clock import REAL, Clock
from agent.discovery import Addresses

KEPT_SECONDS = 5.0
"""A task is only told to end when the load balancer's deregistration delay is over; five seconds is its default."""


class Leaving:
    """Remembers who was there."""

    def __init__(self, clock: Clock = REAL) -> None:
        self._clock = clock
        self._seen: dict[tuple[str, str], float] = {}

    def look(self, tasks: Addresses) -> Addresses:
        """Those that were there a moment ago and are no more, by service."""
        now = self._clock.now()
        self._seen |= {(name, one): now for name, those in tasks.items() for one in those}
        self._seen = {key: at for key, at in self._seen.items() if now - at < KEPT_SECONDS}
        found: dict[str, set[str]] = {}
        for name, one in self._seen.keys() - {(name, one) for name, those in tasks.items() for one in those}:
            found.setdefault(name, set()).add(one)
        return {name: frozenset(those) for name, those in found.items()}
