"""How a target's deployments went over a time, from their records. Pure; every figure names what it was counted from.

The four measures are those of DORA (dora.dev, "software delivery performance metrics"), for one target: how often,
how long from commit to live, how many changes failed, how long until the version before served again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scripts.engine.events import STAGES, Event
from scripts.engine.model import Verdict

TRIED = (Verdict.LIVE, Verdict.ROLLED_BACK, Verdict.FAILED, Verdict.TIMED_OUT)
"""Changes that came to an end of their own; a stopped or superseded one says nothing of the change."""


def stats(rows: Sequence[Event], days: float) -> dict[str, Any]:
    """Figures of these records, which are of that many days; a figure without a record behind it is None.

    Times are in seconds, rates from 0 to 1.
    """
    changes = [row for row in rows if not is_rollback(row)]
    tried = [row for row in changes if row["verdict"] in TRIED]
    undone = {row["rollback_of"] for row in rows if is_rollback(row) and row["verdict"] == Verdict.LIVE}
    failed = [row for row in tried if row["verdict"] != Verdict.LIVE or row["id"] in undone]
    lead = lead_times(tried)
    restore = restore_times(rows)
    return {
        "days": days,
        "deployments": len(rows),
        "rollbacks": len(rows) - len(changes),
        "verdicts": dict(sorted(Counter(row["verdict"] for row in rows).items())),
        "live_per_day": round(sum(row["verdict"] == Verdict.LIVE for row in changes) / days, 3),
        "lead_time": {"count": len(lead), "p50": quantile(lead, 0.5), "p95": quantile(lead, 0.95)},
        "change_failure_rate": round(len(failed) / len(tried), 4) if tried else None,
        "time_to_restore": {"count": len(restore), "p50": quantile(restore, 0.5), "p95": quantile(restore, 0.95)},
        "stages": {name: row for name in STAGES if (row := _stage(name, rows))},
    }


def is_rollback(row: Mapping[str, Any]) -> bool:
    """Whether the deployment went back rather than forward."""
    return any("rollback_to" in own for own in row["services"].values())


def lead_times(rows: Iterable[Event]) -> list[float]:
    """From the commit to live, where the commit is known and was what was deployed."""
    return [
        ended(row) - row["commit"]["time"]
        for row in rows
        if row["verdict"] == Verdict.LIVE and "seconds" in row and (commit := row.get("commit")) and not commit["dirty"]
    ]


def restore_times(rows: Sequence[Event]) -> list[float]:
    """From the end of a deployment that was gone back from to the end of the rollback."""
    by_id = {row["id"]: row for row in rows}
    return [
        ended(row) - ended(by_id[row["rollback_of"]])
        for row in rows
        if row["verdict"] == Verdict.LIVE and is_rollback(row) and _went_live(by_id.get(row.get("rollback_of", "")))
    ]


def _went_live(row: Event | None) -> bool:
    """A rollback of a rollback restores nothing that a change broke."""
    return row is not None and "seconds" in row and row["verdict"] == Verdict.LIVE and not is_rollback(row)


def ended(row: Mapping[str, Any]) -> float:
    """Unix time of a deployment's end."""
    return float(row["started"]) + float(row["seconds"])


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of them does not exceed: one that was measured, none between."""
    return round(sorted(values)[math.ceil(share * len(values)) - 1], 3) if values else None


def _stage(name: str, rows: Iterable[Event]) -> dict[str, Any]:
    found = [float(s["seconds"]) for row in rows for s in row.get("stages", ()) if s["name"] == name and s.get("ok")]
    return {"count": len(found), "p50": quantile(found, 0.5), "p95": quantile(found, 0.95)} if found else {}
