"""Figures counted by hand from a few records."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.engine.history import records_since
from scripts.engine.ledger import Ledger, new_id
from scripts.engine.stats import quantile, stats
from scripts.stats import page
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.projects import project
from tests.unit.engine.tables import Table

NOTHING = {"count": 0, "p50": None, "p95": None}


def row(ident: str, verdict: str = "live", *, at: float = 0.0, back: str = "", **more: Any) -> dict[str, Any]:
    own = {"path": "fast", "verdict": verdict, **({"rollback_to": "x", "rollback_of": back} if back else {})}
    made = {"id": ident, "verdict": verdict, "started": at, "seconds": 10.0, "services": {"hello": own}, **more}
    return {**made, **({"rollback_of": back} if back else {})}


def test_no_records_no_figures() -> None:
    found = stats([], 30)
    assert (found["deployments"], found["live_per_day"], found["change_failure_rate"]) == (0, 0.0, None)
    assert (found["lead_time"], found["time_to_restore"], found["stages"]) == (NOTHING, NOTHING, {})
    assert list(page("local", found))[1:] == [
        "  live deploys a day    0.0",
        "  lead time             -",
        "  change failure rate   -",
        "  time to restore       -",
        "  images not built      -",
        "  layers cached         -",
        "  analyses cached       -",
    ]


def test_a_week() -> None:
    rows = [
        row("5", "stopped", at=900),
        row("4", at=500, back="3"),
        row("3", at=200),
        row("2", "rolled_back", at=100),
        row("1", at=0),
    ]
    found = stats(rows, 2)
    assert found["verdicts"] == {"live": 3, "rolled_back": 1, "stopped": 1}
    assert (found["deployments"], found["rollbacks"], found["live_per_day"]) == (5, 1, 1.0)
    assert found["change_failure_rate"] == pytest.approx(2 / 3, abs=1e-4), "2 did not come up, 3 was gone back from"
    assert found["time_to_restore"] == {"count": 1, "p50": 300.0, "p95": 300.0}


def test_a_rollback_of_a_rollback_restores_nothing() -> None:
    rows = [row("3", at=500, back="2"), row("2", at=300, back="1"), row("1", at=0)]
    assert stats(rows, 1)["time_to_restore"] == {"count": 1, "p50": 300.0, "p95": 300.0}


def test_a_change_that_reached_nobody_is_none() -> None:
    rollout = [{"name": "rollout", "service": "hello", "started": 1.0, "seconds": 1.0, "ok": False}]
    rows = [row("3", "failed", stages=rollout), row("2", "failed"), row("1", "superseded"), row("0")]
    found = stats(rows, 1)
    assert (found["changes"], found["change_failure_rate"]) == (2, 0.5)


def test_a_version_that_was_taken_back_while_it_baked() -> None:
    stages = [
        {"name": "verify", "service": "other", "started": 1.0, "seconds": 1.0, "ok": True},
        {"name": "verify", "service": "hello", "started": 4.0, "seconds": 0.5, "ok": True},
        {"name": "verify", "service": "hello", "started": 4.5, "seconds": 5.5, "ok": False},
    ]
    found = stats([row("1", "rolled_back", stages=stages), row("0", "rolled_back", stages=stages[2:])], 1)
    assert found["time_to_restore"] == {"count": 1, "p50": 5.5, "p95": 5.5}
    assert found["change_failure_rate"] == 1.0


def test_one_rollback_of_services_that_came_apart_restores_each() -> None:
    back = row("3", at=100, back="2")
    back["services"]["gateway"] = {"path": "fast", "verdict": "live", "rollback_to": "x", "rollback_of": "1"}
    found = stats([back, row("2", at=50), row("1", at=20)], 1)
    assert found["time_to_restore"] == {"count": 2, "p50": 50.0, "p95": 80.0}
    assert found["change_failure_rate"] == 1.0


def test_a_removed_application_is_no_deployment() -> None:
    found = stats([row("2", kind="remove"), row("1")], 1)
    assert (found["deployments"], found["live_per_day"]) == (1, 1.0)


def test_a_service_from_a_repository_has_a_commit_of_its_own() -> None:
    made = row("1", at=90, commit={"id": "c", "time": 40, "dirty": False})
    made["services"] |= {
        "app": {"path": "fast", "verdict": "live", "commit": {"id": "d", "time": 70}},
        "still": {"path": "none", "verdict": "unchanged", "commit": {"id": "e", "time": 0}},
    }
    assert stats([made], 1)["lead_time"] == {"count": 2, "p50": 30.0, "p95": 60.0}


def test_what_did_not_have_to_be_made_anew() -> None:
    caches: tuple[dict[str, Any], ...] = (
        {"image": "built", "layers": 5, "cached_layers": 4, "analysis": "cached"},
        {"image": "built", "layers": 3, "cached_layers": 0, "analysis": "made"},
        {"image": "registry"},
        {"image": "engine"},
        {},
    )
    rows = [row(str(at)) for at in range(len(caches))]
    for made, one in zip(rows, caches, strict=True):
        made["services"]["hello"]["cache"] = one
    found = stats(rows, 1)
    assert found["cache"] == {
        "images": {"count": 4, "hits": 2, "rate": 0.5},
        "layers": {"count": 8, "hits": 4, "rate": 0.5},
        "analyses": {"count": 2, "hits": 1, "rate": 0.5},
    }
    assert "  images not built      50.0%, 2 of 4" in list(page("local", found))


def test_lead_time_only_of_what_was_committed() -> None:
    clean, dirty = {"id": "c", "time": 40, "dirty": False}, {"id": "c", "time": 0, "dirty": True}
    rows = [
        row("4", at=90, commit=clean, back="3"),
        row("3", at=90, commit=clean),
        row("2", at=90, commit=dirty),
        row("1", "failed", at=90, commit=clean),
        row("0", at=90),
    ]
    assert stats(rows, 1)["lead_time"] == {"count": 1, "p50": 60.0, "p95": 60.0}


def test_stages_that_succeeded() -> None:
    stages = [{"name": "build", "seconds": float(n), "ok": n < 20} for n in range(1, 21)]
    assert stats([row("1", stages=stages)], 1)["stages"] == {"build": {"count": 19, "p50": 10.0, "p95": 19.0}}


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([3.0], 0.95, 3.0), ([4.0, 1.0], 0.5, 1.0), ([1.0, 2.0, 3.0], 0.5, 2.0), ([1.0, 2.0], 0.95, 2.0)],
)
def test_a_quantile_is_one_of_the_values(values: list[float], share: float, expected: float | None) -> None:
    assert quantile(values, share) == expected


def test_only_records_of_these_days_are_read(cloud: Cloud) -> None:
    Table(cloud)
    for moment in (1_000.0, 2_000.0, 3_000.0):
        Ledger(cloud.aws, project(), new_id(moment)).close(
            {"verdict": "live", "services": {}, "stages": [], "at": moment}
        )
    assert [row["at"] for row in records_since(cloud.aws, project(), 2_000.0)] == [3_000.0, 2_000.0]


def test_the_page() -> None:
    found = stats(
        [row("2", at=400_000, back="1"), row("1", stages=[{"name": "push", "seconds": 0.25, "ok": True}])], 30
    )
    shown = list(page("local", found))
    assert shown[0] == "target local, 30 days: 2 deployments (2 live)"
    assert "  change failure rate   100.0%, 1 of 1" in shown
    assert "  time to restore           4.6 d median,     4.6 d p95, of 1" in shown
    assert "  stage push               0.25 s median,    0.25 s p95, of 1" in shown
