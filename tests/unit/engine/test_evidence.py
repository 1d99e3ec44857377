"""Evidence of a rollout that failed: what is read, from where, and what is left out rather than hiding the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine.diagnose import Cause, Evidence, as_event, gather, unhealthy_words
from scripts.engine.rollout import Snapshot, Target, Task
from settings import Service
from tests.unit.engine.clouds import Cloud, Refusal
from tests.unit.engine.moments import NOW, crashed, seen, task

HELLO = Service("hello", "hello", port=8000)
MISMATCH = "Target.ResponseCodeMismatch Health checks failed with these codes: [{}]"


def test_what_the_load_balancer_says_of_unhealthy_targets() -> None:
    snapshot = seen(
        targets={
            "10.0.0.1": Target("healthy"),
            "10.0.0.2": Target("unhealthy", "Target.Timeout", "Request timed out"),
            "10.0.0.3": Target("unhealthy", "Target.FailedHealthChecks"),
            "10.0.0.4": Target("initial", "Elb.InitialHealthChecking"),
        }
    )
    assert unhealthy_words(snapshot) == ["Target.Timeout Request timed out", "Target.FailedHealthChecks"]


THEN = datetime.fromtimestamp(NOW, UTC)
OPTIONS = {"awslogs-group": "/slipway/shop/hello", "awslogs-stream-prefix": "slipway"}


def answer_all(cloud: Cloud, options: dict[str, str] = OPTIONS) -> None:
    container = {"name": "hello", "logConfiguration": {"logDriver": "awslogs", "options": options}}
    cloud.answers |= {
        "ecs:DescribeTaskDefinition": {"taskDefinition": {"containerDefinitions": [{"name": "proxy"}, container]}},
        "logs:GetLogEvents": {"events": [{"message": "starting\n"}, {"message": "KeyError: 'X'"}]},
        "ecs:DescribeServices": {"services": [{"events": []}]},
    }


def collect(cloud: Cloud, *failed: Task, snapshot: Snapshot | None = None, words: tuple[str, ...] = ()) -> Evidence:
    return gather(cloud.aws, "shop", HELLO, failed=failed, seen=snapshot or seen(), unhealthy=words)


def test_evidence_of_a_crash(cloud: Cloud) -> None:
    answer_all(cloud)
    assert collect(cloud, crashed("n1"), words=("a", "b", "a")) == Evidence(
        (crashed("n1"),), ("a", "b"), ("starting", "KeyError: 'X'")
    )
    assert cloud.parameters("logs:GetLogEvents") == [
        {
            "logGroupName": "/slipway/shop/hello",
            "logStreamName": "slipway/hello/n1",
            "limit": 50,
            "startFromHead": False,
        }
    ]
    assert cloud.aws.mutating_calls == []


def test_the_newest_task_that_logged_anything_speaks(cloud: Cloud) -> None:
    answer_all(cloud)
    cloud.answers["logs:GetLogEvents"] = [{"events": []}, {"events": [{"message": "older"}]}]
    tasks = [replace(crashed(f"n{n}"), created=NOW + n) for n in range(1, 6)]
    found = collect(cloud, *tasks)
    assert [t.id for t in found.tasks] == ["n3", "n4", "n5"]
    assert found.logs == ("older",)
    assert [call["logStreamName"] for call in cloud.parameters("logs:GetLogEvents")] == [
        "slipway/hello/n5",
        "slipway/hello/n4",
    ]


def test_a_task_that_still_runs_speaks_when_none_has_stopped(cloud: Cloud) -> None:
    answer_all(cloud)
    found = collect(cloud, snapshot=seen(tasks=(task("o1", "td:1"), task("n2"))))
    assert found.tasks == ()
    assert found.logs == ("starting", "KeyError: 'X'")
    assert cloud.parameters("logs:GetLogEvents")[0]["logStreamName"] == "slipway/hello/n2"


def test_without_a_single_task_there_is_no_log(cloud: Cloud) -> None:
    answer_all(cloud)
    assert collect(cloud, snapshot=Snapshot(), words=("a",)) == Evidence((), ("a",), ())


def test_ecs_tells_why_a_target_was_unhealthy_after_it_has_gone(cloud: Cloud) -> None:
    answer_all(cloud)

    def event(code: int, seconds: float) -> dict[str, Any]:
        text = f"(service hello) (port 8000) is unhealthy in (target-group arn) due to (reason {MISMATCH.format(code)})"
        return {"createdAt": datetime.fromtimestamp(NOW + seconds, UTC), "message": text}

    other = {"createdAt": THEN, "message": "(service hello) has started 1 tasks: (task x)."}
    cloud.answers["ecs:DescribeServices"] = {"services": [{"events": [event(500, 5), other, event(404, -900)]}]}
    assert collect(cloud, replace(crashed("n1"), created=NOW)).targets == (MISMATCH.format(500),)


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("logs:GetLogEvents", Refusal("ResourceNotFoundException", "The specified log stream does not exist.")),
        ("ecs:DescribeTaskDefinition", Refusal("ThrottlingException")),
    ],
)
def test_a_part_that_cannot_be_read_does_not_hide_the_rest(cloud: Cloud, call: str, answer: Refusal) -> None:
    answer_all(cloud)
    cloud.answers[call] = answer
    assert collect(cloud, crashed("n1"), words=("a",)) == Evidence((crashed("n1"),), ("a",), ())


def test_events_that_cannot_be_read_do_not_hide_the_rest(cloud: Cloud) -> None:
    answer_all(cloud)
    cloud.answers["ecs:DescribeServices"] = Refusal("AccessDeniedException")
    assert collect(cloud, crashed("n1")).logs == ("starting", "KeyError: 'X'")


def test_a_task_that_logs_elsewhere(cloud: Cloud) -> None:
    answer_all(cloud, {})
    assert collect(cloud, crashed("n1")).logs == ()


def test_the_evidence_as_an_event() -> None:
    found = Evidence((replace(crashed("n1"), exit_code=137, container_reason="OutOfMemoryError"),), ("a",), ("b",))
    assert as_event(found, Cause("out_of_memory", "it needs more", "raise it")) == {
        "tasks": [
            {
                "id": "n1",
                "stopped_reason": "Essential container in task exited",
                "exit_code": 137,
                "container_reason": "OutOfMemoryError",
            }
        ],
        "targets": ["a"],
        "logs": ["b"],
        "cause": "out_of_memory",
        "sentence": "it needs more",
        "remedy": "raise it",
    }
