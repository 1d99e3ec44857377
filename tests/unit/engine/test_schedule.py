"""The steps of a plan, as values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scripts.engine.model import Action, Path, Plan, ServicePlan, TargetState
from scripts.engine.planner import plan
from scripts.engine.policies.steps import CompilePolicies, ProvePolicies, PublishPolicies
from scripts.engine.release import Release
from scripts.engine.schedule import Schedule, schedule
from scripts.engine.steps import (
    BootstrapToolkit,
    Build,
    DeployStacks,
    Push,
    Reassert,
    Rollout,
    Synthesize,
    UpdateTag,
    Verify,
    amount,
    facts_of,
)
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.projects import FOUNDATION, live, project, stack, wanted
from tests.unit.engine.worlds import session

SETTINGS = project()
GATEWAY = ServicePlan("gateway", Path.NONE, "", image_tag="src-g", previous_tag="src-g")
HELLO = ServicePlan("hello", Path.FAST, "", image_tag="src-h", previous_tag="src-old")


def planned(path: Path, *services: ServicePlan, **more: Any) -> Plan:
    return Plan("staging", path, "", services, **more)


def rolling(service: str, tag: str, *, certain: bool, after: str = "") -> tuple[Rollout, Verify]:
    return Rollout(service, tag, certain=certain), Verify(service, tag, after)


def after_each_other(tags: tuple[tuple[str, str], ...]) -> tuple[tuple[Rollout, Verify], ...]:
    (gateway, its_tag), *others = tags
    behind = (rolling(name, tag, certain=False, after=gateway) for name, tag in others)
    return (rolling(gateway, its_tag, certain=False), *behind)


def test_nothing_to_do() -> None:
    assert schedule(planned(Path.NONE, GATEWAY)) == Schedule()


POLICIES = (PublishPolicies("gateway"), ProvePolicies("gateway"))


def test_policies_alone_touch_neither_stack_nor_tasks() -> None:
    gateway = replace(GATEWAY, path=Path.POLICY, policies=True, build=True)
    assert schedule(planned(Path.POLICY, gateway)) == Schedule(
        before=(((CompilePolicies("gateway"),),),), rolling=(POLICIES,)
    )


@pytest.mark.parametrize("path", [Path.FAST, Path.FULL])
def test_policies_are_compiled_before_anything_and_live_after_the_rollout(path: Path) -> None:
    gateway = replace(GATEWAY, path=path, policies=True)
    found = schedule(planned(path, gateway, stacks=("service-gateway",)))
    assert (CompilePolicies("gateway"),) in found.before[0]
    assert found.rolling[0][-2:] == POLICIES
    assert any(isinstance(step, Rollout) for step in found.rolling[0])


def test_policies_go_along_with_another_service() -> None:
    gateway, hello = replace(GATEWAY, path=Path.POLICY, policies=True), replace(HELLO, build=True)
    found = schedule(planned(Path.FULL, gateway, replace(hello, path=Path.FULL), stacks=("service-hello",)))
    assert found.rolling[0] == POLICIES
    assert all("gateway" not in str(step) for phase in found.before[1:] for lane in phase for step in lane)


def test_fast_builds_pushes_and_updates_without_synthesis() -> None:
    assert schedule(planned(Path.FAST, GATEWAY, replace(HELLO, build=True))) == Schedule(
        before=(((Build("hello", "src-h"), Push("hello", "src-h")),),),
        rolling=((UpdateTag("hello", "src-h"), *rolling("hello", "src-h", certain=True)),),
    )


def test_a_tag_that_the_registry_holds_is_neither_built_nor_pushed() -> None:
    assert schedule(planned(Path.FAST, HELLO)) == Schedule(
        before=((),),
        rolling=((UpdateTag("hello", "src-h"), *rolling("hello", "src-h", certain=True)),),
    )


def test_the_same_tag_is_deployed_again_by_ecs_alone() -> None:
    again = replace(HELLO, action=Action.REASSERT)
    assert schedule(planned(Path.FAST, again)).rolling == (
        (Reassert("hello"), *rolling("hello", "src-h", certain=True)),
    )


def test_an_expired_image_is_pushed_before_it_is_deployed_again() -> None:
    found = schedule(planned(Path.FAST, replace(HELLO, action=Action.REASSERT, build=True)))
    assert found.before == (((Build("hello", "src-h"), Push("hello", "src-h")),),)


def test_a_rollout_under_way_is_only_watched() -> None:
    watched = replace(HELLO, action=Action.WATCH)
    assert schedule(planned(Path.FAST, watched)).rolling == (rolling("hello", "src-h", certain=False),)


def test_services_have_lanes_of_their_own() -> None:
    found = schedule(planned(Path.FAST, replace(GATEWAY, path=Path.FAST, build=True), replace(HELLO, build=True)))
    assert [lane[0].service for lane in found.before[0]] == ["gateway", "hello"]
    assert [lane[0].service for lane in found.rolling] == ["gateway", "hello"]


def test_full_synthesises_beside_the_builds_and_deploys_once() -> None:
    changed = replace(HELLO, path=Path.FULL, build=True)
    found = schedule(planned(Path.FULL, GATEWAY, changed, stacks=("platform", "service-hello")))
    assert found == Schedule(
        before=(
            ((Build("hello", "src-h"), Push("hello", "src-h")), (Synthesize(),)),
            ((DeployStacks(("platform", "service-hello"), (("hello", "src-h"),)),),),
        ),
        rolling=(rolling("hello", "src-h", certain=False),),
    )


def test_the_foundation_alone_rolls_nothing_out() -> None:
    assert schedule(planned(Path.FULL, GATEWAY, stacks=("platform",))) == Schedule(
        before=(((Synthesize(),),), ((DeployStacks(("platform",), ()),),)), rolling=()
    )


def test_on_the_full_path_a_service_to_be_deployed_again_is() -> None:
    services = (replace(GATEWAY, path=Path.FULL), replace(HELLO, action=Action.REASSERT))
    found = schedule(planned(Path.FULL, *services, stacks=("service-gateway", "service-hello")))
    assert found.rolling == (
        rolling("gateway", "src-g", certain=False),
        (Reassert("hello"), *rolling("hello", "src-h", certain=True, after="gateway")),
    )


def test_services_are_verified_after_the_gateway_that_leads_to_them() -> None:
    services = (replace(GATEWAY, path=Path.FAST), *(replace(HELLO, service=f"app{at}") for at in range(9)))
    found = schedule(planned(Path.FAST, *reversed(services))).rolling
    assert found[0][-1] == Verify("gateway", "src-g")  # only some lanes run at a time
    assert {lane[-1].after for lane in found[1:] if isinstance(lane[-1], Verify)} == {"gateway"}


def test_nobody_waits_for_a_gateway_whose_policies_alone_changed() -> None:
    gateway = replace(GATEWAY, path=Path.POLICY, policies=True)
    found = schedule(planned(Path.FAST, gateway, HELLO)).rolling
    assert found[-1][-1] == Verify("hello", "src-h")


def test_a_new_service_is_published_by_the_cdk_and_not_pushed() -> None:
    new = replace(HELLO, path=Path.FULL, build=True, inline=True, previous_tag=None)
    found = schedule(planned(Path.FULL, GATEWAY, new, stacks=("registry", "service-hello")))
    assert found.before[0] == ((Build("hello", "src-h"),), (Synthesize((("hello", "src-h"),)),))


def test_an_empty_target_from_its_plan_to_its_steps() -> None:
    made = plan(SETTINGS, TargetState(), wanted(SETTINGS), ["gateway", "hello"])
    tags = (("gateway", "src-gateway"), ("hello", "src-hello"))
    keys = (*FOUNDATION, "service-gateway", "service-hello")
    assert schedule(made) == Schedule(
        before=(
            (
                (Build("gateway", "src-gateway"),),
                (Build("hello", "src-hello"),),
                (BootstrapToolkit(), Synthesize(tags)),
            ),
            ((DeployStacks(keys, tags),),),
        ),
        rolling=after_each_other(tags),
    )


def test_a_setting_and_a_source_line_of_two_services_go_one_way() -> None:
    target = live(SETTINGS)
    state = replace(
        target,
        stacks={**target.stacks, "service-gateway": stack(SETTINGS, "service-gateway", outputs={})},
        digests={"gateway": "sha256:gateway"},
    )
    want = wanted(SETTINGS)
    made = plan(SETTINGS, state, replace(want, tags={**want.tags, "hello": "src-new"}), ["gateway", "hello"])
    assert schedule(made).before == (
        ((Build("hello", "src-new"), Push("hello", "src-new")), (Synthesize(),)),
        ((DeployStacks(("service-gateway", "service-hello"), (("gateway", "src-gateway"), ("hello", "src-new"))),),),
    )


def test_a_plan_with_an_unknown_tag_is_never_executed() -> None:
    with pytest.raises(AssertionError):
        schedule(planned(Path.FAST, replace(HELLO, image_tag=None)))


def test_a_step_as_plain_data() -> None:
    assert facts_of(Build("hello", "src-h")) == {
        "step": "Build",
        "stage": "build",
        "service": "hello",
        "tag": "src-h",
    }
    assert facts_of(Rollout("hello", "src-h", certain=True))["stage"] == "rollout"
    assert facts_of(BootstrapToolkit()) == {"step": "BootstrapToolkit", "stage": "update"}


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (4096, "4.1 KB"),
        (999_949, "999.9 KB"),
        (1_500_000, "1.5 MB"),
        (2_300_000_000, "2.3 GB"),
        (5_000_000_000_000, "5000.0 GB"),
    ],
)
def test_bytes_for_people(size: int, text: str) -> None:
    assert amount(size) == text


RELEASED = replace(HELLO, release=True)


def test_the_release_command_runs_before_the_update() -> None:
    (lane,) = schedule(planned(Path.FAST, RELEASED)).rolling
    assert lane[:2] == (Release("hello", "src-h"), UpdateTag("hello", "src-h"))
    assert lane[2:] == rolling("hello", "src-h", certain=True)


def test_on_the_full_path_it_runs_between_two_deployments() -> None:
    changed = (replace(GATEWAY, path=Path.FULL), replace(RELEASED, path=Path.FULL))
    keys = ("platform", "release-hello", "service-gateway", "service-hello")
    tags = (("gateway", "src-g"), ("hello", "src-h"))
    found = schedule(planned(Path.FULL, *changed, stacks=keys))
    assert found.before == (
        ((Synthesize(),),),
        ((DeployStacks(keys[:2], tags),),),
        ((Release("hello", "src-h"),),),
        ((DeployStacks(keys[2:], tags),),),
    )
    assert found.rolling == after_each_other(tags)


def test_without_anything_new_below_it_one_deployment_is_enough() -> None:
    found = schedule(planned(Path.FULL, replace(RELEASED, path=Path.FULL), stacks=("service-hello",)))
    assert found.before[1:] == (
        ((Release("hello", "src-h"),),),
        ((DeployStacks(("service-hello",), (("hello", "src-h"),)),),),
    )


def test_a_tag_goes_to_the_stacks_that_are_deployed(cloud: Cloud) -> None:
    world = session(cloud)
    given: list[Any] = []
    world.cdk.deploy = lambda stacks, tags, on_line: given.append((stacks, tags))  # type: ignore[method-assign]
    for keys in (("registry", "release-hello"), ("service-gateway", "service-hello")):
        DeployStacks(keys, (("gateway", "src-g"), ("hello", "src-h"))).run(world)
    prefix = "shop-staging-"
    assert given == [
        ([f"{prefix}registry", f"{prefix}release-hello"], {f"{prefix}release-hello": "src-h"}),
        (
            [f"{prefix}service-gateway", f"{prefix}service-hello"],
            {f"{prefix}service-gateway": "src-g", f"{prefix}service-hello": "src-h"},
        ),
    ]
