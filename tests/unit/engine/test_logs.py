"""Log lines in the order of time, each once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine.errors import BadInput, Refused
from scripts.engine.logs import Logs
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.projects import project, with_processes

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
        {"at": "00:01:41.250", "container": "hello", "task": "taska", "message": "a"},
        {"at": "00:01:42.500", "container": "hello", "task": "taskb", "message": "b"},
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


def one(cloud: Cloud, process: str | None, *streams: str) -> list[str]:
    """Messages of the lines that a process is asked for; each stream has one line, its name."""
    rows = [{**event(str(at), 100.0 + at, name), "logStreamName": f"{name}/task"} for at, name in enumerate(streams)]
    cloud.answers |= {
        "cloudformation:DescribeStacks": stack({"LogGroupName": GROUP}),
        "logs:FilterLogEvents": {"events": rows},
    }
    found = Logs(cloud.aws, with_processes(SETTINGS), "hello", since=100.0, process=process)
    return [line["message"] for line in found.new_lines()]


STREAMS = ("hello/hello", "hello-mailer/hello-mailer", "hello-nightly/hello-nightly")


@pytest.mark.parametrize(
    ("process", "lines"),
    [
        (None, STREAMS),
        ("web", STREAMS[:1]),
        ("mailer", STREAMS[1:2]),
        ("nightly", STREAMS[2:]),
    ],
)
def test_the_lines_of_one_process(cloud: Cloud, process: str | None, lines: tuple[str, ...]) -> None:
    assert one(cloud, process, *STREAMS) == list(lines)
    prefix = lines[0].partition("/")[0] + "/" if process else None
    assert cloud.parameters("logs:FilterLogEvents")[0].get("logStreamNamePrefix") == prefix


def test_the_release_command_has_a_log_of_its_own(cloud: Cloud) -> None:
    assert one(cloud, "release", "hello/hello") == ["hello/hello"]
    assert cloud.parameters("cloudformation:DescribeStacks") == [{"StackName": "shop-staging-release-hello"}]


def test_a_process_that_there_is_not(cloud: Cloud) -> None:
    with pytest.raises(BadInput) as caught:
        one(cloud, "nope")
    assert (caught.value.where, caught.value.remedy) == ("--process", "processes: web, mailer, nightly, release")
    assert cloud.asked == []
