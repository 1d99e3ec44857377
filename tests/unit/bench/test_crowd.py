"""Counting who ran when and who was lost."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from scripts.bench import crowd
from scripts.engine.ledger import Ledger, new_id
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.projects import project
from tests.unit.engine.tables import Table


@pytest.mark.parametrize(
    ("spans", "most"),
    [([], 0), ([(0, 1)], 1), ([(0, 1), (1, 2)], 1), ([(0, 5), (1, 2), (3, 4)], 2), ([(0, 9), (1, 9), (2, 3)], 3)],
)
def test_most_at_once(spans: list[tuple[float, float]], most: int) -> None:
    assert crowd.most_at_once(spans) == most


def test_reports_and_records_have_to_agree() -> None:
    cloud, settings = Cloud(), project()
    Table(cloud)
    reports = []
    for number, verdict in enumerate(("live", "superseded", "live")):
        ledger = Ledger(cloud.aws, settings, new_id(1_000.0 + number))
        services = {"hello": {"path": "fast", "verdict": "live"}}
        ledger.close({"verdict": "live", "services": services, "started": 1_000.0, "seconds": 10.0 * (number + 1)})
        ledger.event({"event": "stage", "at": 10.0 * number + 1}, 1)
        reports.append({"verdict": verdict, "deployment": ledger.id})
    site: Any = SimpleNamespace(settings=settings, aws=lambda: cloud.aws)
    lost = {"verdict": "live", "deployment": None}
    assert crowd.counts(site, [*reports, lost]) == {"live": 3, "superseded": 1, "lost": 2, "at_once": 1}
