"""The release command: what is registered and run, and when it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.engine.errors import Failed, Refused, Superseded, Transient
from scripts.engine.events import Event
from scripts.engine.lock import Lock
from scripts.engine.release import Release
from scripts.engine.world import World
from tests.unit.engine.clouds import Answer, Cloud, Refusal
from tests.unit.engine.release.ecs import ARN, NEW, SETTINGS, Ecs, at, calls, definition, ended, row
from tests.unit.engine.tables import Table


def test_a_copy_with_the_new_image_runs_once(world: World, cloud: Cloud, table: Table, heard: list[Event]) -> None:
    Ecs(cloud, [row("new"), ended("new")])
    assert NEW.run(world) == "release command: exit code 0"
    assert calls(cloud) == [
        "ecs:RegisterTaskDefinition",
        "ecs:RunTask",
        "ecs:DeregisterTaskDefinition",
        "dynamodb:PutItem",
    ]
    (registered,) = cloud.parameters("ecs:RegisterTaskDefinition")
    old = definition("src-old", 1)
    kept = {key: registered[key] for key in registered if key != "containerDefinitions"}
    assert kept == {key: old[key] for key in kept}
    assert set(old) - set(kept) == {
        *("taskDefinitionArn", "revision", "status", "volumes", "compatibilities", "requiresAttributes"),
        *("registeredBy", "containerDefinitions"),
    }
    assert registered["containerDefinitions"] == definition("src-new", 2)["containerDefinitions"]
    (run,) = cloud.parameters("ecs:RunTask")
    assert len(run.pop("clientToken")) == 64
    assert run == {
        "cluster": "shop-staging",
        "taskDefinition": f"{ARN}2",
        "launchType": "FARGATE",
        "count": 1,
        "group": "release:hello",
        "startedBy": "20260102T000000Z-bbbbbb",
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": ["subnet-1", "subnet-2"],
                "securityGroups": ["sg-1"],
                "assignPublicIp": "ENABLED",
            }
        },
    }
    (notice,) = [event for event in heard if event["event"] == "notice"]
    assert notice["text"].startswith("hello: release command runs as task new; ./poe logs hello --process release")
    said = [event["text"] for event in heard if event["event"] == "progress"]
    assert said == ["release command: running relation users exists already"]


def test_what_ran_is_not_repeated(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [ended("new")])
    NEW.run(world)
    before = len(cloud.asked)
    assert NEW.run(world) == "release command: ran in 20260101T000000Z-aaaaaa"
    assert [name for name, _ in cloud.asked[before:]] == ["dynamodb:GetItem"]


@pytest.mark.parametrize("change", ["command", "tag"])
def test_another_command_or_another_tag_runs(world: World, cloud: Cloud, table: Table, change: str) -> None:
    ecs = Ecs(cloud, [ended("new")])
    NEW.run(world)
    if change == "command":
        services = tuple(replace(s, release="python other.py") if s.release else s for s in SETTINGS.services)
        world.settings = replace(SETTINGS, services=services)
    ecs.looks = [ended("newer", stoppedAt=at(60))]
    Release("hello", "src-newer" if change == "tag" else "src-new").run(world)
    assert len(cloud.parameters("ecs:RunTask")) == 2


def test_the_stacks_own_definition_is_run_when_its_image_is_the_wanted_one(
    world: World, cloud: Cloud, table: Table
) -> None:
    Ecs(cloud, [ended("new", revision=1)])
    Release("hello", "src-old").run(world)
    assert calls(cloud) == ["ecs:RunTask", "dynamodb:PutItem"]
    assert cloud.parameters("ecs:RunTask")[0]["taskDefinition"] == f"{ARN}1"


def test_that_of_a_killed_deploy_is_waited_for(world: World, cloud: Cloud, table: Table) -> None:
    ecs = Ecs(cloud, [])
    ecs.definitions[f"{ARN}5"] = definition("src-new", 5)
    ecs.tasks = [row("left", 5)]
    looked = [0]

    def describe(asked: Answer) -> Answer:
        looked[0] += 1
        return {"tasks": [row("left", 5) if looked[0] < 3 else ended("left", 0, 5)]}

    cloud.answers["ecs:DescribeTasks"] = describe
    assert NEW.run(world) == "release command: exit code 0"
    assert calls(cloud) == ["dynamodb:PutItem"]
    assert table.rows("last")[0]["deployment"] == "20260101T000000Z-aaaaaa"


def test_that_of_a_killed_deploy_which_ended_well_counts(world: World, cloud: Cloud, table: Table) -> None:
    ecs = Ecs(cloud, [])
    ecs.definitions[f"{ARN}5"] = definition("src-new", 5)
    ecs.tasks = [ended("left", 0, 5)]
    assert NEW.run(world) == "release command: ran in 20260101T000000Z-aaaaaa"
    assert calls(cloud) == ["dynamodb:PutItem"]


@pytest.mark.parametrize(
    "left",
    [
        ended("left", 1, 5),
        ended("left", 0, 5, stopCode="UserInitiated"),
        ended("left", None, 5, stopCode="TaskFailedToStart"),
        ended("left", 0, 1),
    ],
)
def test_one_that_did_not_end_well_runs_again(world: World, cloud: Cloud, table: Table, left: Answer) -> None:
    """It failed, somebody stopped it, it never began, or it was another version's."""
    ecs = Ecs(cloud, [ended("new")])
    ecs.definitions[f"{ARN}5"] = definition("src-new", 5)
    ecs.tasks = [left]
    NEW.run(world)
    assert len(cloud.parameters("ecs:RunTask")) == 1


def test_an_old_success_does_not_count_once_a_newer_version_ran(world: World, cloud: Cloud, table: Table) -> None:
    """Going back and forth within the hour that ECS remembers is no different from doing so later."""
    ecs = Ecs(cloud, [ended("new", stoppedAt=at(100))])
    NEW.run(world)
    ecs.tasks = [ended("first", 0, 1, stoppedAt=at(50))]
    ecs.looks = [ended("again", 0, 1, stoppedAt=at(200))]
    Release("hello", "src-old").run(world)
    assert len(cloud.parameters("ecs:RunTask")) == 2


def test_another_versions_is_neither_ended_nor_run_beside(world: World, cloud: Cloud, table: Table) -> None:
    ecs = Ecs(cloud, [])
    ecs.tasks = [row("left", 1)]
    with pytest.raises(Refused) as caught:
        NEW.run(world)
    assert "task left of 20260101T000000Z-aaaaaa" in caught.value.what
    assert "aws ecs stop-task --cluster shop-staging --task left" in caught.value.remedy
    assert calls(cloud) == []


@pytest.mark.parametrize("stacks", [[], [{"StackName": "x", "StackStatus": "CREATE_COMPLETE", "CreationTime": at(0)}]])
def test_without_its_stack_nothing_runs(world: World, cloud: Cloud, table: Table, stacks: list[Answer]) -> None:
    Ecs(cloud, [])
    cloud.answers["cloudformation:DescribeStacks"] = {"Stacks": stacks}
    with pytest.raises(Failed, match="hello has no stack for its release command"):
        NEW.run(world)


def test_a_ledger_out_of_reach_stops_before_anything_runs(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [ended("new")])
    cloud.answers["dynamodb:GetItem"] = Refusal("InternalFailure", status=500)
    with pytest.raises(Transient):
        NEW.run(world)
    assert calls(cloud) == []


def test_who_lost_the_lock_runs_nothing(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [row("new")])
    world.lock = Lock(world.aws, SETTINGS, ["hello"])
    world.lock.loss = Superseded("hello: another deploy took over")
    with pytest.raises(Superseded):
        NEW.run(world)
    assert calls(cloud) == []
