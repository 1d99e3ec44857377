"""What the load balancer counted of one service, minute by minute, or the gateway that the service is behind.

Elastic Load Balancing sends its metrics to CloudWatch in periods of 60 seconds, and only where there were requests; a
period can be read a minute or two after it is over. Its own 5xx codes are counted for the whole load balancer, so what
counts here besides the targets' 5xx are connections to them that failed. Health checks are not counted. Source:
Elastic Load Balancing, "CloudWatch metrics for your Application Load Balancer".

Requests of a service behind the gateway do not pass through its target group. Each task of the gateway tells CloudWatch
what it counted, once a minute (`envoy/agent/metrics.py`); the 95th percentile is that of the slowest task.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scripts.engine.aws import Aws, translated
from scripts.engine.baking import Minute

PERIOD = 60


@dataclass(frozen=True)
class Counter:
    """Who counts, and by which metrics."""

    name: str
    namespace: str
    metrics: tuple[tuple[str, str, str], ...]
    """Query id, metric, statistic."""
    dimensions: tuple[tuple[str, str], ...]
    milliseconds: float
    """How many a unit of the percentile is."""


def of_load_balancer(load_balancer_arn: str, target_group_arn: str) -> Counter:
    """The load balancer; dimensions are the last parts of the ARNs."""
    return Counter(
        "load balancer",
        "AWS/ApplicationELB",
        (
            ("requests", "RequestCount", "Sum"),
            ("refused", "TargetConnectionErrorCount", "Sum"),
            ("errors", "HTTPCode_Target_5XX_Count", "Sum"),
            ("p95", "TargetResponseTime", "p95"),
        ),
        (
            ("LoadBalancer", load_balancer_arn.partition(":loadbalancer/")[2]),
            ("TargetGroup", target_group_arn.rpartition(":")[2]),
        ),
        milliseconds=1000,
    )


def of_gateway(prefix: str, service: str) -> Counter:
    """The gateway of the target with that prefix."""
    return Counter(
        "gateway",
        "Slipway/Gateway",
        (("requests", "Requests", "Sum"), ("errors", "Errors", "Sum"), ("p95", "P95", "Maximum")),
        (("Target", prefix), ("Service", service)),
        milliseconds=1,
    )


def first_minute(live: float) -> float:
    """Begin of the first whole minute after live: the one before it counts the old version's requests too."""
    return math.ceil(live / PERIOD) * float(PERIOD)


def read_minutes(aws: Aws, of: Counter, *, start: float, now: float) -> tuple[Minute, ...]:
    """The minutes from `start` on that CloudWatch tells, the oldest first; times are seconds since the epoch."""
    with translated(f"read the {of.name}'s metrics"):
        pages = aws.client("cloudwatch").get_paginator("get_metric_data")
        rows = pages.paginate(
            MetricDataQueries=[_query(*row, of) for row in of.metrics],
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(first_minute(now), UTC),
            ScanBy="TimestampAscending",
        )
        found: dict[float, dict[str, float]] = {}
        for row in (row for page in rows for row in page["MetricDataResults"]):
            for at, value in zip(row["Timestamps"], row["Values"], strict=True):
                found.setdefault(at.timestamp(), {})[row["Id"]] = value
    return tuple(_minute(at, values, of.milliseconds) for at, values in sorted(found.items()) if at >= start)


def merged(several: Iterable[Sequence[Minute]]) -> tuple[Minute, ...]:
    """Minutes of several target groups as those of one; the p95 is that of the group with the most requests."""
    found: dict[float, Minute] = {}
    for one in (minute for minutes in several for minute in minutes):
        other = found.get(one.start, Minute(one.start, 0, 0))
        p95 = one.p95 if one.requests >= other.requests else other.p95
        found[one.start] = Minute(one.start, one.requests + other.requests, one.errors + other.errors, p95)
    return tuple(found[start] for start in sorted(found))


def _query(name: str, metric: str, statistic: str, of: Counter) -> dict[str, Any]:
    named = [{"Name": key, "Value": value} for key, value in of.dimensions]
    found = {"Namespace": of.namespace, "MetricName": metric, "Dimensions": named}
    return {"Id": name, "MetricStat": {"Metric": found, "Period": PERIOD, "Stat": statistic}}


def _minute(at: float, values: Mapping[str, float], milliseconds: float) -> Minute:
    requests, p95 = int(values.get("requests", 0)), values.get("p95")
    return Minute(
        start=at,
        requests=requests,
        errors=min(requests, int(values.get("errors", 0) + values.get("refused", 0))),
        p95=None if p95 is None else p95 * milliseconds,
    )
