"""A plan beyond the budget is refused before the first change; one within it goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from scripts.engine.costs.budget import check_budget
from scripts.engine.deploying import deploy
from scripts.engine.errors import Refused
from scripts.engine.events import Event
from scripts.engine.model import Path, Plan, ServicePlan
from scripts.engine.world import World
from tests.unit.engine.shells import FakeShell
from tests.unit.engine.targets import Target, docker_verbs, edit

ALB = {"Web": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Scheme": "internal"}}}
"""19.71 USD a month in eu-central-1: 730 hours of 0.027."""
NOTHING: dict[str, Any] = {}
HELLO = ServicePlan("hello", Path.FULL, "settings changed", "src-new", "src-old")


def plan(path: Path = Path.FULL, *stacks: str) -> Plan:
    return Plan("staging", path, "settings changed", (HELLO,), stacks or ("platform",))


def with_budget(world: World, budget: int | None, **templates: dict[str, Any]) -> World:
    """The world with a budget and an assembly that synthesis left."""
    world.settings = replace(world.settings, target=replace(world.settings.target, budget=budget))
    world.cdk.assembly.mkdir(parents=True)
    for key in world.settings.stack_keys:
        text = json.dumps({"Resources": templates.get(key.replace("-", "_"), NOTHING)})
        (world.cdk.assembly / f"{world.settings.stack_name(key)}.template.json").write_text(text)
    return world


def held(target: Target, **resources: dict[str, Any]) -> None:
    """What CloudFormation holds of each stack."""

    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        key = asked["StackName"].removeprefix("shop-staging-").replace("-", "_")
        return {"TemplateBody": json.dumps({"Resources": resources.get(key, NOTHING)})}

    target.cloud.answers["cloudformation:GetTemplate"] = answer


def test_a_plan_beyond_the_budget_is_refused_with_its_largest_items(world: World, target: Target) -> None:
    held(target)
    with pytest.raises(Refused) as caught:
        check_budget(with_budget(world, 19, platform=ALB), plan())
    error = caught.value
    assert error.exit_code == 3
    assert error.what == (
        "the plan would cost 19.71 USD a month, 0.71 more than the 19 USD that target 'staging' may cost;"
        " nothing was changed"
    )
    assert error.evidence == ("   19.71 USD a month  shared: Application Load Balancer",)
    assert "./poe cost" in error.remedy


def test_a_plan_within_the_budget_goes_on_and_says_the_sum(world: World, target: Target, heard: list[Event]) -> None:
    held(target)
    check_budget(with_budget(world, 20, platform=ALB), plan())
    done = [event for event in heard if event["event"] == "stage_done"]
    assert (done[-1]["stage"], done[-1]["text"]) == ("update", "19.71 of 20 USD a month")


def test_stacks_that_the_plan_leaves_alone_count_as_they_are(world: World, target: Target) -> None:
    """Somebody else's working tree may have made them dearer, or cheaper, than this one would."""
    held(target, platform=ALB)
    with pytest.raises(Refused, match=r"would cost 19\.71 USD"):
        check_budget(with_budget(world, 10), plan(Path.FULL, "service-hello"))


def test_a_stack_of_the_plan_does_not_count_twice(world: World, target: Target) -> None:
    held(target, platform=ALB)
    check_budget(with_budget(world, 20, platform=ALB), plan())


def test_what_has_no_price_is_said(world: World, target: Target, heard: list[Event]) -> None:
    held(target)
    database = {"Db": {"Type": "AWS::RDS::DBInstance", "Properties": {}}}
    check_budget(with_budget(world, 1, platform=database), plan())
    warnings = [event["text"] for event in heard if event["event"] == "warning"]
    assert warnings == ["what AWS::RDS::DBInstance of stack platform costs is not known, and not in the sum"]


@pytest.mark.parametrize(("path", "budget"), [(Path.FAST, 1), (Path.NONE, 1), (Path.FULL, None)])
def test_nothing_is_asked_without_a_budget_or_where_only_images_change(
    path: Path, budget: int | None, *, world: World
) -> None:
    world.settings = replace(world.settings, target=replace(world.settings.target, budget=budget))
    check_budget(world, plan(path))
    assert isinstance(world.shell, FakeShell)
    assert world.shell.commands == []
    assert world.aws.calls == []


def test_a_region_without_prices_cannot_have_a_budget(world: World) -> None:
    target = replace(world.settings.target, budget=100, region="sa-east-1")
    world.settings = replace(world.settings, target=target)
    with pytest.raises(Refused, match="no prices for sa-east-1"):
        check_budget(world, plan())


def test_a_refused_deploy_builds_nothing_takes_no_lock_and_writes_no_record(world: World, target: Target) -> None:
    edit(target.settings)
    target.prints = {**target.prints, "platform": "another"}
    held(target)
    with pytest.raises(Refused, match="may cost"):
        deploy(with_budget(world, 1, platform=ALB), [])
    assert world.aws.mutating_calls == []
    assert not {"build", "push"} & set(docker_verbs(world))
