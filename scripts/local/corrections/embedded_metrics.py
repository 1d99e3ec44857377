"""Correction to CloudWatch Logs: an event in the embedded metric format becomes the metrics that it describes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scripts.local.corrections.upstream import Services

MARK = '"CloudWatchMetrics"'
"""What every such event holds; others are not even parsed."""
MOST_DIMENSIONS, MOST_METRICS, MOST_VALUES = 30, 100, 100


@dataclass(frozen=True)
class Datum:
    """Values of one metric."""

    namespace: str
    name: str
    unit: str
    seconds: float
    """Since 1970."""
    dimensions: tuple[tuple[str, str], ...]
    values: tuple[float, ...]


def extract_embedded_metrics(service: Services) -> None:
    """Metrics are extracted from every event that is stored, whoever sent it; alarms look at them."""
    logs, cloudwatch = service("cloudwatch_logs"), service("cloudwatch")
    put = logs._put_log_events

    def put_log_events(request: Any) -> Any:
        answer = put(request)
        if answer[0] == 200:
            events = [str(event.get("message", "")) for event in request.get("logEvents") or ()]
            _store(cloudwatch, [datum for message in events for datum in embedded(message)])
        return answer

    logs._put_log_events = put_log_events


def _store(cloudwatch: Any, found: list[Datum]) -> None:
    for one in found:
        place = (one.namespace, one.name, dict(one.dimensions), one.seconds, one.unit)
        cloudwatch._store_datum(*place, None, list(one.values), None, None)
    if found:
        cloudwatch._evaluate_all_alarms()


def embedded(message: str) -> Iterator[Datum]:
    """The metrics of an event; none where it is not wholly in that format.

    Source: CloudWatch user guide, "Specification: Embedded metric format".
    """
    if MARK not in message:
        return
    try:
        root = json.loads(message)
        seconds = root["_aws"]["Timestamp"] / 1000
        rows = [row for row in root["_aws"]["CloudWatchMetrics"] if _is_directive(row)]
    except (ValueError, KeyError, TypeError):
        return
    for row in rows:
        for keys in row["Dimensions"]:
            if len(keys) > MOST_DIMENSIONS or not all(isinstance(root.get(key), str) and root[key] for key in keys):
                continue
            dimensions = tuple((key, root[key]) for key in keys)
            for metric in row["Metrics"]:
                values = _values(root.get(metric["Name"]))
                if values:
                    unit = metric.get("Unit", "None")
                    yield Datum(row["Namespace"], metric["Name"], unit, seconds, dimensions, values)


def _is_directive(row: Any) -> bool:
    return (
        isinstance(row["Namespace"], str)
        and all(isinstance(keys, list) and all(isinstance(key, str) for key in keys) for keys in row["Dimensions"])
        and len(row["Metrics"]) <= MOST_METRICS
        and all(isinstance(metric["Name"], str) for metric in row["Metrics"])
    )


def _values(found: Any) -> tuple[float, ...]:
    several = found if isinstance(found, list) else [found]
    is_fine = len(several) <= MOST_VALUES and all(type(value) in (int, float) for value in several)
    return tuple(float(value) for value in several) if is_fine else ()
