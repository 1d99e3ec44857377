"""Keeps Envoy at the live version of the policies, proves it by the probe, and reports it.

Trouble never changes what is enforced: the store down, a damaged version, or one that Envoy does not take leave the
last good one, and the report says why.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from agent import files, log
from agent.clock import REAL, Clock
from agent.reading import document
from agent.reporting import Reports
from agent.store import Damaged, Live, Store

POLICY_FILE = "policy.json"
PROOF_SECONDS = 5.0
START_SECONDS = 20.0
AGAIN_SECONDS = 10.0
"""A refused version is tried again after that time."""


class Prover(Protocol):
    """Who can tell what Envoy enforces."""

    def proves(self, version: str, seconds: float) -> bool:
        """Whether Envoy enforces that version before the time is over."""


def version_of(text: str) -> str:
    """The version that a file for Envoy says of itself; raises Damaged."""
    try:
        return str(document(text)["version_info"])
    except (ValueError, KeyError, TypeError):
        raise Damaged("no file for Envoy") from None


def fetched(store: Store, version: str) -> str:
    """The file for Envoy of a version; raises Damaged, or OSError when the store does not answer."""
    text = store.artefact(version)
    if version_of(text) != version:
        raise Damaged("says of itself that it is another version")
    return text


class Enforcer:
    """One step makes what is live in the store what Envoy enforces."""

    def __init__(self, store: Store, reports: Reports, *, state: Path, prover: Prover, clock: Clock = REAL) -> None:
        self._store, self._reports, self._prover, self._clock = store, reports, prover, clock
        self._file = state / POLICY_FILE
        self.version, self._applied = version_of(self._file.read_text("utf-8")), round(clock.wall(), 3)
        self._error = ""
        self._refused: tuple[Live, float] | None = None
        self._pending: Live | None = None
        self._before = ""
        self._changes = log.Changes()

    def has(self, live: Live | None) -> bool:
        """Whether Envoy has that version, or is about to have it; without one what it was built with does."""
        return live is None or live.version == (self._pending.version if self._pending else self.version)

    def prepare(self, live: Live | None) -> None:
        """Before Envoy starts: put the live version in place, so that its first request meets it already."""
        if not live or live.version == self.version:
            return
        if text := self._fetched(live):
            self._before = self._file.read_text("utf-8")
            files.replace(self._file, text)
            self._pending = live

    def settle(self) -> None:
        """After Envoy's start: prove what was put in place, or put the baked policies there again."""
        live, self._pending = self._pending, None
        if live is None:
            self._prover.proves(self.version, START_SECONDS)
        elif self._prover.proves(live.version, START_SECONDS):
            self._enforced(live)
        else:
            files.replace(self._file, self._before)
            self._refuse(live, "Envoy does not take it")
        self._report()

    def step(self, live: Live | None) -> None:
        """Apply what is live where it is new, and report."""
        if live is None or live.version == self.version:
            self._refused, self._error = None, ""
        elif not self._is_refused(live):
            self._apply(live)
        self._report()

    def _is_refused(self, live: Live) -> bool:
        return self._refused is not None and self._refused[0] == live and self._clock.now() < self._refused[1]

    def _apply(self, live: Live) -> None:
        text = self._fetched(live)
        if text is None:
            return
        before = self._file.read_text("utf-8")
        files.replace(self._file, text)
        if self._prover.proves(live.version, PROOF_SECONDS):
            self._enforced(live)
            return
        files.replace(self._file, before)
        self._refuse(live, "Envoy does not take it")

    def _enforced(self, live: Live) -> None:
        self._refused, self._error = None, ""
        self.version, self._applied = live.version, round(self._clock.wall(), 3)
        log.say("policies are enforced", version=live.version)

    def _fetched(self, live: Live) -> str | None:
        try:
            return fetched(self._store, live.version)
        except Damaged as error:
            self._refuse(live, str(error))
        except OSError as error:
            self._changes.trouble(f"{live.version} cannot be read; {self.version} stays", error)
        return None

    def _refuse(self, live: Live, why: str) -> None:
        self._refused = (live, self._clock.now() + AGAIN_SECONDS)
        self._error = f"{live.version}: {why}"
        log.say("policies are refused", version=live.version, why=why, enforced=self.version)

    def _report(self) -> None:
        self._reports.say(version=self.version, applied=self._applied, error=self._error)
