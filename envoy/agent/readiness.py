"""A task is not ready before it knows what to enforce and where to send requests, so that others get them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from agent import log
from agent.clock import REAL, Clock

AGAIN_SECONDS = 0.02

Known = Callable[[], bool]


class Admin(Protocol):
    """Envoy's administration."""

    def post(self, command: str) -> bool:
        """Whether it took the command."""


class Readiness:
    """Held back once, at the start; a task that has known everything stays ready when something is down later."""

    def __init__(self, admin: Admin, clock: Clock = REAL, **known: Known) -> None:
        self._admin, self._clock, self._known = admin, clock, known
        self._is_held = False

    def hold(self) -> None:
        """While something is not known: fail the health check, as soon as Envoy listens to that."""
        if self._is_held or not (missing := self._missing()):
            return
        log.say("not ready", missing=missing)
        while not self._admin.post("/healthcheck/fail"):
            self._clock.pause(AGAIN_SECONDS)
        self._is_held = True

    def step(self) -> None:
        """Ready once nothing is missing."""
        if self._is_held and not self._missing() and self._admin.post("/healthcheck/ok"):
            self._is_held = False
            log.say("ready")

    def _missing(self) -> list[str]:
        return [name for name, is_known in self._known.items() if not is_known()]
