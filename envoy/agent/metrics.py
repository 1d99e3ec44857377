"""What CloudWatch gets to know, once a minute: lines of the log in its embedded metric format.

A line a service, with what came in that minute; both of its versions count as one. A line a policy that decided
something. Percentiles are of this task alone, read from the buckets of Envoy's histogram.
Source: CloudWatch user guide, "Specification: Embedded metric format".
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent import log
from agent.clock import REAL, Clock
from agent.stats import PATTERN, Admin, Counts, counts, versions
from agent.traffic import NEXT

NAMESPACE = "Slipway/Gateway"
PERIOD = 60
"""Seconds of a line; CloudWatch keeps a minute as a point."""
OWN = "_"
"""Begins the names of clusters that are no service."""
DECISIONS = r"^policies\.decisions\."
NO_POLICY = "_none"
"""Who denied what no policy permits; a policy's own name begins with no underscore."""
EFFECTS = {"allowed": "Allowed", "denied": "Denied"}
QUANTILES = {"P50": 0.50, "P95": 0.95, "P99": 0.99}

Json = dict[str, Any]
Decision = tuple[str, str]
"""What was decided, and which policy did."""


@dataclass(frozen=True)
class Reading:
    """Everything since Envoy's start."""

    versions: Mapping[str, Counts] = field(default_factory=dict)
    decisions: Mapping[Decision, int] = field(default_factory=dict)


def read(admin: Admin) -> Reading | None:
    """What Envoy says now; None when it does not answer."""
    rows = admin.stats(f"{PATTERN}|{DECISIONS}")
    found = versions(counts(row for row in rows if not _is_decision(row)))
    return Reading(found, _decisions(filter(_is_decision, rows))) if found else None


def _is_decision(row: Json) -> bool:
    return str(row.get("name", "")).startswith("policies.")


def _decisions(rows: Iterable[Json]) -> dict[Decision, int]:
    """From such as `policies.decisions.effect.denied.policy.name`; the name may have dots, or be empty."""
    parts = ((row["name"].split(".", 5), row["value"]) for row in rows)
    return {(words[3], words[5]): value for words, value in parts if len(words) == 6}


def documents(before: Reading, after: Reading, *, target: str, at: float) -> list[Json]:
    """The lines about what came between two readings; `at` is their time in seconds since 1970."""
    stamp = int(at * 1000)
    services = [
        _document(stamp, {"Target": target, "Service": name}, facts)
        for name, facts in _services(before.versions, after.versions).items()
    ]
    policies = [
        _document(stamp, {"Target": target, "Policy": name}, facts)
        for name, facts in _policies(before.decisions, after.decisions).items()
    ]
    return services + policies


def _services(before: Mapping[str, Counts], after: Mapping[str, Counts]) -> dict[str, dict[str, float]]:
    """Figures of each service; one that had no request says no more than that."""
    found: dict[str, list[Counts]] = {}
    for name in sorted(after):
        if not name.startswith(OWN):
            change = _since(before.get(name, Counts()), after[name])
            found.setdefault(name.removesuffix(NEXT), []).append(change)
    return {name: _figures(changes) for name, changes in found.items()}


def _since(before: Counts, after: Counts) -> Counts:
    """What was added; all of it where a service that had gone has come again, and counts from nothing."""
    buckets = {bound: count - before.buckets.get(bound, 0) for bound, count in after.buckets.items()}
    requests, errors = after.requests - before.requests, after.errors - before.errors
    if min(requests, errors, *buckets.values(), 0) < 0:
        return after
    return Counts(requests=requests, errors=errors, buckets=buckets)


def _figures(changes: Iterable[Counts]) -> dict[str, float]:
    requests = errors = 0
    buckets: dict[float, int] = {}
    for change in changes:
        requests, errors = requests + change.requests, errors + change.errors
        for bound, count in change.buckets.items():
            buckets[float(bound)] = buckets.get(float(bound), 0) + count
    if not requests:
        return {"Requests": 0}
    times = {name: quantile(buckets, share) for name, share in QUANTILES.items()}
    return {"Requests": requests, "Errors": errors, **{name: time for name, time in times.items() if time is not None}}


def quantile(buckets: Mapping[float, int], share: float) -> float | None:
    """Milliseconds that this share of the answers took at most, as if a bucket's were spread evenly over it.

    The buckets are cumulative. None without answers; what took longer than the last bound counts as that.
    """
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0
    if total <= 0:
        return None
    low, below = 0.0, 0
    for bound in bounds:
        if buckets[bound] >= share * total:
            break
        low, below = bound, buckets[bound]
    return round(low + (bound - low) * (share * total - below) / max(1, buckets[bound] - below), 3)


def _policies(before: Mapping[Decision, int], after: Mapping[Decision, int]) -> dict[str, dict[str, float]]:
    """What each policy decided, and nothing where it did not: each name is a metric that is paid for."""
    found: dict[str, dict[str, float]] = {}
    for (effect, policy), count in sorted(after.items()):
        change = count - before.get((effect, policy), 0)
        if change and effect in EFFECTS:
            found.setdefault(policy or NO_POLICY, {})[EFFECTS[effect]] = change
    return found


def _document(stamp: int, dimensions: Mapping[str, str], facts: Mapping[str, float]) -> Json:
    metrics = [{"Name": name, "Unit": "Milliseconds" if name in QUANTILES else "Count"} for name in facts]
    directive = {"Namespace": NAMESPACE, "Dimensions": [list(dimensions)], "Metrics": metrics}
    return {"_aws": {"Timestamp": stamp, "CloudWatchMetrics": [directive]}, **dimensions, **facts}


class Metrics:
    """Says them when a minute of the clock is over, and once more at the end."""

    def __init__(self, admin: Admin, target: str, clock: Clock = REAL) -> None:
        self._admin, self._target, self._clock = admin, target, clock
        self._before = Reading()
        self._minute = self._now()
        self._lock = threading.Lock()

    def step(self) -> None:
        """Say what came in the minute, when it is over."""
        with self._lock:
            if self._now() != self._minute:
                self._say()

    def last(self) -> None:
        """Say what came since the last minute, so that nothing is lost."""
        with self._lock:
            self._say()

    def _say(self) -> None:
        after, minute = read(self._admin), self._minute
        if after is None:
            return
        for document in documents(self._before, after, target=self._target, at=minute * PERIOD):
            log.say("metrics", **document)
        self._before, self._minute = after, self._now()

    def _now(self) -> int:
        return int(self._clock.wall() // PERIOD)
