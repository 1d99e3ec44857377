"""Which plans can be shifted, and what their steps are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.engine.errors import Refused
from scripts.engine.model import Action, Path, Plan, Running, TargetState
from scripts.engine.planner import plan
from scripts.engine.proving import with_proof
from scripts.engine.schedule import schedule
from scripts.engine.traffic.planning import Wish, shifted
from settings import Settings
from tests.unit.engine.projects import digest, live, project, stack, tag, wanted

SETTINGS = project()
WISH = Wish((25, 100), 30)


def planned(settings: Settings = SETTINGS, state: TargetState | None = None, **tags: str) -> Plan:
    """The plan where these services got other tags."""
    names = [service.name for service in settings.services]
    want = wanted(settings, tags={name: tags.get(name, tag(name)) for name in names})
    return plan(settings, state or live(settings), want, names)


def left_over(settings: Settings = SETTINGS) -> TargetState:
    """A target with a second version of hello."""
    state = live(settings)
    return replace(state, running={**state.running, "hello_next": Running((digest("hello"),), 2)})


def steps(made: Plan) -> list[str]:
    return [type(step).__name__ for lane in schedule(made).rolling for step in lane]


def test_a_new_image_is_shifted_to() -> None:
    made = shifted(planned(hello="src-new"), SETTINGS, WISH)
    (own,) = made.changed
    assert (own.path, own.shift, own.bake) == (Path.FAST, (25, 100), 30)
    assert steps(made) == [
        *("StartSecond", "ShiftTraffic", "ShiftTraffic"),
        *("UpdateTag", "Rollout", "Verify", "FinishShift"),
    ]


def test_how_long_each_step_is_watched() -> None:
    def seconds(bake: int, wish: Wish) -> int:
        services = tuple(replace(one, bake=bake) for one in SETTINGS.services)
        settings = replace(SETTINGS, services=services)
        return shifted(planned(settings, hello="src-new"), settings, wish).changed[0].bake

    assert [seconds(0, WISH), seconds(90, WISH)] == [30, 30]
    assert [seconds(0, Wish((100,))), seconds(90, Wish((100,)))] == [60, 90]


def test_nothing_changed_stays_so() -> None:
    made = planned()
    assert shifted(made, SETTINGS, WISH) == made


def test_what_cannot_be_shifted_is_refused_with_the_reason() -> None:
    alone = project("hello")
    native = project(ecs_deployment="canary")
    state = live(SETTINGS)
    full = replace(state, stacks={k: s for k, s in state.stacks.items() if k != "service-hello"})
    empty = replace(SETTINGS, services=tuple(replace(one, desired=0) for one in SETTINGS.services))
    rows = (
        (planned(alone, hello="src-new"), alone, "there is no service `gateway`"),
        (planned(native, hello="src-new"), native, "ecs_deployment is canary"),
        (planned(state=full), SETTINGS, "only a new image can be shifted to, but hello: the service has no stack yet"),
        (planned(gateway="src-new"), SETTINGS, "the gateway is what shifts"),
        (planned(empty, hello="src-new"), empty, "hello has no tasks"),
    )
    for made, settings, why in rows:
        with pytest.raises(Refused, match=why) as caught:
            shifted(made, settings, WISH)
        assert caught.value.exit_code == 3
        assert "./poe deploy" in (caught.value.remedy or "")


def test_a_foundation_that_changed_is_refused() -> None:
    state = live(SETTINGS)
    state = replace(state, stacks={**state.stacks, "platform": stack(SETTINGS, "platform", outputs={})})
    with pytest.raises(Refused, match="the platform stack changed"):
        shifted(planned(state=state, hello="src-new"), SETTINGS, WISH)


def test_a_tag_that_the_stack_has_is_not_shifted_again() -> None:
    """A deploy that was killed when the main version was being rolled goes on there."""
    state = live(SETTINGS)
    running = {**state.running, "hello": Running((tag("other"),), 2, deploying=True)}
    made = shifted(planned(state=replace(state, running=running)), SETTINGS, WISH)
    assert made.changed[0].shift == ()
    assert steps(made) == ["Rollout", "Verify"]


def test_a_second_version_that_is_left_is_taken_away() -> None:
    made = planned(state=left_over())
    (own,) = made.changed
    assert (own.path, own.action, made.path) == (Path.FAST, Action.RETIRE, Path.FAST)
    assert own.reason == "a second version is left from a deploy that ended"
    assert steps(made) == ["RetireSecond"]


def test_and_so_it_is_by_a_deploy_that_does_more() -> None:
    made = planned(state=left_over(), hello="src-new")
    assert steps(made) == ["RetireSecond", "UpdateTag", "Rollout", "Verify"]
    assert steps(shifted(made, SETTINGS, WISH))[:2] == ["StartSecond", "ShiftTraffic"]


def test_a_proof_spans_the_shift() -> None:
    made = shifted(planned(hello="src-new"), SETTINGS, Wish((100,), 1))
    (lane,) = with_proof(schedule(made)).rolling
    names = [type(step).__name__ for step in lane]
    assert (names[0], names[-1]) == ("StartLoad", "EndLoad")
    (kept,) = with_proof(schedule(planned(state=left_over()))).rolling
    assert [type(step).__name__ for step in kept] == ["RetireSecond"]
