"""What one look at a service reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine.rollout import Deployment, Snapshot, Target, Task
from scripts.engine.together import baseline
from scripts.engine.watch import Watcher
from tests.unit.engine.clouds import Cloud, Refusal
from tests.unit.engine.moments import LIVE
from tests.unit.engine.projects import project

SETTINGS = project()
ARN = "arn:aws:ecs:eu-central-1:111111111111:"
THEN = datetime(2026, 1, 1, tzinfo=UTC)


def rows(cloud: Cloud) -> None:
    containers = [{"name": "proxy", "image": "proxy:1"}, {"name": "hello", "image": "registry/hello:src-new"}]
    cloud.answers |= {
        "ecs:DescribeServices": {
            "services": [
                {
                    "serviceName": "hello",
                    "status": "ACTIVE",
                    "desiredCount": 2,
                    "deployments": [
                        {"id": "d2", "status": "PRIMARY", "taskDefinition": "td:2", "rolloutState": "IN_PROGRESS"},
                        {"id": "d1", "status": "ACTIVE", "taskDefinition": "td:2", "rolloutStateReason": "why"},
                    ],
                    "loadBalancers": [{"targetGroupArn": ARN + "group"}],
                }
            ]
        },
        "ecs:DescribeTaskDefinition": {"taskDefinition": {"containerDefinitions": containers}},
        "ecs:ListTasks": [{"taskArns": [ARN + "task/shop/1"]}, {"taskArns": [ARN + "task/shop/2"]}],
        "ecs:DescribeTasks": {
            "tasks": [
                {
                    "taskArn": ARN + "task/shop/1",
                    "taskDefinitionArn": "td:2",
                    "lastStatus": "RUNNING",
                    "startedAt": THEN,
                    "createdAt": THEN,
                    "containers": [{"name": "hello", "imageDigest": "sha256:a"}],
                    "attachments": [{"details": [{"name": "privateIPv4Address", "value": "10.0.0.1"}]}],
                },
                {
                    "taskArn": ARN + "task/shop/2",
                    "taskDefinitionArn": "td:2",
                    "lastStatus": "STOPPED",
                    "stoppedReason": "Essential container in task exited",
                    "stopCode": "EssentialContainerExited",
                    "containers": [
                        {"name": "proxy", "exitCode": 0},
                        {"name": "hello", "exitCode": 137, "reason": "OutOfMemoryError"},
                    ],
                },
            ]
        },
        "elbv2:DescribeTargetHealth": health("healthy"),
        "cloudformation:DescribeStacks": {
            "Stacks": [{"StackName": "x", "StackStatus": "UPDATE_IN_PROGRESS", "CreationTime": THEN}]
        },
    }


def health(state: str) -> dict[str, Any]:
    rows = [
        {"Target": {"Id": "10.0.0.1"}, "TargetHealth": {"State": state}},
        {
            "Target": {"Id": "10.0.0.9"},
            "TargetHealth": {"State": "unhealthy", "Reason": "Target.Timeout", "Description": "Request timed out"},
        },
    ]
    return {"TargetHealthDescriptions": rows}


def test_a_look(cloud: Cloud) -> None:
    rows(cloud)
    found = Watcher(cloud.aws, SETTINGS, "hello").look()
    assert found.healthy_since == {"1": found.now}
    assert replace(found, now=0.0, healthy_since={}) == Snapshot(
        desired=2,
        deployments=(Deployment("d2", True, "td:2", "IN_PROGRESS"), Deployment("d1", False, "td:2", reason="why")),
        tasks=(
            Task("1", "td:2", "sha256:a", "RUNNING", "10.0.0.1", THEN.timestamp(), THEN.timestamp(), container="hello"),
            Task(
                "2",
                "td:2",
                "",
                "STOPPED",
                stopped_reason="Essential container in task exited",
                stop_code="EssentialContainerExited",
                exit_code=137,
                container_reason="OutOfMemoryError",
                container="hello",
            ),
        ),
        targets={
            "10.0.0.1": Target("healthy"),
            "10.0.0.9": Target("unhealthy", "Target.Timeout", "Request timed out"),
        },
        images={"td:2": "registry/hello:src-new"},
        stack_status="UPDATE_IN_PROGRESS",
    )
    assert cloud.aws.mutating_calls == []


def test_health_is_followed_from_look_to_look(cloud: Cloud) -> None:
    rows(cloud)
    cloud.answers["ecs:ListTasks"] = {"taskArns": [ARN + "task/shop/1"]}
    cloud.answers["elbv2:DescribeTargetHealth"] = [
        health("initial"),
        health("healthy"),
        health("healthy"),
        health("unhealthy"),
        health("healthy"),
    ]
    watcher = Watcher(cloud.aws, SETTINGS, "hello")
    looks = [watcher.look() for _ in range(5)]
    since = [look.healthy_since.get("1") for look in looks]
    assert since == [None, looks[1].now, looks[1].now, None, looks[4].now]
    assert len(cloud.parameters("ecs:DescribeTaskDefinition")) == 1, "a task definition never changes"


def test_a_service_of_many_tasks_is_seen_whole(cloud: Cloud) -> None:
    rows(cloud)
    names = [f"{ARN}task/shop/{number}" for number in range(250)]
    cloud.answers["ecs:ListTasks"] = [
        {"taskArns": names[:100], "nextToken": "2"},
        {"taskArns": names[100:180]},
        {"taskArns": names[180:]},
    ]
    cloud.answers["ecs:DescribeTasks"] = lambda asked: {
        "tasks": [{"taskArn": name, "taskDefinitionArn": "td:2", "lastStatus": "RUNNING"} for name in asked["tasks"]]
    }
    assert len(Watcher(cloud.aws, SETTINGS, "hello").look().tasks) == 250
    assert [len(call["tasks"]) for call in cloud.parameters("ecs:DescribeTasks")] == [100, 100, 50]


def test_a_service_without_tasks_or_load_balancer(cloud: Cloud) -> None:
    rows(cloud)
    cloud.answers["ecs:DescribeServices"] = {
        "services": [{"serviceName": "hello", "status": "ACTIVE", "desiredCount": 0}]
    }
    cloud.answers["ecs:ListTasks"] = {"taskArns": []}
    found = Watcher(cloud.aws, SETTINGS, "hello").look()
    assert (found.tasks, found.targets, found.deployments) == ((), {}, ())
    assert cloud.parameters("ecs:DescribeTasks") == [], "ECS refuses to describe no tasks"


@pytest.mark.parametrize(
    "answer",
    [
        Refusal("ClusterNotFoundException"),
        {"services": []},
        {"services": [{"serviceName": "hello", "status": "INACTIVE"}]},
    ],
)
def test_a_service_that_is_not_there_yet(cloud: Cloud, answer: Any) -> None:
    rows(cloud)
    cloud.answers["ecs:DescribeServices"] = answer
    cloud.answers["cloudformation:DescribeStacks"] = Refusal("ValidationError", "Stack with id x does not exist")
    found = Watcher(cloud.aws, SETTINGS, "hello").look()
    assert replace(found, now=0.0) == Snapshot()


def test_a_baseline_is_what_stands_before_the_change() -> None:
    found = baseline(LIVE, "src-new", "{}")
    assert (found.task_definition, found.image_tag, found.template) == ("td:2", "src-new", "{}")
    assert sorted(found.deployments) == ["d2"]
    assert sorted(found.tasks) == ["n3", "n4"]
    assert found.stack_status == "UPDATE_COMPLETE"
    assert baseline(Snapshot()).task_definition is None


def test_both_target_groups_are_looked_at_where_ecs_shifts_requests(cloud: Cloud) -> None:
    rows(cloud)
    answer: Any = cloud.answers["ecs:DescribeServices"]
    answer["services"][0]["loadBalancers"][0]["advancedConfiguration"] = {"alternateTargetGroupArn": ARN + "alternate"}
    healthy = {ARN + "group": "10.0.0.9", ARN + "alternate": "10.0.0.1"}
    cloud.answers["elbv2:DescribeTargetHealth"] = lambda asked: {
        "TargetHealthDescriptions": [
            {"Target": {"Id": healthy[asked["TargetGroupArn"]]}, "TargetHealth": {"State": "healthy"}}
        ]
    }
    assert Watcher(cloud.aws, SETTINGS, "hello").look().targets == {
        "10.0.0.9": Target("healthy"),
        "10.0.0.1": Target("healthy"),
    }
