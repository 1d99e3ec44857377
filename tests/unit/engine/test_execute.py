"""Lanes run side by side, steps one after the other; what an error, a cancel and the worst error do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from scripts.engine import steps
from scripts.engine.errors import Cancelled, Failed, RolledBack, Superseded, Transient
from scripts.engine.events import Event
from scripts.engine.execute import prepare, roll
from scripts.engine.steps import Verify
from scripts.engine.world import World
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.worlds import session


@dataclass(frozen=True)
class Step:
    """Does what it is told to."""

    service: str | None
    act: Callable[[World], str] = lambda world: "done"
    stage: str = "build"

    def run(self, world: World) -> str:
        return self.act(world)


def fails(error: Exception) -> Callable[[World], str]:
    def act(world: World) -> str:
        raise error

    return act


def cancels(world: World) -> str:
    world.shell.cancelled.set()
    return "done, but stopped"


@pytest.fixture
def world(cloud: Cloud, heard: list[Event]) -> World:
    return session(cloud, heard)


def stages(heard: list[Event]) -> list[tuple[str, str | None, bool, str]]:
    return [
        (event["stage"], event["service"], event["ok"], event["text"])
        for event in heard
        if event["event"] == "stage_done"
    ]


def test_every_step_is_a_measured_stage_that_tells_what_was_done(world: World, heard: list[Event]) -> None:
    lane = (Step("hello", lambda world: "src-1"), Step("hello", lambda world: "2 layers", stage="push"))
    assert roll((lane,), world) == {}
    assert stages(heard) == [("build", "hello", True, "src-1"), ("push", "hello", True, "2 layers")]
    assert [row["name"] for row in world.events.stages] == ["build", "push"]


def test_no_lanes_are_no_work(world: World, heard: list[Event]) -> None:
    assert roll((), world) == {}
    prepare(((),), world)
    assert heard == []


def test_lanes_run_side_by_side(world: World) -> None:
    """Each waits for the others: one after the other they would never meet."""
    meeting = threading.Barrier(3, timeout=5)

    def meet(world: World) -> str:
        meeting.wait()
        return "met"

    assert roll(tuple((Step(name, meet),) for name in "abc"), world) == {}


def test_the_steps_of_a_lane_come_one_after_the_other(world: World) -> None:
    order: list[str] = []

    def notes(text: str) -> Callable[[World], str]:
        def act(world: World) -> str:
            order.append(text)
            return text

        return act

    roll(tuple(tuple(Step(name, notes(f"{name}{at}")) for at in range(5)) for name in "ab"), world)
    assert [step for step in order if step[0] == "a"] == [f"a{at}" for at in range(5)]
    assert sorted(order) == sorted(f"{name}{at}" for name in "ab" for at in range(5))


def test_an_error_ends_its_own_lane_and_no_other(world: World, heard: list[Event]) -> None:
    broken = Failed("no")
    errors = roll(((Step("a", fails(broken)), Step("a", stage="push")), (Step("b"), Step("b", stage="push"))), world)
    assert errors == {"a": broken}
    assert sorted(stages(heard)) == [
        ("build", "a", False, ""),
        ("build", "b", True, "done"),
        ("push", "b", True, "done"),
    ]


def test_a_lane_of_all_services_has_no_name(world: World) -> None:
    broken = Failed("no")
    assert roll(((Step(None, fails(broken)),),), world) == {"": broken}


def test_evidence_of_an_error_is_told(world: World, heard: list[Event]) -> None:
    roll(((Step("a", fails(Failed("no", evidence=("line 1", "line 2")))),),), world)
    told = [event for event in heard if event["event"] == "evidence"]
    assert [(event["service"], event["stage"], event["logs"]) for event in told] == [
        ("a", "build", ["line 1", "line 2"])
    ]


def test_an_error_that_is_none_of_ours_rises(world: World) -> None:
    with pytest.raises(ZeroDivisionError):
        roll(((Step("a", fails(ZeroDivisionError())),), (Step("b"),)), world)


def test_a_cancel_between_two_steps_ends_the_lane(world: World, heard: list[Event]) -> None:
    errors = roll(((Step("a", cancels), Step("a", stage="push")),), world)
    assert [(type(e), e.what, e.remedy) for e in errors.values()] == [
        (Cancelled, "stopped", "run the command again; it goes on from here")
    ]
    assert stages(heard) == [("build", "a", True, "done, but stopped")]


def test_after_a_cancel_no_step_begins(world: World, heard: list[Event]) -> None:
    world.shell.cancelled.set()
    assert {name: type(e) for name, e in roll(((Step("a"),), (Step("b"),)), world).items()} == {
        "a": Cancelled,
        "b": Cancelled,
    }
    assert heard == []


def test_a_phase_that_fails_stops_the_phases_after_it(world: World, heard: list[Event]) -> None:
    broken = Failed("no")
    with pytest.raises(Failed) as caught:
        prepare((((Step("a", fails(broken)),), (Step("b"),)), ((Step("c"),),)), world)
    assert caught.value is broken
    assert {service for _, service, _, _ in stages(heard)} == {"a", "b"}


@pytest.mark.parametrize(
    ("first", "second", "rises"),
    [
        (Transient("a"), Failed("b"), "b"),
        (RolledBack("a"), Superseded("b"), "b"),
        (Failed("a"), Cancelled("b"), "b"),
        (Transient("a"), Transient("b"), "a"),
    ],
)
def test_the_worst_error_of_a_phase_rises(world: World, first: Exception, second: Exception, rises: str) -> None:
    with pytest.raises((Transient, Failed, RolledBack, Superseded, Cancelled)) as caught:
        prepare((((Step("x", fails(first)),), (Step("y", fails(second)),)),), world)
    assert str(caught.value) == rises


def test_more_lanes_than_threads_all_run(world: World, heard: list[Event]) -> None:
    assert roll(tuple((Step(f"s{n}"),) for n in range(40)), world) == {}
    assert len(stages(heard)) == 40


@pytest.mark.parametrize("ends", [lambda world: "good", fails(RolledBack("crashed"))])
def test_a_service_is_asked_when_the_gateway_is_there_or_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch, ends: Callable[[World], str]
) -> None:
    order: list[str] = []

    def prove(world: World, name: str) -> str:
        order.append(name)
        return ends(world) if name == "gateway" else "good"

    def late(world: World) -> str:
        world.cancelled(0.3)
        return "late"

    monkeypatch.setattr(steps, "prove", prove)
    assert roll(((Step("gateway", stage="build"),),), world) == {}
    roll(((Verify("hello", "src-h", "gateway"),), (Step("gateway", late), Verify("gateway", "src-g"))), world)
    assert order == ["gateway", "hello"]


def test_a_cancel_ends_the_wait_for_the_gateway(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "prove", lambda world, name: "good")
    world.shell.cancelled.set()
    assert Verify("hello", "src-h", "gateway").run(world) == "good"
