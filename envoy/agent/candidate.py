"""Tries the version that the table names beside the live one: fetched, put in place, proven, counted; never enforced.

Whatever is wrong with it is said in the report and changes nothing for requests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from agent import files, log, shadow
from agent.clock import REAL, Clock
from agent.enforcing import fetched
from agent.reporting import Reports
from agent.store import Damaged, Live, Store

PROOF_SECONDS = 5.0
AGAIN_SECONDS = 10.0
"""A refused candidate is tried again after that time."""
COUNT_SECONDS = 1.0
COUNTERS = r"^policies\.(shadowed|changes)\."

Counts = Mapping[str, int]


class Watcher(Protocol):
    """Who can tell what Envoy evaluates and counts."""

    def evaluates(self, candidate: str, live: Callable[[], str], seconds: float) -> bool:
        """Whether requests meet that candidate beside the live version before the time is over."""

    def gauges(self, pattern: str) -> dict[str, int]:
        """Counters whose names match."""


@dataclass(frozen=True)
class Beside:
    """The Envoy that tries it."""

    state: Path
    """Folder that it watches."""
    watcher: Watcher
    live: Callable[[], str]
    """The version that it enforces."""


class Candidate:
    """One step makes what is to be tried what Envoy evaluates."""

    def __init__(self, store: Store, reports: Reports, envoy: Beside, clock: Clock = REAL) -> None:
        self._store, self._reports, self._envoy, self._clock = store, reports, envoy, clock
        self._file = envoy.state / shadow.SHADOW_FILE
        self._tried: Live | None = None
        self._refused: tuple[Live, float] | None = None
        self._before: Counts = {}
        self._due = 0.0
        self._changes = log.Changes()

    def step(self, wanted: Live | None) -> None:
        """Try what is wanted, or nothing any more; count."""
        if wanted is None:
            self._end()
        elif wanted == self._tried:
            self._count(wanted)
        elif not self._is_refused(wanted):
            self._try(wanted)

    def _is_refused(self, wanted: Live) -> bool:
        return self._refused is not None and self._refused[0] == wanted and self._clock.now() < self._refused[1]

    def _end(self) -> None:
        if self._tried or self._refused:
            self._tried = self._refused = None
            self._idle()
            log.say("no candidate is tried any more")
            self._reports.say(shadow=None, shadow_changed=None, shadow_error=None, shadowed=None)

    def _idle(self) -> None:
        files.replace_when_changed(self._file, files.resources(shadow.idle()))

    def _try(self, wanted: Live) -> None:
        try:
            text = files.resources(shadow.resource(wanted.version, fetched(self._store, wanted.version)))
        except Damaged as error:
            self._refuse(wanted, str(error))
            return
        except OSError as error:
            self._changes.trouble(f"the candidate {wanted.version} cannot be read", error)
            return
        before = self._envoy.watcher.gauges(COUNTERS)
        files.replace(self._file, text)
        if not self._envoy.watcher.evaluates(wanted.version, self._envoy.live, PROOF_SECONDS):
            self._refuse(wanted, "Envoy does not take it")
            return
        self._tried, self._refused, self._before, self._due = wanted, None, before, 0.0
        log.say("a candidate is tried", version=wanted.version)
        self._count(wanted)

    def _count(self, tried: Live) -> None:
        if self._clock.now() < self._due:
            return
        self._due = self._clock.now() + COUNT_SECONDS
        counters = self._envoy.watcher.gauges(COUNTERS)
        counts = {name: count - self._before.get(name, 0) for name, count in counters.items()}
        self._say(tried, tried.version, shadowed=shadow.summary(counts, tried.version))

    def _refuse(self, wanted: Live, why: str) -> None:
        self._tried, self._refused = None, (wanted, self._clock.now() + AGAIN_SECONDS)
        self._idle()
        log.say("a candidate is refused", version=wanted.version, why=why)
        self._say(wanted, "", error=f"{wanted.version}: {why}")

    def _say(self, about: Live, version: str, *, error: str = "", shadowed: dict[str, Any] | None = None) -> None:
        self._reports.say(shadow=version, shadow_changed=about.changed, shadow_error=error, shadowed=shadowed)
