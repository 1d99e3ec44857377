"""What a steady load says of a rollout: how many requests were lost, and how slow the others were. Pure.

The load is open: a request belongs to the moment at which it was due, whether or not the ones before it were answered,
and its time is counted from then. A service that stalls for two seconds so shows up in every request that was due
meanwhile, and not in one alone. Source: Gil Tene, "How NOT to Measure Latency" (coordinated omission).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.engine.baking import percentile
from scripts.engine.request import GOOD

PHASES = ("before", "during", "after")


@dataclass(frozen=True)
class Proving:
    """What a deploy is proven with."""

    path: str | None = None
    """Path that is asked; None: the service's health path."""
    long_path: str | None = None
    """Path of long requests; None: none is sent."""
    rate: int = 20
    """Requests a second."""
    max_failed: int = 0
    """Requests that may fail from the update on."""


@dataclass(frozen=True)
class Sample:
    """One request."""

    due: float
    """Monotonic seconds at which it was to be sent."""
    milliseconds: float
    """From then to the end of the answer, or to the failure."""
    kind: str
    """As of `request.Reply`."""


@dataclass(frozen=True)
class Marks:
    """When, in monotonic seconds; infinite while it has not happened."""

    updated: float = float("inf")
    """The update began."""
    live: float = float("inf")
    """The new version was live and answered."""

    def phase(self, due: float) -> str:
        """The phase in which a request was due."""
        return PHASES[(due >= self.updated) + (due >= self.live)]


def tally(samples: Sequence[Sample], long: Sequence[Sample], marks: Marks, proving: Proving) -> dict[str, Any]:
    """The proof as plain data; times are milliseconds of good answers, null where there is none."""
    phases = {name: [one for one in samples if marks.phase(one.due) == name] for name in PHASES}
    long_since = [one for one in long if marks.phase(one.due) != "before"]
    since = [*phases["during"], *phases["after"], *long_since]
    return {
        "path": proving.path,
        "rate": proving.rate,
        "max_failed": proving.max_failed,
        "sent": len(since),
        **_failures(since),
        **{name: _summary(rows) for name, rows in phases.items()},
        "long": {"path": proving.long_path, **(_summary(long_since) or {})} if proving.long_path else None,
    }


def _failures(rows: Sequence[Sample]) -> dict[str, Any]:
    kinds = Counter(one.kind for one in rows if one.kind != GOOD)
    return {"failed": kinds.total(), "kinds": dict(sorted(kinds.items()))}


def _summary(rows: Sequence[Sample]) -> dict[str, Any] | None:
    if not rows:
        return None
    times = [one.milliseconds for one in rows if one.kind == GOOD]
    p95 = percentile(times, 0.95)
    return {
        "sent": len(rows),
        **_failures(rows),
        "p95": None if p95 is None else round(p95, 1),
        "max": round(max(times), 1) if times else None,
    }


def is_lossy(proof: Mapping[str, Any]) -> bool:
    """Whether more requests failed than may."""
    return bool(proof["failed"] > proof["max_failed"])


def loss(proof: Mapping[str, Any]) -> str:
    """`2 of 412 requests failed (1 reset, 1 timeout)`."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in proof["kinds"].items())
    return f"{proof['failed']} of {proof['sent']} requests failed" + (f" ({kinds})" if kinds else "")


def sentences(proof: Mapping[str, Any]) -> tuple[str, ...]:
    """The proof for people."""
    rows = [(name, proof[name]) for name in PHASES if proof[name]]
    times = ", ".join(f"{_ms(row['p95'])} {name}" for name, row in rows)
    slowest = max((row["max"] for _, row in rows if row["max"] is not None), default=None)
    found = [f"{loss(proof)} at {proof['rate']} a second; p95 {times}; {_ms(slowest)} at most" if rows else loss(proof)]
    early = proof["before"]
    if early and early["failed"]:
        found.append(f"before the update {early['failed']} of {early['sent']} failed already; they are not counted")
    if not early:
        found.append("nothing served before, so there was nothing to lose until it was live")
    return (*found, _long(proof["long"]))


def _long(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "no long request was sent; --prove-long PATH sends some"
    if not row.get("sent"):
        return f"no long request to {row['path']} was sent"
    slowest = "" if row["max"] is None else f", {row['max'] / 1000:.1f} s at most"
    return f"long requests to {row['path']}: {row['sent']} sent, {row['failed']} failed{slowest}"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"
