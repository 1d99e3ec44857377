"""What is read from a target."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine.by_clock import read_schedules
from scripts.engine.errors import Failed, Refused, Transient
from scripts.engine.model import Running, TargetState
from scripts.engine.state import (
    check_account,
    read_digest,
    read_repositories,
    read_running,
    read_stack,
    read_stacks,
    read_state,
)
from tests.unit.engine.clouds import Cloud, Refusal
from tests.unit.engine.projects import project, with_processes

SETTINGS = project()
TASK = "arn:aws:ecs:eu-central-1:111111111111:task/shop-staging/"
NO_CLUSTER = Refusal("ClusterNotFoundException", "Cluster not found.")


def stack(name: str, status: str = "UPDATE_COMPLETE", **more: Any) -> dict[str, Any]:
    return {"StackName": name, "StackStatus": status, "CreationTime": datetime(2026, 1, 1, tzinfo=UTC), **more}


def service(name: str, *, desired: int = 2, status: str = "ACTIVE", rolling: str = "COMPLETED") -> dict[str, Any]:
    deployments = [{"id": "d2", "status": "PRIMARY", "rolloutState": rolling}, {"id": "d1", "status": "ACTIVE"}]
    return {"serviceName": name, "status": status, "desiredCount": desired, "deployments": deployments}


def task(name: str, container: str, digest: str | None, status: str = "RUNNING") -> dict[str, Any]:
    own = {"name": container, **({"imageDigest": digest} if digest else {})}
    sidecar = {"name": "proxy", "imageDigest": "sha256:proxy"}
    return {"taskArn": TASK + name, "group": f"service:{container}", "lastStatus": status, "containers": [sidecar, own]}


def test_the_stacks_of_this_target_from_a_listing_of_several_pages(cloud: Cloud) -> None:
    hello = stack(
        "shop-staging-service-hello",
        StackId="id",
        Parameters=[{"ParameterKey": "ImageTag", "ParameterValue": "src-1"}],
        Outputs=[{"OutputKey": "Fingerprint", "OutputValue": "abc"}],
    )
    cloud.answers["cloudformation:DescribeStacks"] = [
        {"Stacks": [stack("CDKToolkit"), stack("shop-staging-registry")], "NextToken": "2"},
        {"Stacks": [hello, stack("other"), stack("shop-staging-ledger", "DELETE_COMPLETE")]},
    ]
    stacks, bootstrapped = read_stacks(cloud.aws, SETTINGS)
    assert bootstrapped
    assert sorted(stacks) == ["registry", "service-hello"]
    found = stacks["service-hello"]
    assert (found.image_tag, found.outputs, found.id) == ("src-1", {"Fingerprint": "abc"}, "id")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("shop-staging-service-gone", "service-gone"),
        ("shop-staging-eu-registry", None),
        ("shop-staging-eu-service-hello", None),
        ("shop-staging-service-eu-registry", None),
        ("shop-staging-website", None),
        ("shop-stagingregistry", None),
        ("my-shop-staging-registry", None),
    ],
)
def test_stacks_of_others_are_left_alone(cloud: Cloud, name: str, key: str | None) -> None:
    """Another target's name may begin like this one's, and a service may have left the file."""
    settings = replace(SETTINGS, targets=("staging", "staging-eu", "staging-service-eu"))
    cloud.answers["cloudformation:DescribeStacks"] = {"Stacks": [stack(name)]}
    assert list(read_stacks(cloud.aws, settings)[0]) == ([key] if key else [])


def test_an_account_without_stacks(cloud: Cloud) -> None:
    cloud.answers["cloudformation:DescribeStacks"] = {"Stacks": []}
    assert read_stacks(cloud.aws, SETTINGS) == ({}, False)


def test_what_runs_of_each_service(cloud: Cloud) -> None:
    cloud.answers["ecs:DescribeServices"] = {
        "services": [service("gateway"), service("hello", desired=3, rolling="IN_PROGRESS")]
    }
    cloud.answers["ecs:ListTasks"] = [
        {"taskArns": [TASK + "1", TASK + "2"], "nextToken": "2"},
        {"taskArns": [TASK + "3", TASK + "4", TASK + "5"]},
    ]
    cloud.answers["ecs:DescribeTasks"] = {
        "tasks": [
            task("1", "hello", "sha256:a"),
            task("2", "gateway", "sha256:g"),
            task("3", "hello", "sha256:b"),
            task("4", "hello", None),
            task("5", "hello", "sha256:a", status="PENDING"),
        ]
    }
    assert read_running(cloud.aws, SETTINGS, ["gateway", "hello"]) == {
        "gateway": Running(("sha256:g",), 2),
        "hello": Running(("sha256:a", "sha256:b", ""), 3, deploying=True),
    }
    assert [call["desiredStatus"] for call in cloud.parameters("ecs:ListTasks")] == ["RUNNING", "RUNNING"]
    assert len(cloud.parameters("ecs:DescribeTasks")[0]["tasks"]) == 5


def test_a_service_that_was_deleted_does_not_run(cloud: Cloud) -> None:
    cloud.answers["ecs:DescribeServices"] = {
        "services": [service("hello", status="INACTIVE")],
        "failures": [{"arn": "gateway", "reason": "MISSING"}],
    }
    cloud.answers["ecs:ListTasks"] = {"taskArns": []}
    assert read_running(cloud.aws, SETTINGS, ["gateway", "hello"]) == {}


def test_a_cluster_that_is_not_there_runs_nothing(cloud: Cloud) -> None:
    cloud.answers["ecs:DescribeServices"] = NO_CLUSTER
    assert read_running(cloud.aws, SETTINGS, ["hello"]) == {}


def test_services_and_tasks_are_asked_for_in_the_portions_that_ecs_takes(cloud: Cloud) -> None:
    names = [f"s{n}" for n in range(25)]
    cloud.answers["ecs:DescribeServices"] = {"services": []}
    cloud.answers["ecs:ListTasks"] = {"taskArns": [f"{TASK}{n}" for n in range(150)]}
    cloud.answers["ecs:DescribeTasks"] = {"tasks": []}
    read_running(cloud.aws, project(*names), names)
    assert [len(call["services"]) for call in cloud.parameters("ecs:DescribeServices")] == [10, 10, 5]
    assert [len(call["tasks"]) for call in cloud.parameters("ecs:DescribeTasks")] == [100, 50]


@pytest.mark.parametrize(
    ("answer", "digest"),
    [
        ({"imageDetails": [{"imageDigest": "sha256:a"}]}, "sha256:a"),
        ({"imageDetails": []}, None),
        (Refusal("ImageNotFoundException"), None),
        (Refusal("RepositoryNotFoundException"), None),
    ],
)
def test_the_digest_of_a_tag(cloud: Cloud, answer: Any, digest: str | None) -> None:
    cloud.answers["ecr:DescribeImages"] = answer
    assert read_digest(cloud.aws, SETTINGS, "hello", "src-1") == digest
    assert cloud.asked == [
        ("ecr:DescribeImages", {"repositoryName": "shop-staging/hello", "imageIds": [{"imageTag": "src-1"}]})
    ]


def test_a_registry_that_does_not_answer_is_not_a_missing_image(cloud: Cloud) -> None:
    cloud.answers["ecr:DescribeImages"] = Refusal("ServerException", "try later", 500)
    with pytest.raises(Transient, match="cannot look for the image of hello"):
        read_digest(cloud.aws, SETTINGS, "hello", "src-1")


def test_repositories_of_this_target(cloud: Cloud) -> None:
    names = ["shop-staging/hello", "shop-staging-eu/hello", "shop/hello"]
    cloud.answers["ecr:DescribeRepositories"] = [
        {"repositories": [{"repositoryName": name} for name in names], "nextToken": "2"},
        {"repositories": [{"repositoryName": "shop-staging/gateway"}]},
    ]
    assert read_repositories(cloud.aws, SETTINGS) == {"hello", "gateway"}


def answer_all(cloud: Cloud) -> None:
    cloud.answers |= {
        "sts:GetCallerIdentity": {"Account": "111111111111"},
        "cloudformation:DescribeStacks": {"Stacks": [stack("shop-staging-registry")]},
        "ecs:DescribeServices": {"services": [service("hello", desired=1)]},
        "ecs:ListTasks": {"taskArns": [TASK + "1"]},
        "ecs:DescribeTasks": {"tasks": [task("1", "hello", "sha256:a")]},
        "ecr:DescribeRepositories": {"repositories": [{"repositoryName": "shop-staging/hello"}]},
        "ecr:DescribeImages": {"imageDetails": [{"imageDigest": "sha256:a"}]},
    }


def test_the_whole_state_is_read_without_a_call_that_changes_anything(cloud: Cloud) -> None:
    answer_all(cloud)
    state = read_state(cloud.aws, SETTINGS, {"hello": "src-1", "gateway": None})
    assert list(state.stacks) == ["registry"]
    assert replace(state, stacks={}) == TargetState(
        digests={"hello": "sha256:a"},
        running={"hello": Running(("sha256:a",), 1)},
        repositories=frozenset({"hello"}),
    )
    assert len(cloud.parameters("ecr:DescribeImages")) == 1
    assert cloud.aws.mutating_calls == []


def test_credentials_of_another_account_are_refused(cloud: Cloud) -> None:
    answer_all(cloud)
    cloud.answers["sts:GetCallerIdentity"] = {"Account": "999999999999"}
    for look in (lambda: check_account(cloud.aws, SETTINGS), lambda: read_state(cloud.aws, SETTINGS, {})):
        with pytest.raises(Refused) as caught:
            look()
        assert (caught.value.where, caught.value.what, caught.value.remedy, caught.value.exit_code) == (
            "account",
            "the credentials are of 999999999999, but target 'staging' is 111111111111",
            "choose another AWS profile or target, or correct slipway.toml",
            3,
        )


def test_nobody_is_asked_about_a_cloud_that_was_never_started(cloud: Cloud) -> None:
    cloud.aws.connection = replace(cloud.aws.connection, exists=False)
    assert read_state(cloud.aws, SETTINGS, {"hello": "src-1"}) == TargetState()
    assert read_stacks(cloud.aws, SETTINGS) == ({}, False)
    check_account(cloud.aws, SETTINGS)
    assert cloud.asked == []


def test_workers_are_read_with_their_service(cloud: Cloud) -> None:
    cloud.answers |= {
        "ecs:DescribeServices": {"services": [service("hello", desired=1), service("hello-mailer", desired=1)]},
        "ecs:ListTasks": {"taskArns": [TASK + "1", TASK + "2", TASK + "3"]},
        "ecs:DescribeTasks": {
            "tasks": [
                task("1", "hello", "sha256:a"),
                task("2", "hello-mailer", "sha256:b"),
                {**task("3", "hello", "sha256:c"), "group": "release:hello"},
            ]
        },
    }
    assert read_running(cloud.aws, with_processes(SETTINGS), ["hello"]) == {
        "hello": Running(("sha256:a",), 1),
        "hello-mailer": Running(("sha256:b",), 1),
    }
    assert cloud.parameters("ecs:DescribeServices")[0]["services"] == ["hello", "hello-mailer", "hello_next"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"Stacks": [stack("shop-staging-ledger")]}, "UPDATE_COMPLETE"),
        (Refusal("ValidationError", "Stack with id shop-staging-ledger does not exist"), None),
        ({"Stacks": []}, None),
    ],
)
def test_one_stack_as_it_is_now(cloud: Cloud, answer: Any, status: str | None) -> None:
    cloud.answers["cloudformation:DescribeStacks"] = answer
    found = read_stack(cloud.aws, SETTINGS, "ledger")
    assert (found.status if found else None) == status
    assert cloud.parameters("cloudformation:DescribeStacks") == [{"StackName": "shop-staging-ledger"}]


def test_a_stack_that_cannot_be_read(cloud: Cloud) -> None:
    cloud.answers["cloudformation:DescribeStacks"] = Refusal("Throttling", "Rate exceeded")
    with pytest.raises(Transient):
        read_stack(cloud.aws, SETTINGS, "ledger")


def test_the_schedules_of_a_service(cloud: Cloud) -> None:
    settings = with_processes(SETTINGS)
    cloud.answers["scheduler:GetSchedule"] = [
        {"ScheduleExpression": "rate(1 day)", "State": "ENABLED"},
        Refusal("ResourceNotFoundException", status=404),
        Refusal("AccessDeniedException", status=403),
    ]
    assert read_schedules(cloud.aws, settings, "gateway") == {}
    assert read_schedules(cloud.aws, settings, "hello") == {"nightly": {"schedule": "rate(1 day)", "state": "ENABLED"}}
    assert read_schedules(cloud.aws, settings, "hello") == {"nightly": {"schedule": "", "state": ""}}
    with pytest.raises(Failed):
        read_schedules(cloud.aws, settings, "hello")
    assert cloud.parameters("scheduler:GetSchedule")[0] == {"Name": "hello-nightly", "GroupName": "shop-staging-hello"}
