"""How a target's deployments went over a time, from their records. Pure; every figure names what it was counted from.

The first four measures are those of DORA (dora.dev, "DORA's software delivery performance metrics"), for one target:
how often, how long from commit to live, how many changes failed, how long until the version before served again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from scripts.engine.events import STAGES, Event
from scripts.engine.model import Path, Verdict

REMOVAL = "remove"
"""`kind` of the record of an application that was taken away: no deployment."""


def stats(rows: Sequence[Event], days: float) -> dict[str, Any]:
    """Figures of these records, which are of that many days; a figure without a record behind it is None.

    Times are in seconds, rates from 0 to 1.
    """
    rows = [row for row in rows if row.get("kind") != REMOVAL]
    changes = [row for row in rows if not is_rollback(row)]
    tried = [row for row in changes if reached_the_target(row)]
    undone = {left for row in rows if row["verdict"] == Verdict.LIVE for left in left_behind(row)}
    failed = [row for row in tried if row["verdict"] != Verdict.LIVE or row["id"] in undone]
    return {
        "days": days,
        "deployments": len(rows),
        "rollbacks": len(rows) - len(changes),
        "verdicts": dict(sorted(Counter(row["verdict"] for row in rows).items())),
        "live_per_day": round(sum(row["verdict"] == Verdict.LIVE for row in changes) / days, 3),
        "lead_time": times(list(lead_times(changes))),
        "change_failure_rate": round(len(failed) / len(tried), 4) if tried else None,
        "changes": len(tried),
        "failed_changes": len(failed),
        "time_to_restore": times(list(restore_times(rows))),
        "cache": cache(changes),
        "stages": {name: row for name in STAGES if (row := _stage(name, rows))},
    }


def is_rollback(row: Mapping[str, Any]) -> bool:
    """Whether the deployment went back rather than forward."""
    return any("rollback_to" in own for own in row["services"].values())


def reached_the_target(row: Mapping[str, Any]) -> bool:
    """Whether the new version ran on the target: what did not compile, or was stopped, says nothing of the change."""
    if row["verdict"] == Verdict.FAILED:
        return any(stage["name"] == "rollout" for stage in row.get("stages", ()))
    return row["verdict"] in (Verdict.LIVE, Verdict.ROLLED_BACK, Verdict.TIMED_OUT)


def left_behind(row: Mapping[str, Any]) -> set[str]:
    """The deployments whose versions a rollback left."""
    return {own["rollback_of"] for own in row["services"].values() if own.get("rollback_of")}


def lead_times(rows: Iterable[Event]) -> Iterator[float]:
    """From the commit to live, where the commit is known and was what was deployed; one for each commit of a row."""
    for row in rows:
        if row["verdict"] == Verdict.LIVE and "seconds" in row:
            yield from (ended(row) - moment for moment in {commit["time"] for commit in commits(row)})


def commits(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The commits that a deployment brought: a service from a repository of its own has its own."""
    for own in row["services"].values():
        commit = own.get("commit") or row.get("commit")
        if own["path"] != Path.NONE and commit and not commit.get("dirty"):
            yield commit


def restore_times(rows: Sequence[Event]) -> Iterator[float]:
    """How long a bad version served: until the end of the rollback, or of the deployment that took it back itself."""
    by_id = {row["id"]: row for row in rows}
    for row in rows:
        if row["verdict"] == Verdict.LIVE and is_rollback(row):
            bad = [found for left in left_behind(row) if _went_live(found := by_id.get(left, {}))]
            yield from (ended(row) - ended(one) for one in bad)
        elif row["verdict"] == Verdict.ROLLED_BACK and "seconds" in row:
            yield from (float(row["seconds"]) - moment for moment in _proven_before(row))


def _went_live(row: Mapping[str, Any]) -> bool:
    """A rollback of a rollback restores nothing that a change broke."""
    return "seconds" in row and row["verdict"] == Verdict.LIVE and not is_rollback(row)


def _proven_before(row: Mapping[str, Any]) -> list[float]:
    """When a service of a deployment that was taken back had been proven live, in seconds since its start."""
    back = {name for name, own in row["services"].items() if own.get("verdict") == Verdict.ROLLED_BACK}
    stages = [stage for stage in row.get("stages", ()) if stage["name"] == "verify" and stage.get("service") in back]
    proven = [stage["started"] + stage["seconds"] for stage in stages if stage.get("ok")]
    return [min(proven)] if proven else []


def cache(rows: Iterable[Event]) -> dict[str, Any]:
    """What did not have to be made anew: images of changed services, layers of images that were built, analyses."""
    found = [own["cache"] for row in rows for own in row["services"].values() if own.get("cache")]
    images = [one["image"] for one in found if "image" in one]
    analyses = [one["analysis"] for one in found if "analysis" in one]
    return {
        "images": hits(sum(image != "built" for image in images), len(images)),
        "layers": hits(sum(one.get("cached_layers", 0) for one in found), sum(one.get("layers", 0) for one in found)),
        "analyses": hits(sum(analysis == "cached" for analysis in analyses), len(analyses)),
    }


def hits(count: int, of: int) -> dict[str, Any]:
    """So many of so many, and their rate."""
    return {"count": of, "hits": count, "rate": round(count / of, 4) if of else None}


def ended(row: Mapping[str, Any]) -> float:
    """Unix time of a deployment's end."""
    return float(row["started"]) + float(row["seconds"])


def times(values: Sequence[float]) -> dict[str, Any]:
    """How many, their median and 95th percentile, in seconds."""
    return {"count": len(values), "p50": quantile(values, 0.5), "p95": quantile(values, 0.95)}


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of them does not exceed: one that was measured, none between."""
    return round(sorted(values)[math.ceil(share * len(values)) - 1], 3) if values else None


def _stage(name: str, rows: Iterable[Event]) -> dict[str, Any]:
    found = [float(s["seconds"]) for row in rows for s in row.get("stages", ()) if s["name"] == name and s.get("ok")]
    return times(found) if found else {}
