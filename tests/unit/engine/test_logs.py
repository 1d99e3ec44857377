"""Log lines in the order of time, each once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine.errors import Refused
from scripts.engine.logs import Logs
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.projects import project

SETTINGS = project()
GROUP = "/slipway/shop-staging/hello"


def stack(outputs: dict[str, str]) -> dict[str, Any]:
    rows = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    row = {"StackName": "shop-staging-service-hello", "StackStatus": "UPDATE_COMPLETE", "Outputs": rows}
    return {"Stacks": [{**row, "CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}]}


def event(name: str, seconds: float, message: str = "") -> dict[str, Any]:
    return {
        "eventId": name,
        "timestamp": int(seconds * 1000),
        "logStreamName": f"slipway/hello/task{name}",
        "message": (message or name) + "\n",
    }


def logs(cloud: Cloud, *pages: dict[str, Any]) -> Logs:
    cloud.answers |= {
        "cloudformation:DescribeStacks": stack({"LogGroupName": GROUP}),
        "logs:FilterLogEvents": list(pages),
    }
    return Logs(cloud.aws, SETTINGS, "hello", since=100.0)


def test_lines_of_several_tasks_in_the_order_of_time(cloud: Cloud) -> None:
    found = logs(cloud, {"events": [event("b", 102.5), event("a", 101.25)], "nextToken": "2"}, {"events": []})
    assert found.new_lines() == [
        {"at": "00:01:41.250", "task": "taska", "message": "a"},
        {"at": "00:01:42.500", "task": "taskb", "message": "b"},
    ]
    assert cloud.parameters("logs:FilterLogEvents")[0] == {"logGroupName": GROUP, "startTime": 100_000}


def test_each_line_comes_once_though_the_last_seconds_are_read_again(cloud: Cloud) -> None:
    found = logs(
        cloud,
        {"events": [event("a", 110.0)]},
        {"events": [event("a", 110.0), event("late", 109.0), event("b", 111.0)]},
        {"events": []},
    )
    assert [[line["message"] for line in found.new_lines()] for _ in range(3)] == [["a"], ["late", "b"], []]
    starts = [call["startTime"] for call in cloud.parameters("logs:FilterLogEvents")]
    assert starts == [100_000, 108_000, 109_000]


@pytest.mark.parametrize("answer", [{"Stacks": []}, stack({})])
def test_a_service_that_was_never_deployed_has_no_log(cloud: Cloud, answer: dict[str, Any]) -> None:
    cloud.answers["cloudformation:DescribeStacks"] = answer
    with pytest.raises(Refused) as caught:
        Logs(cloud.aws, SETTINGS, "hello", since=0.0)
    assert (caught.value.where, caught.value.what, caught.value.remedy) == (
        "logs",
        "hello is not deployed on staging",
        "./poe deploy",
    )
