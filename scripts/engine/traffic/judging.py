"""Judges a second version by what the gateway counted of it and of the main one in the same time. Pure.

As in `baking.py`, shares and percentiles need a number of requests. A version is bad when more of its answers are
errors than are allowed, and than the main version has; when its p95 is beyond the service's own bound, or far beyond
that of the main version; when the gateway does not find all of its tasks healthy; when a task of it ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scripts.engine.baking import ALLOWED_ERRORS, LEAST_REQUESTS

LEAST_COMPARED = 100
"""Requests of each version, at least, before their times are compared: with 20 the p95 is the slowest but one."""
TIMES_SLOWER, MUCH_SLOWER = 2.0, 50.0
"""A second version is too slow with twice the main version's p95, and this many milliseconds more."""
UNHEALTHY_IN_A_ROW = 5
"""Looks, one a second: a gateway task that has just begun asks its health checks first."""
WORSE = 1.5
"""Where the main version fails too, the second has to do so this many times as often to be the one that is bad."""


@dataclass(frozen=True)
class Counts:
    """What was counted of one version."""

    requests: int = 0
    errors: int = 0
    buckets: Mapping[float, int] = field(default_factory=dict)
    """Upper bound in milliseconds -> answers up to it, those of smaller bounds among them."""

    @property
    def share(self) -> float:
        """Errors of all requests."""
        return self.errors / self.requests if self.requests else 0.0

    @property
    def p95(self) -> float | None:
        """Milliseconds, interpolated in its bucket as Prometheus does; None of no answers."""
        return quantile(self.buckets, 0.95)

    def plus(self, other: Counts) -> Counts:
        """Both together."""
        bounds = self.buckets.keys() | other.buckets.keys()
        buckets = {bound: at(self.buckets, bound) + at(other.buckets, bound) for bound in bounds}
        return Counts(self.requests + other.requests, self.errors + other.errors, buckets)

    def since(self, before: Counts) -> Counts:
        """What came after `before`; everything where the count began anew."""
        if self.requests < before.requests or self.errors < before.errors:
            return self
        buckets = {bound: count - at(before.buckets, bound) for bound, count in self.buckets.items()}
        return Counts(self.requests - before.requests, self.errors - before.errors, buckets)


def at(buckets: Mapping[float, int], bound: float) -> int:
    """Answers up to a bound, which the buckets need not have."""
    return max((count for other, count in buckets.items() if other <= bound), default=0)


def quantile(buckets: Mapping[float, int], share: float) -> float | None:
    """The value that this share of them does not exceed, linear between two bounds."""
    rows = sorted(buckets.items())
    wanted = share * (rows[-1][1] if rows else 0)
    below, before = 0.0, 0
    for bound, count in rows:
        if wanted and count >= wanted:
            if math.isinf(bound):
                return below
            return round(below + (bound - below) * (wanted - before) / (count - before), 1)
        below, before = bound, count
    return None


def counts_of(row: Mapping[str, Any]) -> Counts:
    """The counts in one task's report of a version."""
    buckets = {float(bound): int(count) for bound, count in (row.get("buckets") or {}).items()}
    return Counts(int(row.get("requests", 0)), int(row.get("errors", 0)), buckets)


@dataclass(frozen=True)
class Tally:
    """What came of each version since the tally began, over all tasks of the gateway, those that ended among them."""

    last: Mapping[tuple[str, str], Counts] = field(default_factory=dict)
    """Gateway task and version -> its counts as they were last reported."""
    sums: Mapping[str, Counts] = field(default_factory=dict)

    def of(self, version: str) -> Counts:
        """The sum of a version."""
        return self.sums.get(version, Counts())

    def afresh(self) -> Tally:
        """Nothing came yet; what was counted before does not count again."""
        return Tally(self.last)

    def heard(self, task: str, versions: Mapping[str, Mapping[str, Any]]) -> Tally:
        """With the report of one task. One that was not there before began to count after the tally did."""
        last, sums = dict(self.last), dict(self.sums)
        for version, row in versions.items():
            now = counts_of(row)
            sums[version] = self.of(version).plus(now.since(last.get((task, version), Counts())))
            last[task, version] = now
        return Tally(last, sums)


@dataclass(frozen=True)
class Window:
    """One step of a shift, as far as it was watched."""

    weight: int
    main: Counts = field(default_factory=Counts)
    second: Counts = field(default_factory=Counts)
    reference: Counts = field(default_factory=Counts)
    """The main version's counts in the last step in which it had requests enough, this one perhaps."""
    unhealthy: Sequence[str] = ()
    """For each of the last looks what the gateway found missing; empty text where it found all tasks healthy."""
    stopped: Sequence[str] = ()
    """Tasks of the second version that ended, in words."""

    def counted(self, main: Counts, second: Counts) -> Window:
        """With the newest counts."""
        is_enough = main.requests >= LEAST_REQUESTS
        return replace(self, main=main, second=second, reference=main if is_enough else self.reference)

    def lacking(self, health: str, stopped: Sequence[str]) -> Window:
        """With what one more look found missing."""
        return replace(self, unhealthy=(*self.unhealthy, health)[-UNHEALTHY_IN_A_ROW:], stopped=stopped)


def trouble(seen: Window, bound: int | None) -> str | None:
    """Why the second version is bad, with the numbers; None while it is good. `bound`: p95 in milliseconds."""
    if seen.stopped:
        return seen.stopped[0]
    last = seen.unhealthy[-UNHEALTHY_IN_A_ROW:]
    if len(last) == UNHEALTHY_IN_A_ROW and all(last):
        return f"{last[-1]}, {UNHEALTHY_IN_A_ROW} looks in a row"
    return _failing(seen) or _slow(seen, bound)


def _failing(seen: Window) -> str | None:
    own, main = seen.second, seen.reference
    if own.requests < LEAST_REQUESTS or own.share <= max(ALLOWED_ERRORS, WORSE * main.share):
        return None
    told = f"{own.errors} of {own.requests} requests of the new version failed: {own.share:.1%}"
    return f"{told}, allowed are {ALLOWED_ERRORS:.0%}, the old version has {main.share:.1%}"


def _slow(seen: Window, bound: int | None) -> str | None:
    own, main = seen.second.p95, seen.reference.p95
    if own is None or seen.second.requests < LEAST_REQUESTS:
        return None
    told = f"the p95 of {seen.second.requests} requests of the new version is {own:.0f} ms"
    if bound is not None and own > bound:
        return f"{told}, allowed are {bound} ms"
    is_compared = min(seen.second.requests, seen.reference.requests) >= LEAST_COMPARED and main is not None
    if is_compared and main is not None and own > TIMES_SLOWER * main and own > main + MUCH_SLOWER:
        return f"{told}, that of the old one {main:.0f} ms"
    return None


def in_words(seen: Window) -> str:
    """`25 % on the new version: 312 requests, 0 errors, p95 18 ms (old 17 ms)`."""
    own, main = seen.second.p95, seen.main.p95
    old = "" if main is None else f" (old {main:.0f} ms)"
    slow = "" if own is None else f", p95 {own:.0f} ms{old}"
    return f"{seen.weight} % on the new version: {seen.second.requests} requests, {seen.second.errors} errors{slow}"


def numbers(seen: Window, seconds_to_enforced: float) -> dict[str, Any]:
    """The same as plain data, for report and record."""
    return {
        "weight": seen.weight,
        "seconds_to_enforced": seconds_to_enforced,
        "requests": seen.second.requests,
        "errors": seen.second.errors,
        "p95_ms": seen.second.p95,
        "main_requests": seen.main.requests,
        "main_errors": seen.main.errors,
        "main_p95_ms": seen.main.p95,
    }


def missing_health(reports: Iterable[Mapping[str, Any]], desired: int) -> str:
    """What the gateway's tasks lack of a version's health; empty where each finds all of its tasks healthy."""
    found = [int(row.get("healthy", 0)) for row in reports]
    least = min(found, default=0)
    return "" if found and least >= desired else f"the gateway finds {least} of {desired} tasks healthy"
