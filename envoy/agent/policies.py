"""Looks at which versions of the policies the table wants, and hands them to who makes them so."""

from __future__ import annotations

from agent import log
from agent.clock import REAL, Clock
from agent.enforcing import Enforcer
from agent.store import Live, Store, Wanted

AGAIN_SECONDS = 0.2


class Policies:
    """One step is one look at the store."""

    def __init__(self, store: Store, enforcer: Enforcer, clock: Clock = REAL) -> None:
        self._store, self._enforcer, self._clock = store, enforcer, clock
        self._changes = log.Changes()
        self.has_answer = False
        """Whether the store has answered at all."""
        self.candidate: Live | None = None
        """The version to try beside the live one, as far as the store has said."""
        self._wanted: Wanted | None = None

    def prepare(self, seconds: float) -> None:
        """Before Envoy starts: so long the store may take to answer."""
        end = self._clock.now() + seconds
        while (wanted := self._look()) is None and self._clock.now() < end:
            self._clock.pause(AGAIN_SECONDS)
        self._enforcer.prepare(wanted.live if wanted else None)

    def step(self) -> None:
        """Look, and make it so. What the store does not say stays as it is."""
        wanted = self._look()
        if wanted is None:
            return
        self.candidate = wanted.shadow
        self._enforcer.step(wanted.live)

    def are_known(self) -> bool:
        """Whether Envoy has what the store wants, as far as the store has ever said."""
        return self._wanted is not None and self._enforcer.has(self._wanted.live)

    def _look(self) -> Wanted | None:
        try:
            wanted = self._store.wanted()
        except OSError as error:
            self._changes.trouble(f"the policy store does not answer; {self._enforcer.version} stays", error)
            return None
        self.has_answer, self._wanted = True, wanted
        self._changes.fine("the policy store answers again")
        return wanted
