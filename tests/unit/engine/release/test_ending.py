"""The release command: how it ends, and what an end that is not good leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine.errors import Cancelled, Failed, Superseded, TimedOut, Transient
from scripts.engine.events import Event
from scripts.engine.lock import Lock
from scripts.engine.release import Release
from scripts.engine.world import World
from tests.unit.engine.clouds import Answer, Cloud, Refusal
from tests.unit.engine.release.ecs import NEW, SETTINGS, Ecs, at, calls, ended, row
from tests.unit.engine.tables import Table

ENDINGS: dict[str, tuple[Answer, str]] = {
    "exit code": (ended("new", 3), "hello: the release command ended with exit code 3"),
    "memory": (
        ended("new", 137, containers=[{"name": "hello", "exitCode": 137, "reason": "OutOfMemoryError"}]),
        "hello: the release command ended with exit code 137 (OutOfMemoryError)",
    ),
    "no start": (
        ended("new", None, stopCode="TaskFailedToStart", startedAt=at(0), stoppedReason="CannotPullContainerError: x")
        | {"startedAt": datetime.fromtimestamp(0, UTC)},
        "hello: the release command did not start: CannotPullContainerError: x",
    ),
    "stopped": (
        ended("new", 0, stopCode="UserInitiated", stoppedReason="enough"),
        "hello: the release command was stopped: enough",
    ),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_one_that_fails(world: World, cloud: Cloud, table: Table, case: str) -> None:
    look, what = ENDINGS[case]
    Ecs(cloud, [look])
    with pytest.raises(Failed) as caught:
        NEW.run(world)
    assert (caught.value.what, caught.value.exit_code) == (what, 4)
    assert caught.value.evidence == ("relation users exists already",)
    assert "./poe deploy hello runs it again" in caught.value.remedy
    assert table.rows("last") == []


def test_without_a_log_the_reason_is_the_evidence(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [ended("new", None, stopCode="TaskFailedToStart", stoppedReason="ResourceInitializationError: secret")])
    cloud.answers["logs:GetLogEvents"] = Refusal("ResourceNotFoundException")
    with pytest.raises(Failed) as caught:
        NEW.run(world)
    assert caught.value.evidence == ("ResourceInitializationError: secret",)


def test_what_ecs_does_not_take(world: World, cloud: Cloud, table: Table) -> None:
    """The copy goes, whatever happened."""
    Ecs(cloud, [])
    cloud.answers["ecs:RunTask"] = {"tasks": [], "failures": [{"reason": "RESOURCE:ENI"}]}
    with pytest.raises(Failed, match="ECS did not start the task: RESOURCE:ENI"):
        NEW.run(world)
    cloud.answers["ecs:RunTask"] = Refusal("ThrottlingException", "slow down")
    with pytest.raises(Transient):
        NEW.run(world)
    assert calls(cloud) == ["ecs:RegisterTaskDefinition", "ecs:RunTask", "ecs:DeregisterTaskDefinition"] * 2


def test_a_copy_that_cannot_be_deregistered_stops_nothing(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [ended("new")])
    cloud.answers["ecs:DeregisterTaskDefinition"] = Refusal("AccessDeniedException")
    NEW.run(world)


def test_one_that_hangs_is_stopped(world: World, cloud: Cloud, table: Table, clock: list[float]) -> None:
    Ecs(cloud, [*[row("new")] * 300, ended("new", 137, stopCode="UserInitiated")])
    services = tuple(replace(service, release_timeout=20) for service in SETTINGS.services)
    world.settings = replace(SETTINGS, services=services)
    with pytest.raises(TimedOut) as caught:
        NEW.run(world)
    assert "did not end within its release_timeout of 20 s" in caught.value.what
    assert caught.value.evidence == ("relation users exists already",)
    assert cloud.parameters("ecs:StopTask") == [
        {"cluster": "shop-staging", "task": "new", "reason": "Slipway: release_timeout of 20 s"}
    ]
    assert table.rows("last") == []


def test_a_cancel_leaves_it_running(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [row("new")])
    world.cancelled = lambda seconds: True  # type: ignore[method-assign]
    with pytest.raises(Cancelled, match="the release command of hello goes on as task new"):
        NEW.run(world)
    assert "ecs:StopTask" not in calls(cloud)


def test_a_lost_look_is_no_verdict(world: World, cloud: Cloud, table: Table) -> None:
    ecs = Ecs(cloud, [ended("new")])
    answers: list[Any] = [Refusal("ThrottlingException"), Refusal("InternalFailure", status=500), {"tasks": ecs.looks}]
    cloud.answers["ecs:DescribeTasks"] = answers
    assert NEW.run(world).startswith("release command: exit code 0")


def test_an_api_that_stays_away_is_transient(world: World, cloud: Cloud, table: Table, clock: list[float]) -> None:
    Ecs(cloud, [])
    cloud.answers["ecs:DescribeTasks"] = Refusal("ThrottlingException")
    with pytest.raises(Transient):
        NEW.run(world)
    assert "ecs:StopTask" not in calls(cloud)


def test_a_success_that_cannot_be_remembered_is_a_success(
    world: World, cloud: Cloud, table: Table, heard: list[Event]
) -> None:
    Ecs(cloud, [ended("new")])
    cloud.answers["dynamodb:PutItem"] = Refusal("ThrottlingException", "slow down")
    NEW.run(world)
    (warning,) = [event for event in heard if event["event"] == "warning"]
    assert warning["text"].startswith("its release command may run again")


def test_who_loses_the_lock_meanwhile_leaves_it_running(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [row("new")])
    world.lock = Lock(world.aws, SETTINGS, ["hello"])
    found = world.lock

    def lose(seconds: float) -> bool:
        found.loss = Superseded("hello: another deploy took over")
        return True

    world.cancelled = lose  # type: ignore[method-assign]
    with pytest.raises(Superseded):
        NEW.run(world)
    assert "ecs:StopTask" not in calls(cloud)


def test_what_fargate_clears_away_after_the_end_is_not_waited_for(world: World, cloud: Cloud, table: Table) -> None:
    """The task is not `STOPPED` before its network interface is gone; another deploy does not take it for running."""
    leaving = ended("new", lastStatus="DEPROVISIONING", executionStoppedAt=at(3)) | {"desiredStatus": "STOPPED"}
    leaving.pop("stoppedAt")
    ecs = Ecs(cloud, [row("new"), leaving])
    assert NEW.run(world) == "release command: exit code 0"
    ecs.tasks, ecs.looks = [leaving], [ended("next", stoppedAt=at(60))]
    assert Release("hello", "src-next").run(world).startswith("release command: exit code 0")
