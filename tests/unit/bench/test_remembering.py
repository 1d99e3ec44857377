"""The records that fill a ledger are those that a deploy would have written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from scripts.bench import remembering
from scripts.engine.history import history
from scripts.engine.stats import stats
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.projects import project
from tests.unit.engine.tables import Table


def test_a_full_ledger_reads_like_one_of_deploys() -> None:
    cloud = Cloud()
    Table(cloud)
    settings = project()
    site: Any = SimpleNamespace(settings=settings, aws=lambda: cloud.aws)
    remembering.fill(site, 20)
    rows = history(cloud.aws, settings, service="hello", verdict="failed")
    assert [row["services"]["hello"]["image_tag"][-2:] for row in rows] == ["12", "08"]
    every = history(cloud.aws, settings, limit=100)
    assert len({row["id"] for row in every}) == 20
    assert every[0]["started"] - every[1]["started"] == remembering.SPACING


def test_its_figures_can_be_counted() -> None:
    rows = [{"id": f"{n:03}", **remembering.record("local", 1_000.0 + n, n)} for n in range(10)]
    found = stats(rows, 1)
    assert (found["verdicts"]["live"], found["lead_time"]["count"], found["cache"]["layers"]["rate"]) == (7, 7, 0.8333)
    assert found["stages"]["rollout"] == {"count": 10, "p50": 7.0, "p95": 7.0}
