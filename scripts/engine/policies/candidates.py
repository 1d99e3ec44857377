"""A candidate: a stored version that gateways try beside the live one and that nobody has to obey."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scripts.engine.errors import Failed, Refused
from scripts.engine.items import pack
from scripts.engine.policies.bundle import Bundle
from scripts.engine.policies.store import HEADS, SHADOW, PolicyStore, Report
from scripts.engine.policies.table import absent, key, unchanged
from scripts.engine.policies.waiting import Question, Waiting
from settings.model import GATEWAY


@dataclass(frozen=True)
class Candidate:
    """Which version is tried."""

    version: str
    changed: float
    actor: str
    source_digest: str


@dataclass(frozen=True)
class Trial:
    """What came of trying one."""

    candidate: Candidate
    tasks: int
    """Gateway tasks that try it."""
    before: Candidate | None
    """What was tried until now."""


@dataclass(frozen=True)
class Counts:
    """What a candidate would have changed, at all gateway tasks since it is tried."""

    requests: int
    newly_denied: int
    newly_allowed: int
    by: dict[str, dict[str, int]]
    """`forbidden` by a policy of the candidate, `lost` one of the live version, `permitted` by one of the candidate."""
    tasks: int
    """Those that have said so."""


def current(store: PolicyStore) -> Candidate | None:
    """What is tried."""
    row = store.table.get(HEADS, SHADOW)
    if row is None:
        return None
    return Candidate(row["version"], row["changed"], row["actor"], row.get("source_digest", ""))


class Candidates:
    """The candidate of one target; there is one at most."""

    def __init__(self, store: PolicyStore, actor: str) -> None:
        self.store, self._table, self._actor = store, store.table, actor

    def begin(self, bundle: Bundle, waiting: Waiting) -> Trial:
        """Store a version and have every running gateway task try it. Raises Refused, Failed, TimedOut or Cancelled."""
        live, before = self.store.live(), current(self.store)
        if live and live.version == bundle.version:
            raise Refused(
                f"{bundle.version} is live already", where="policies", remedy="a candidate differs from what is live"
            )
        self.store.upload(bundle, self._actor)
        if before and before.version == bundle.version:
            return Trial(before, self._await(before, waiting), before)
        tried = self._put(bundle, before)
        return Trial(tried, self._await(tried, waiting), before)

    def end(self, version: str | None = None) -> Candidate | None:
        """Try nothing any more, or no longer that version; returns what was tried."""
        tried = current(self.store)
        if tried is None or version not in (None, tried.version):
            return None
        return tried if self._table.delete(HEADS, SHADOW, **unchanged(tried.version, tried.changed)) else None

    def _put(self, bundle: Bundle, before: Candidate | None) -> Candidate:
        tried = Candidate(bundle.version, round(time.time(), 3), self._actor, bundle.source_digest)
        condition = unchanged(before.version, before.changed) if before else absent()
        if not self._table.put(pack({**key(HEADS, SHADOW), **tried.__dict__}), **condition):
            raise Refused(
                "somebody else began or ended a candidate meanwhile",
                where="policies",
                remedy="./poe policies shows it; run the command again if yours is still wanted",
            )
        return tried

    def _await(self, tried: Candidate, waiting: Waiting) -> int:
        question = Question(
            is_done=lambda report: report.shadow == tried.version and _is_about(report, tried),
            trouble=lambda report: report.shadow_error if _is_about(report, tried) else "",
            late=f"not every gateway task tries {tried.version}",
            remedy=f"./poe logs {GATEWAY}; ./poe policies shows what each task does",
        )
        try:
            return waiting.until(question)
        except Failed as error:
            self.end(tried.version)
            remedy = "what is live stays; this is a mistake of the compiler, please report it with your policies"
            raise Failed(error.what, where=error.where, remedy=remedy) from None


def _is_about(report: Report, tried: Candidate) -> bool:
    return report.shadow_changed == str(tried.changed)


CHANGES = {
    "forbidden": "denied newly, forbidden by",
    "lost": "denied newly, no longer permitted by",
    "permitted": "allowed newly, permitted by",
}
"""How a decision changes -> the same for people."""


def told(counts: Counts) -> list[str]:
    """Lines that say what would change, most frequent first."""
    rows = sorted(_rows(counts.by), key=lambda row: (-row[2], row[:2]))
    many = [f"{count:>8}  {CHANGES.get(change, change)} {policy}" for change, policy, count in rows]
    head = f"{counts.requests} requests seen, {counts.newly_denied} denied newly, {counts.newly_allowed} allowed newly"
    return [f"{head} (gateway tasks: {counts.tasks})", *many]


def total(reports: Iterable[Report], tried: Candidate) -> Counts:
    """The counts of all tasks together."""
    own = [report.shadowed for report in reports if report.shadow == tried.version and _is_about(report, tried)]
    by: dict[str, dict[str, int]] = {}
    for change, policy, count in (row for counts in own for row in _rows(counts.get("by", {}))):
        policies = by.setdefault(change, {})
        policies[policy] = policies.get(policy, 0) + count
    sums = (sum(counts.get(name, 0) for counts in own) for name in ("requests", "newly_denied", "newly_allowed"))
    requests, denied, allowed = sums
    return Counts(requests, denied, allowed, by, len(own))


def _rows(by: dict[str, dict[str, Any]]) -> Iterable[tuple[str, str, int]]:
    return ((change, policy, int(count)) for change, found in by.items() for policy, count in found.items())
