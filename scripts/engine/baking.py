"""Judges a version that is live already: whether it stays good while it bakes. Pure; `bake.py` asks and acts.

Three things make a version bad, as users would say it: it does not answer, too many of its answers are errors, or they
are too slow. Shares and percentiles need a number of requests: one lost answer of three is no error rate. Where the
load balancer, or the gateway, has counted enough requests in a minute after live, its numbers decide on those two,
since they are those of all users; otherwise our own checks of the last minute do. Sources for the sizes: Flagger judges
a minute at a time; the health checks of Elastic Load Balancing and of Kubernetes take two or three failures in a row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FAILED_IN_A_ROW = 3
LEAST_REQUESTS = 20
"""Requests that a share of errors or a percentile is made of, at least: 1 of 20 is just 5 %."""
ALLOWED_ERRORS = 0.05
WINDOW_SECONDS = 60.0
"""Own checks that are counted together: as many seconds as a period of the load balancer has."""


@dataclass(frozen=True)
class Check:
    """One question of our own through the load balancer."""

    at: float
    """Monotonic seconds."""
    good: bool
    text: str
    milliseconds: float = 0.0


@dataclass(frozen=True)
class Minute:
    """What the load balancer or the gateway counted of the service in one minute."""

    start: float
    """Seconds since the epoch."""
    requests: int
    errors: int
    p95: float | None = None
    """Milliseconds."""


@dataclass(frozen=True)
class Seen:
    """Everything that was seen since the version is live."""

    checks: tuple[Check, ...] = ()
    minutes: tuple[Minute, ...] = ()
    counter: str = "load balancer"
    """Who counted the minutes."""
    stopped: tuple[str, ...] = ()
    """Tasks of the version that ended by themselves, in words."""

    @property
    def counted(self) -> tuple[Minute, ...]:
        """Minutes with requests enough to judge by."""
        return tuple(minute for minute in self.minutes if minute.requests >= LEAST_REQUESTS)

    @property
    def failed(self) -> int:
        """Checks that got no good answer."""
        return sum(not check.good for check in self.checks)


def trouble(seen: Seen, bound: int | None) -> str | None:
    """Why the version is bad, with the numbers; None while it is good. `bound` is for the p95, in milliseconds."""
    if seen.stopped:
        return seen.stopped[0]
    last = seen.checks[-FAILED_IN_A_ROW:]
    if len(last) == FAILED_IN_A_ROW and not any(check.good for check in last):
        return f"{FAILED_IN_A_ROW} checks in a row failed: {last[-1].text}"
    if seen.counted:
        return next((text for minute in seen.counted if (text := _of_a_minute(minute, bound, seen.counter))), None)
    return _of_checks(seen.checks, bound)


def _of_a_minute(minute: Minute, bound: int | None, counter: str) -> str | None:
    of = f"requests in a minute at the {counter}"
    if minute.errors > ALLOWED_ERRORS * minute.requests:
        return _too_many(minute.errors, minute.requests, of)
    if bound is not None and minute.p95 is not None and minute.p95 > bound:
        return _too_slow(minute.p95, minute.requests, bound, of)
    return None


def _of_checks(checks: Sequence[Check], bound: int | None) -> str | None:
    recent = [check for check in checks if check.at > checks[-1].at - WINDOW_SECONDS]
    if len(recent) < LEAST_REQUESTS:
        return None
    failed = sum(not check.good for check in recent)
    if failed > ALLOWED_ERRORS * len(recent):
        return _too_many(failed, len(recent), "checks")
    p95 = percentile([check.milliseconds for check in recent if check.good], 0.95)
    if bound is not None and p95 is not None and p95 > bound:
        return _too_slow(p95, len(recent), bound, "checks")
    return None


def _too_many(failed: int, total: int, of: str) -> str:
    return f"{failed} of {total} {of} failed: {failed / total:.1%}, allowed are {ALLOWED_ERRORS:.0%}"


def _too_slow(p95: float, total: int, bound: int, of: str) -> str:
    return f"the p95 of {total} {of} is {p95:.0f} ms, allowed are {bound} ms"


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of them does not exceed; None of none."""
    return sorted(values)[math.ceil(share * len(values)) - 1] if values else None


def numbers(seen: Seen) -> dict[str, object]:
    """What was seen, as plain data for report and record; times in milliseconds."""
    p95 = percentile([check.milliseconds for check in seen.checks if check.good], 0.95)
    minutes = seen.counted
    slowest = max((minute.p95 for minute in minutes if minute.p95 is not None), default=None)
    return {
        "checks": len(seen.checks),
        "failed": seen.failed,
        "p95": None if p95 is None else round(p95, 1),
        "load_balancer": {
            "minutes": len(minutes),
            "requests": sum(minute.requests for minute in minutes),
            "errors": sum(minute.errors for minute in minutes),
            "p95": None if slowest is None else round(slowest, 1),
        }
        if minutes
        else None,
    }


def in_words(seen: Seen) -> tuple[str, ...]:
    """The same for people: our own checks, then what was counted of all users where there is any."""
    p95 = percentile([check.milliseconds for check in seen.checks if check.good], 0.95)
    own = f"{len(seen.checks)} checks, {seen.failed} failed" + ("" if p95 is None else f", p95 {p95:.0f} ms")
    if not (minutes := seen.counted):
        return (own,)
    requests, errors = sum(m.requests for m in minutes), sum(m.errors for m in minutes)
    times = [minute.p95 for minute in minutes if minute.p95 is not None]
    slowest = f", p95 {max(times):.0f} ms at most" if times else ""
    return own, f"{requests} requests at the {seen.counter}, {errors} failed{slowest}"
