"""Keeps Envoy at the live version of the policies, proves it by the probe, and reports it.

Trouble never changes what is enforced: the store down, a damaged version, or one that Envoy does not take leave the
last good one, and the report says why.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from agent import files, log
from agent.store import Damaged, Live, Report, Store

POLICY_FILE = "policy.json"
PROOF_SECONDS = 5.0
START_SECONDS = 20.0
AGAIN_SECONDS = 10.0
"""A refused version is tried again after that time."""
SEEN_SECONDS = 15.0
"""A report is repeated that often, so that one can see that the task lives."""


class Prover(Protocol):
    """Who can tell what Envoy enforces."""

    def proves(self, version: str, seconds: float) -> bool:
        """Whether Envoy enforces that version before the time is over."""


def version_of(text: str) -> str:
    """The version that a file for Envoy says of itself; raises Damaged."""
    try:
        return str(json.loads(text)["version_info"])
    except (ValueError, KeyError, TypeError):
        raise Damaged("no file for Envoy") from None


class Enforcer:
    """One step is one look at the store."""

    def __init__(self, store: Store, *, task: str, state: Path, prover: Prover) -> None:
        self._store, self._task, self._prover = store, task, prover
        self._file = state / POLICY_FILE
        self._report = Report(version_of(self._file.read_text("utf-8")), round(time.time(), 3))
        self._reported: tuple[Report, float] | None = None
        self._refused: tuple[Live, float] | None = None
        self._pending: Live | None = None
        self._before = ""
        self._changes = log.Changes()
        self.has_answer = False
        """Whether the store has answered at all."""
        self.on_answer: Callable[[], object] = lambda: None
        """Called once what the first answer says is enforced."""

    def look(self) -> Live | None:
        """What is live in the store; None when that is nothing new, or cannot be known."""
        try:
            live = self._store.live()
        except OSError as error:
            self._changes.trouble(f"the policy store does not answer; {self._report.version} stays", error)
            return None
        self.has_answer = True
        self._changes.fine("the policy store answers again")
        if live is None or live.version == self._report.version:
            self._refused = None
            self._report = Report(self._report.version, self._report.applied)
            return None
        is_refused = self._refused and self._refused[0] == live and time.monotonic() < self._refused[1]
        return None if is_refused else live

    def prepare(self, seconds: float) -> None:
        """Before Envoy starts: put the live version in place, so that its first request meets it already."""
        end = time.monotonic() + seconds
        live = self.look()
        while not self.has_answer and time.monotonic() < end:
            time.sleep(0.2)
            live = self.look()
        text = self._fetched(live) if live else None
        if live and text:
            self._before = self._file.read_text("utf-8")
            files.replace(self._file, text)
            self._pending = live

    def settle(self) -> None:
        """After Envoy's start: prove what was put in place, or put the baked policies there again."""
        live = self._pending
        if live is None:
            self._prover.proves(self._report.version, START_SECONDS)
        elif self._prover.proves(live.version, START_SECONDS):
            self._enforced(live)
        else:
            files.replace(self._file, self._before)
            self._refuse(live, "Envoy does not take it")
        self._pending = None

    def step(self) -> None:
        """Look, apply what is new, report."""
        if live := self.look():
            self._apply(live)
        if self.has_answer:
            self.on_answer()
            self.on_answer = lambda: None
        self._send()

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
        self._refused, self._report = None, Report(live.version, round(time.time(), 3))
        log.say("policies are enforced", version=live.version)

    def _fetched(self, live: Live) -> str | None:
        try:
            text = self._store.artefact(live.version)
            if version_of(text) != live.version:
                raise Damaged("says of itself that it is another version")
        except Damaged as error:
            self._refuse(live, str(error))
        except OSError as error:
            self._changes.trouble(f"{live.version} cannot be read; {self._report.version} stays", error)
        else:
            return text
        return None

    def _refuse(self, live: Live, why: str) -> None:
        self._refused = (live, time.monotonic() + AGAIN_SECONDS)
        self._report = Report(self._report.version, self._report.applied, f"{live.version}: {why}")
        log.say("policies are refused", version=live.version, why=why, enforced=self._report.version)

    def _send(self) -> None:
        now = time.monotonic()
        if self._reported and self._reported[0] == self._report and now < self._reported[1] + SEEN_SECONDS:
            return
        try:
            self._store.report(self._task, self._report)
        except OSError as error:
            self._changes.trouble("the report cannot be written", error)
            return
        self._reported = (self._report, now)
