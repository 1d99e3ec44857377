"""Deploys that are refused, that wait, or that end before anything is live."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scripts.engine.deploying import deploy
from scripts.engine.errors import BadInput, Cancelled, Failed, Refused, Transient
from scripts.engine.events import Event
from scripts.engine.model import Path as DeployPath
from scripts.engine.model import Verdict
from scripts.engine.outcome import report
from scripts.engine.world import World
from tests.unit.engine.clouds import Refusal
from tests.unit.engine.shells import FakeShell, said
from tests.unit.engine.targets import Target, edit


def test_a_cdk_deploy_that_fails_before_it_touched_a_service(world: World, target: Target) -> None:
    (target.settings.root / "app.py").write_text("print(2)\n")
    target.cloud.answers["cloudformation:GetTemplate"] = {"TemplateBody": "{}"}
    assert isinstance(world.shell, FakeShell)
    world.shell.rows = (("deploy", said("❌  shop-staging-platform failed: AccessDenied", code=1)), *world.shell.rows)
    outcome = deploy(world, [])
    assert (outcome.verdict, outcome.exit_code) == (Verdict.FAILED, 4)
    assert str(outcome.error) == "cdk deploy: ❌  shop-staging-platform failed: AccessDenied"
    assert {row["verdict"] for row in report(world, outcome)["services"].values()} == {"failed"}


def test_a_build_that_fails_changes_nothing(world: World, target: Target) -> None:
    edit(target.settings)
    assert isinstance(world.shell, FakeShell)
    world.shell.rows = (*world.shell.rows, ("build", said("ERROR: no", code=1)))
    outcome = deploy(world, [])
    assert (outcome.verdict, outcome.exit_code) == (Verdict.FAILED, 4)
    assert [call for call in world.aws.mutating_calls if not call.startswith("dynamodb:")] == []
    assert report(world, outcome)["services"]["hello"]["verdict"] == "failed"


def test_a_throttled_update_is_transient(world: World, target: Target) -> None:
    edit(target.settings)
    target.cloud.answers["cloudformation:UpdateStack"] = Refusal("Throttling", "Rate exceeded")
    outcome = deploy(world, [])
    assert (outcome.verdict, outcome.exit_code) == (Verdict.FAILED, 75)


def test_a_lease_that_was_lost_stops_before_the_next_change(world: World, target: Target) -> None:
    edit(target.settings)

    def lose(asked: Any) -> Any:
        """Another one took it over while this process slept; only the table knows."""
        target.table.change_lock("hello", fence=9, deployment="d-other")
        return target.manifest(asked)

    target.cloud.answers["ecr:BatchGetImage"] = lose
    outcome = deploy(world, [])
    assert (outcome.verdict, outcome.exit_code) == (Verdict.SUPERSEDED, 6)
    assert target.cloud.parameters("cloudformation:UpdateStack") == []


def test_a_base_image_that_is_not_here(world: World, target: Target) -> None:
    (target.settings.root / "apps" / "hello" / "Dockerfile").write_text("FROM python:3.12\n")
    with pytest.raises(Failed) as caught:
        deploy(world, [])
    assert (caught.value.where, caught.value.what, caught.value.remedy) == (
        "analyze",
        "a base image of hello is not on this machine",
        "./poe doctor --fix",
    )
    assert world.aws.mutating_calls == []


def test_an_unknown_service_is_refused(world: World) -> None:
    with pytest.raises(BadInput, match="there is no service 'nope'"):
        deploy(world, ["nope"])


def test_fast_is_refused_over_changed_infrastructure(world: World, target: Target) -> None:
    (target.settings.root / "app.py").write_text("print(2)\n")
    with pytest.raises(Refused, match="the fast path only changes images, but gateway: stack code"):
        deploy(world, [], DeployPath.FAST)
    assert world.aws.mutating_calls == []


def test_another_account_is_refused_before_anything(world: World, target: Target) -> None:
    target.cloud.answers["sts:GetCallerIdentity"] = {"Account": "999999999999"}
    with pytest.raises(Refused, match="the credentials are of 999999999999"):
        deploy(world, [])
    assert world.aws.mutating_calls == []


def test_a_target_out_of_reach_is_transient(world: World, target: Target) -> None:
    target.cloud.answers["cloudformation:DescribeStacks"] = Refusal("InternalFailure", "oops", 500)
    with pytest.raises(Transient):
        deploy(world, [])


def moving(target: Target, times: int) -> Any:
    """The stack of hello is still being updated in the first looks."""
    left = [times]

    def stacks(asked: Any) -> Any:
        found = target.stacks(asked)
        if left[0] > 0:
            left[0] -= 1
            found["Stacks"][-1]["StackStatus"] = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        return found

    return stacks


def test_it_waits_for_the_deploy_before_to_settle(world: World, target: Target, heard: list[Event]) -> None:
    target.cloud.answers["cloudformation:DescribeStacks"] = moving(target, 2)
    pauses: list[float] = []
    world.cancelled = lambda seconds: bool(pauses.append(seconds))  # type: ignore[func-returns-value, method-assign]
    assert deploy(world, []).verdict is Verdict.UNCHANGED
    assert pauses == [1.0, 1.0]
    assert [event["text"] for event in heard if event["event"] == "notice"] == [
        "waiting for shop-staging-service-hello to settle"
    ]


def test_waiting_can_be_cancelled(world: World, target: Target) -> None:
    target.cloud.answers["cloudformation:DescribeStacks"] = moving(target, 100)
    world.shell.cancelled.set()
    with pytest.raises(Cancelled, match="stopped while waiting"):
        deploy(world, [])


def test_waiting_ends(world: World, target: Target) -> None:
    target.cloud.answers["cloudformation:DescribeStacks"] = moving(target, 100)
    world.settings = replace(world.settings, target=replace(world.settings.target, rollout_timeout=-1))
    with pytest.raises(Refused, match="shop-staging-service-hello is still being changed"):
        deploy(world, [])
