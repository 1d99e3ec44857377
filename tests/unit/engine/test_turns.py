"""Somebody else has the lock: refuse, wait, ask them to end; doubt about clocks is settled by watching."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from scripts.engine import turns
from scripts.engine.errors import Cancelled, Refused, Superseded
from scripts.engine.events import Event
from scripts.engine.lock import Manners
from scripts.engine.turns import BeatWatch, held_locks, locked
from scripts.engine.world import World
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.tables import Table
from tests.unit.engine.worlds import session

OTHER = "20260101T000000Z-0000bb"


class Clock:
    """Moves when somebody waits."""

    def __init__(self) -> None:
        self.at = 1000.0
        self.then: list[Callable[[], Any]] = []
        """What others do while we wait, one a pause."""

    def __call__(self) -> float:
        return self.at

    def wait(self, seconds: float) -> bool:
        self.at += seconds
        if self.then:
            self.then.pop(0)()
        return False


@pytest.fixture
def table(cloud: Cloud) -> Table:
    return Table(cloud)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(turns, "now", made)
    monkeypatch.setattr(BeatWatch.__init__, "__defaults__", (made,))
    return made


@pytest.fixture
def world(cloud: Cloud, table: Table, clock: Clock, heard: list[Event]) -> World:
    made = session(cloud, heard)
    made.cancelled = clock.wait  # type: ignore[method-assign]
    return made


def in_time() -> float:
    return time.time() + 20


def taken_by(world: World) -> tuple[str, int]:
    """Take the lock of hello: reason, fence."""
    with locked(world, ["hello"], "a fix") as lock:
        assert lock is not None
        assert world.lock is lock
        found = lock.leases["hello"]
    assert world.lock is None
    return found.reason, found.fence


def test_a_free_lock_is_taken_and_given_back(world: World, table: Table) -> None:
    assert taken_by(world) == ("a fix", 1)
    assert taken_by(world) == ("a fix", 2)
    assert table.lock("hello")["until"] == 0


def test_without_a_ledger_or_services_there_is_no_lock(world: World) -> None:
    with locked(world, []) as lock:
        assert lock is None
    world.has_ledger = False
    with locked(world, ["hello"]) as lock:
        assert lock is None


def test_somebody_who_deploys_is_named(world: World, table: Table) -> None:
    table.hold("hello", OTHER, in_time(), since=time.time() - 60, reason="hello: 1 file changed")
    with pytest.raises(Refused) as caught:
        taken_by(world)
    error = caught.value
    assert error.what.startswith(f"hello is being deployed by ann@box ({OTHER}) since ")
    assert ": hello: 1 file changed; its lease is renewed until it ends, else free at " in error.what
    assert (error.where, error.exit_code) == ("lock", 3)
    assert "--wait or --supersede" in error.remedy


def test_somebody_who_locked_by_hand_is_named(world: World, table: Table) -> None:
    table.hold("hello", OTHER, in_time(), reason="the database moves")
    del table.items["lock#hello", "lock"]["beat"]
    for manners in (Manners(), Manners(supersede=True)):
        world.manners = manners
        with pytest.raises(Refused, match=r"hello is locked by ann@box until .* UTC: the database moves") as caught:
            taken_by(world)
        assert caught.value.remedy == "ask ann@box, or free it with ./poe unlock hello"


def test_who_waits_takes_its_turn(world: World, table: Table, clock: Clock, heard: list[Event]) -> None:
    table.hold("hello", OTHER, in_time())
    clock.then = [lambda: None, lambda: table.change_lock("hello", until=0)]
    world.manners = Manners(wait=60)
    assert taken_by(world) == ("a fix", 8)
    assert [event["code"] for event in heard if event["event"] == "notice"] == ["waiting"]
    progress = [event for event in heard if event["event"] == "progress"]
    assert len(progress) == 2
    assert f"waiting: hello is being deployed by ann@box ({OTHER})" in progress[0]["text"]
    (stage,) = world.events.stages
    assert (stage["name"], stage["ok"]) == ("prepare", True)


def test_waiting_has_an_end(world: World, table: Table) -> None:
    table.hold("hello", OTHER, in_time())
    beats = iter(range(4, 1000))
    world.manners = Manners(wait=100)
    original = world.cancelled

    def beating(seconds: float) -> bool:
        table.change_lock("hello", beat=next(beats))
        return original(seconds)

    world.cancelled = beating  # type: ignore[method-assign]
    with pytest.raises(Refused, match=r"after 10[01] s of waiting"):
        taken_by(world)


def test_waiting_can_be_stopped(world: World, table: Table) -> None:
    table.hold("hello", OTHER, in_time())
    world.manners = Manners(wait=60)
    world.cancelled = lambda seconds: True  # type: ignore[method-assign]
    with pytest.raises(Cancelled, match="stopped while waiting for the lock"):
        taken_by(world)


def test_one_is_asked_to_end_once(world: World, table: Table, clock: Clock) -> None:
    table.hold("hello", OTHER, in_time())
    asked: list[str] = []

    def see() -> None:
        asked.append(table.lock("hello")["superseded_by"])

    clock.then = [see, lambda: table.change_lock("hello", until=0)]
    world.manners = Manners(supersede=True)
    assert taken_by(world)[1] == 8
    assert "@" in asked[0]
    assert "superseded_by" not in table.lock("hello")


@pytest.mark.parametrize("off", [-300, 300, -1, 31, 86_400 * 365])
def test_a_holder_whose_clock_is_wrong_and_that_is_dead_is_taken_over(
    world: World, table: Table, clock: Clock, off: float
) -> None:
    table.hold("hello", OTHER, time.time() + off)
    begin = clock.at
    assert taken_by(world)[1] == 8
    assert 30 < clock.at - begin < 33


@pytest.mark.parametrize("off", [-300, 300])
def test_a_holder_whose_clock_is_wrong_and_that_lives_is_left_alone(
    world: World, table: Table, clock: Clock, off: float
) -> None:
    table.hold("hello", OTHER, time.time() + off)
    begin = clock.at
    clock.then = [lambda: None] * 8 + [lambda: table.change_lock("hello", beat=4, until=time.time() + off + 8)]
    with pytest.raises(Refused, match="being deployed by ann@box"):
        taken_by(world)
    assert clock.at - begin < 10
    assert table.lock("hello")["fence"] == 7


def test_one_that_beats_in_the_last_moment_is_not_taken_over(
    world: World, table: Table, cloud: Cloud, clock: Clock
) -> None:
    """Between our last look and our write."""
    table.hold("hello", OTHER, time.time() - 300)
    update = cloud.answers["dynamodb:UpdateItem"]
    beats = [4]

    def late(asked: Any) -> Any:
        assert callable(update)
        if "beat_seen" in asked["ConditionExpression"]:
            table.change_lock("hello", beat=beats[0])
            beats[0] += 1
        return update(asked)

    cloud.answers["dynamodb:UpdateItem"] = late
    with pytest.raises(Refused):
        taken_by(world)
    assert table.lock("hello")["fence"] == 7


def test_long_past_is_free_at_once(world: World, table: Table, clock: Clock) -> None:
    table.hold("hello", OTHER, time.time() - 700)
    begin = clock.at
    assert taken_by(world)[1] == 8
    assert clock.at == begin


def test_a_stop_that_another_deploy_asked_for_is_no_ctrl_c(world: World, table: Table) -> None:

    def asked_and_stopped() -> None:
        with locked(world, ["hello"]):
            table.change_lock("hello", superseded_by="bob@box")
            with pytest.raises(Superseded):
                world.may_change()
            assert world.shell.cancelled.is_set(), "what runs is stopped"
            raise Cancelled("stopped")

    with pytest.raises(Superseded, match="bob@box asked this deploy to end"):
        asked_and_stopped()
    assert table.lock("hello")["until"] == 0, "given back to whoever asked"


def test_held_locks_are_told_as_data(world: World, table: Table) -> None:
    table.hold("gateway", OTHER, 0)
    table.hold("hello", OTHER, in_time())
    (row,) = held_locks(world, ["gateway", "hello"])
    assert (row["service"], row["actor"], row["by_hand"], row["in_doubt"]) == ("hello", "ann@box", False, False)
    table.change_lock("hello", until=time.time() - 100)
    assert "in doubt" in held_locks(world, ["hello"])[0]["text"]


def test_times_of_another_day_name_it() -> None:
    assert turns.clock(0.0) == "1970-01-01 00:00"
    assert len(turns.clock(time.time())) == 8
    assert replace(Manners(), wait=1).supersede is False
