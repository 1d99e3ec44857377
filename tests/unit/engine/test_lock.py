"""All leases or none, renewed while the deploy lives; the table decides whether they are still ours."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from scripts.engine import lease, lock
from scripts.engine.errors import Superseded, Transient
from scripts.engine.lease import Lease
from scripts.engine.lock import Lock
from tests.unit.engine.clouds import Cloud, Refusal
from tests.unit.engine.projects import project
from tests.unit.engine.tables import Table

SETTINGS = project()
EARLIER, LATER = "20200101T000000Z-000000", "29990101T000000Z-ffffff"
THROTTLED = Refusal("ThrottlingException", "slow down")


@pytest.fixture
def table(cloud: Cloud) -> Table:
    return Table(cloud)


def mine(cloud: Cloud, *services: str) -> Lock:
    return Lock(cloud.aws, SETTINGS, services or ("hello", "gateway"))


def held(cloud: Cloud, *services: str) -> Lock:
    found = mine(cloud, *services)
    assert found.try_to_take() is None
    return found


def wait_until(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not holds() and time.monotonic() < end:
        time.sleep(0.002)
    return holds()


def test_leases_are_taken_in_one_order_and_given_back(cloud: Cloud, table: Table) -> None:
    own = held(cloud)
    assert {row["deployment"] for row in table.rows("lock")} == {own.deployment}
    own.live_commits["hello"] = {"id": "c1", "time": 1, "dirty": False}
    own.release()
    asked = [call["Key"]["pk"]["S"] for call in cloud.parameters("dynamodb:UpdateItem")]
    assert asked == ["lock#gateway", "lock#hello", "lock#gateway", "lock#hello"]
    assert [row["until"] for row in table.rows("lock")] == [0, 0]
    assert held(cloud).leases["hello"].commit == {"id": "c1", "time": 1, "dirty": False}


def test_one_in_the_way_leaves_none_taken(cloud: Cloud, table: Table) -> None:
    table.hold("hello", EARLIER, time.time() + 20)
    own = mine(cloud)
    blocking = own.try_to_take()
    assert blocking is not None
    assert (blocking.service, blocking.actor, own.waited) == ("hello", "ann@box", True)
    assert table.lock("gateway")["until"] == 0
    table.change_lock("hello", until=0)
    assert own.try_to_take() is None
    assert own.leases["hello"].fence == 8
    own.release()


def test_an_id_is_newer_than_all_before_whatever_our_clock_says(cloud: Cloud, table: Table) -> None:
    table.hold("hello", "29981231T235959Z-ffffff", 0)
    own = held(cloud)
    assert own.deployment.startswith("29990101T000000Z-")
    assert {row["deployment"] for row in table.rows("lock")} == {own.deployment}
    own.release()


def test_a_lease_that_was_given_back_between_two_looks_is_taken(cloud: Cloud, table: Table) -> None:
    table.hold("hello", EARLIER, time.time() + 20)
    read = cloud.answers["dynamodb:GetItem"]

    def freed(asked: Any) -> Any:
        table.change_lock("hello", until=0)
        assert callable(read)
        return read(asked)

    cloud.answers["dynamodb:GetItem"] = freed
    held(cloud, "hello").release()


def test_the_lease_of_a_process_that_died_here_is_free(
    cloud: Cloud, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "is_dead", lambda host, process: (host, process) == ("box", "1 1"))
    table.hold("hello", EARLIER, time.time() + 20)
    own = held(cloud, "hello")
    assert own.leases["hello"].fence == 8
    own.release()


def test_a_lock_that_cannot_be_taken_completely_keeps_nothing(cloud: Cloud, table: Table) -> None:
    update = cloud.answers["dynamodb:UpdateItem"]

    def second_fails(asked: Any) -> Any:
        assert callable(update)
        return THROTTLED if asked["Key"]["pk"]["S"] == "lock#hello" else update(asked)

    cloud.answers["dynamodb:UpdateItem"] = second_fails
    with pytest.raises(Transient, match="cannot take the deploy lock"):
        mine(cloud).try_to_take()
    assert [row["until"] for row in table.rows("lock")] == [0]


def test_a_lease_that_cannot_be_given_back_ends_by_itself(cloud: Cloud, table: Table) -> None:
    own = held(cloud, "hello")
    cloud.answers["dynamodb:UpdateItem"] = THROTTLED
    own.release()


def test_a_lease_is_renewed_while_the_deploy_lives(cloud: Cloud, table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(lock, "HEARTBEAT_SECONDS", 0.002)
    own = held(cloud, "hello")
    assert wait_until(lambda: table.lock("hello")["beat"] >= 3)
    own.release()
    assert own.loss is None
    own.check()


def test_most_looks_only_read(cloud: Cloud, table: Table) -> None:
    own = held(cloud)
    writes = len(cloud.parameters("dynamodb:UpdateItem"))
    own.check()
    own.check()
    assert len(cloud.parameters("dynamodb:BatchGetItem")) == 2
    assert len(cloud.parameters("dynamodb:UpdateItem")) == writes
    own.release()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fence": 9, "deployment": LATER}, f"hello: another deploy ({LATER}) took over"),
        ({"fence": 9, "until": 0, "reason": "unlocked by bob@box"}, "hello: unlocked by bob@box"),
        ({"superseded_by": "bob@box"}, "hello: bob@box asked this deploy to end"),
    ],
)
def test_the_table_decides(cloud: Cloud, table: Table, change: dict[str, Any], said: str) -> None:
    own, told = held(cloud), list[bool]()
    own.on_loss = lambda: told.append(True)
    own.check()
    table.change_lock("hello", **change)
    for _ in range(2):
        with pytest.raises(Superseded) as caught:
            own.check()
        assert (caught.value.what, caught.value.exit_code) == (said, 6)
    assert told == [True]
    own.release()


def test_a_process_that_slept_through_its_lease_finds_out(
    cloud: Cloud, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = held(cloud, "hello")
    moment = lock.now()
    monkeypatch.setattr(lock, "now", lambda: moment + 100)
    own.check()
    assert table.lock("hello")["beat"] == 1, "nobody took it over: it is held for another while"
    table.change_lock("hello", fence=2, deployment=LATER, until=time.time() + 20)
    monkeypatch.setattr(lock, "now", lambda: moment + 200)
    with pytest.raises(Superseded, match="took over"):
        own.check()
    own.release()
    assert table.lock("hello")["deployment"] == LATER
    assert table.lock("hello")["until"] > 0


def test_a_ledger_out_of_reach_is_lived_with_as_long_as_the_lease_lasts(
    cloud: Cloud, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, moment = held(cloud, "hello"), lock.now()
    cloud.answers |= {"dynamodb:BatchGetItem": THROTTLED, "dynamodb:UpdateItem": THROTTLED}
    own.check()
    monkeypatch.setattr(lock, "now", lambda: moment + lease.LEASE_SECONDS + 1)
    with pytest.raises(Transient, match="may be another's by now"):
        own.check()
    own.release()


def test_the_thread_tells_of_a_loss_and_lives_through_an_outage(
    cloud: Cloud, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "LOOK_SECONDS", 0.001)
    own, told = held(cloud, "hello"), list[bool]()
    own.on_loss = lambda: told.append(True)
    read = cloud.answers["dynamodb:BatchGetItem"]
    cloud.answers["dynamodb:BatchGetItem"] = THROTTLED
    looks = len(cloud.parameters("dynamodb:BatchGetItem"))
    assert wait_until(lambda: len(cloud.parameters("dynamodb:BatchGetItem")) > looks + 2)
    assert own.loss is None
    cloud.answers["dynamodb:BatchGetItem"] = read
    table.change_lock("hello", superseded_by="bob@box")
    assert wait_until(lambda: told == [True])
    own.release()


def test_who_deployed_between_our_look_and_our_lock_is_noticed(cloud: Cloud, table: Table) -> None:
    own = held(cloud)
    assert own.seen_before({"gateway": 0, "hello": 0})
    assert not own.seen_before({"gateway": 0, "hello": None}), "somebody held it"
    assert not own.seen_before({"gateway": 0}), "it could not be read"
    own.release()
    assert not held(cloud).seen_before({"gateway": 0, "hello": 0})


def test_a_watched_lease_that_does_not_beat_is_taken_over(cloud: Cloud, table: Table) -> None:
    table.hold("hello", EARLIER, time.time() - 100)
    watched: list[Lease] = []

    def is_over(seen: Lease) -> bool:
        watched.append(seen)
        return len(watched) > 3

    own = mine(cloud, "hello")
    assert own.try_to_take(is_over) is not None
    assert own.try_to_take(is_over) is None
    own.release()
