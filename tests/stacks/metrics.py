"""Which metrics templates name: in alarms and on dashboards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.stacks.conftest import Synthesis
from tests.unit.envoy.emf import Metric

SEARCH = re.compile(r"SEARCH\('\{([^}]+)\} .*MetricName=\"(\w+)\"'")


def named(synthesis: Synthesis) -> set[Metric]:
    """Namespace, names of the dimensions and name of every metric that alarms and dashboards show."""
    found = set[Metric]()
    for key in synthesis.settings.stack_keys:
        for alarm in synthesis.resources(key, "AWS::CloudWatch::Alarm"):
            found |= set(_of_alarm(alarm))
        for dashboard in synthesis.resources(key, "AWS::CloudWatch::Dashboard"):
            found |= set(_of_dashboard(dashboard))
    return found


def widgets(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """The graphs of a dashboard; what only CloudFormation knows is a question mark."""
    body = dashboard["DashboardBody"]
    text = "".join(part if isinstance(part, str) else "?" for part in body["Fn::Join"][1])
    rows: list[dict[str, Any]] = json.loads(text)["widgets"]
    return rows


def _of_alarm(alarm: dict[str, Any]) -> Iterator[Metric]:
    for query in alarm.get("Metrics", [{"MetricStat": {"Metric": alarm}}]):
        if "MetricStat" in query:
            metric = query["MetricStat"]["Metric"]
            yield metric["Namespace"], tuple(row["Name"] for row in metric["Dimensions"]), metric["MetricName"]


def _of_dashboard(dashboard: dict[str, Any]) -> Iterator[Metric]:
    for row in (row for widget in widgets(dashboard) for row in widget["properties"]["metrics"]):
        if isinstance(row[0], dict):
            match = SEARCH.match(row[0]["expression"])
            assert match, row
            namespace, *dimensions = match[1].split(",")
            yield namespace, tuple(dimensions), match[2]
        else:
            yield row[0], tuple(row[2:-1:2]), row[1]
