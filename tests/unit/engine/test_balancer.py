"""The load balancer's numbers: what is asked for, and minutes from what CloudWatch tells."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agent import metrics
from agent.stats import Counts
from scripts.engine.baking import Minute
from scripts.engine.balancer import first_minute, merged, of_gateway, of_load_balancer, read_minutes
from scripts.engine.errors import Failed
from tests.unit.engine.clouds import Cloud, Refusal

ARN = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:"
OF = (("LoadBalancer", "app/shop/50dc6c495c0c9188"), ("TargetGroup", "targetgroup/hello/73e2d6bc24d8a067"))
BALANCER = of_load_balancer(f"{ARN}loadbalancer/app/shop/50dc6c495c0c9188", f"{ARN}{OF[1][1]}")
LIVE = 1_000_000_000.0  # 40 s into a minute


def row(name: str, **values: float) -> dict[str, Any]:
    """One result; keys are `m` and the minute after live's first."""
    times = [datetime.fromtimestamp(first_minute(LIVE) + 60 * int(key[1:]), UTC) for key in values]
    return {"Id": name, "Label": name, "Timestamps": times, "Values": list(values.values()), "StatusCode": "Complete"}


def test_dimensions_are_the_ends_of_the_arns() -> None:
    assert BALANCER.dimensions == OF


@pytest.mark.parametrize(("live", "first"), [(0.0, 0.0), (0.1, 60.0), (60.0, 60.0), (119.9, 120.0)])
def test_the_minute_in_which_it_became_live_does_not_count(live: float, first: float) -> None:
    assert first_minute(live) == first


def test_minutes(cloud: Cloud) -> None:
    rows = [
        row("requests", m0=100.0, m1=40.0, m2=5.0),
        row("errors", m1=3.0, m2=4.0),
        row("refused", m1=1.0, m2=4.0),
        row("p95", m0=0.25, m1=1.5),
    ]
    cloud.answers["cloudwatch:GetMetricData"] = {"MetricDataResults": rows}
    start = first_minute(LIVE)
    assert read_minutes(cloud.aws, BALANCER, start=start, now=LIVE + 200) == (
        Minute(start, 100, 0, 250.0),
        Minute(start + 60, 40, 4, 1500.0),
        Minute(start + 120, 5, 5, None),
    )
    (asked,) = cloud.parameters("cloudwatch:GetMetricData")
    assert asked["StartTime"].timestamp() == start
    assert asked["EndTime"].timestamp() == first_minute(LIVE + 200)
    named = [(q["MetricStat"]["Metric"]["MetricName"], q["MetricStat"]["Stat"]) for q in asked["MetricDataQueries"]]
    assert set(named) == {
        ("RequestCount", "Sum"),
        ("HTTPCode_Target_5XX_Count", "Sum"),
        ("TargetConnectionErrorCount", "Sum"),
        ("TargetResponseTime", "p95"),
    }
    found = {
        tuple((d["Name"], d["Value"]) for d in q["MetricStat"]["Metric"]["Dimensions"])
        for q in asked["MetricDataQueries"]
    }
    assert found == {OF}


def test_minutes_of_a_service_behind_the_gateway(cloud: Cloud) -> None:
    rows = [row("requests", m0=100.0), row("errors", m0=7.0), row("p95", m0=12.5)]
    cloud.answers["cloudwatch:GetMetricData"] = {"MetricDataResults": rows}
    start = first_minute(LIVE)
    gateway = of_gateway("shop-staging", "hello")
    assert read_minutes(cloud.aws, gateway, start=start, now=LIVE + 70) == (Minute(start, 100, 7, 12.5),)
    (asked,) = cloud.parameters("cloudwatch:GetMetricData")
    metrics = [query["MetricStat"]["Metric"] for query in asked["MetricDataQueries"]]
    assert [(one["Namespace"], one["MetricName"]) for one in metrics] == [
        ("Slipway/Gateway", "Requests"),
        ("Slipway/Gateway", "Errors"),
        ("Slipway/Gateway", "P95"),
    ]
    assert metrics[0]["Dimensions"] == [
        {"Name": "Target", "Value": "shop-staging"},
        {"Name": "Service", "Value": "hello"},
    ]


def test_what_the_gateway_tells_has_the_names_that_are_asked_for() -> None:
    told = metrics.documents(
        metrics.Reading(), metrics.Reading({"hello": Counts(3, 1, buckets={"10": 3})}), target="shop-staging", at=0.0
    )
    asked = of_gateway("shop-staging", "hello")
    (directive,) = told[0]["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == asked.namespace
    assert directive["Dimensions"] == [[name for name, _ in asked.dimensions]]
    assert {told[0][name] for name, _ in asked.dimensions} == {value for _, value in asked.dimensions}
    assert {metric for _, metric, _ in asked.metrics} <= told[0].keys()


def test_a_minute_before_live_is_left_out_even_when_it_is_told(cloud: Cloud) -> None:
    early = datetime.fromtimestamp(first_minute(LIVE) - 60, UTC)
    told = {"Id": "requests", "Timestamps": [early], "Values": [9.0], "StatusCode": "Complete"}
    cloud.answers["cloudwatch:GetMetricData"] = {"MetricDataResults": [told]}
    assert read_minutes(cloud.aws, BALANCER, start=first_minute(LIVE), now=LIVE + 70) == ()


def test_without_the_right_to_read_them(cloud: Cloud) -> None:
    cloud.answers["cloudwatch:GetMetricData"] = Refusal("AccessDenied", "not you")
    with pytest.raises(Failed, match="read the load balancer's metrics"):
        read_minutes(cloud.aws, BALANCER, start=0.0, now=60.0)


def test_two_target_groups_count_as_one() -> None:
    old = (Minute(0, 90, 1, 20.0), Minute(60, 10, 0, 25.0))
    new = (Minute(60, 40, 2, 80.0), Minute(120, 50, 0, 70.0))
    assert merged([old, new]) == (Minute(0, 90, 1, 20.0), Minute(60, 50, 2, 80.0), Minute(120, 50, 0, 70.0))
    assert merged([new, old])[1] == Minute(60, 50, 2, 80.0)
    assert merged([]) == ()
