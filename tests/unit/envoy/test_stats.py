"""Envoy's own JSON of statistics as plain counts."""

from __future__ import annotations

import re
from typing import Any

from agent.stats import PATTERN, Counts, counts


def test_figures_and_buckets_of_each_cluster() -> None:
    bounds = [
        {"upper_bound": 0.5, "interval": 0, "cumulative": 1},
        {"upper_bound": 250, "interval": 2, "cumulative": 3},
    ]
    rows: list[dict[str, Any]] = [
        {"name": "cluster.shop.upstream_rq_completed", "value": 5},
        {"name": "cluster.shop.upstream_rq_5xx", "value": 2},
        {"name": "cluster.shop_next.membership_healthy", "value": 1},
        {"name": "cluster.shop_next.membership_total", "value": 2},
        {"histograms": [{"name": "cluster.shop.upstream_rq_time", "buckets": bounds}]},
    ]
    assert counts(rows) == {
        "shop": Counts(requests=5, errors=2, buckets={"0.5": 1, "250": 3}),
        "shop_next": Counts(healthy=1, endpoints=2),
    }
    assert counts([]) == {}


def test_only_what_is_read_is_asked_for() -> None:
    assert re.fullmatch(PATTERN, "cluster.shop-2_next.upstream_rq_time")
    assert not re.fullmatch(PATTERN, "cluster.shop.internal.upstream_rq_completed")
    assert not re.fullmatch(PATTERN, "cluster.shop.external.upstream_rq_time")
