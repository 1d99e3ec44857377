"""One deploy per service: leases that are taken in order, refused by name, renewed, lost and given back."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from scripts.engine import lock
from scripts.engine.errors import Refused, Transient
from scripts.engine.items import pack
from scripts.engine.lock import Lock, is_dead, this_process
from tests.unit.engine.clouds import Cloud, Refusal
from tests.unit.engine.projects import project

SETTINGS = project()
TAKEN = Refusal("ConditionalCheckFailedException", "The conditional request failed")
THROTTLED = Refusal("ThrottlingException", "slow down")
UNTIL = 1_767_225_600.0  # 2026-01-01 00:00:00 UTC


def holder(**changes: Any) -> dict[str, Any]:
    row = {"deployment": "d-other", "actor": "ann@box", "until": UNTIL, "host": "box", "process": "1 1", **changes}
    return {"Item": pack(row)}


def mine(cloud: Cloud, *services: str) -> Lock:
    return Lock(cloud.aws, SETTINGS, services or ("hello", "gateway"), "d-mine")


def keys(cloud: Cloud, call: str, at: str) -> list[str]:
    return [call[at]["pk"]["S"] for call in cloud.parameters(f"dynamodb:{call}")]


def test_leases_are_taken_in_one_order_and_given_back(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: UNTIL)
    cloud.answers |= {"dynamodb:PutItem": {}, "dynamodb:DeleteItem": {}}
    held = mine(cloud)
    held.acquire()
    held.release()
    assert keys(cloud, "PutItem", "Item") == ["lock#gateway", "lock#hello"]
    assert keys(cloud, "DeleteItem", "Key") == ["lock#gateway", "lock#hello"]
    taken = cloud.parameters("dynamodb:PutItem")[0]
    assert taken["ConditionExpression"] == "attribute_not_exists(pk) OR deployment = :me OR #until < :now"
    assert taken["ExpressionAttributeValues"] == {":me": {"S": "d-mine"}, ":now": {"N": str(UNTIL)}}
    assert taken["Item"]["until"] == {"N": str(UNTIL + lock.LEASE_SECONDS)}
    assert taken["Item"]["deployment"] == {"S": "d-mine"}
    assert cloud.parameters("dynamodb:DeleteItem")[0]["ExpressionAttributeValues"] == {":it": {"S": "d-mine"}}


def test_a_lease_of_another_is_refused_with_its_holder(cloud: Cloud) -> None:
    cloud.answers |= {
        "dynamodb:PutItem": [{}, TAKEN],
        "dynamodb:GetItem": holder(),
        "dynamodb:DeleteItem": {},
    }
    with pytest.raises(Refused) as caught:
        mine(cloud).acquire()
    assert (caught.value.where, caught.value.what, caught.value.remedy, caught.value.exit_code) == (
        "lock",
        "hello is being deployed by ann@box (d-other), until 00:00:00 UTC",
        "wait until it ends, then run the command again",
        3,
    )
    assert keys(cloud, "DeleteItem", "Key") == ["lock#gateway"]


def test_a_lease_that_was_given_back_meanwhile_is_taken(cloud: Cloud) -> None:
    cloud.answers |= {"dynamodb:PutItem": [TAKEN, {}], "dynamodb:GetItem": {}, "dynamodb:DeleteItem": {}}
    held = mine(cloud, "hello")
    held.acquire()
    held.release()
    assert keys(cloud, "PutItem", "Item") == ["lock#hello", "lock#hello"]
    assert keys(cloud, "DeleteItem", "Key") == ["lock#hello"]


def test_a_lease_that_others_take_in_turn_is_refused(cloud: Cloud) -> None:
    cloud.answers |= {"dynamodb:PutItem": TAKEN, "dynamodb:GetItem": {}}
    with pytest.raises(Refused, match="hello is being deployed by others in turn"):
        mine(cloud, "hello").acquire()


def test_the_lease_of_a_process_that_died_here_is_freed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "is_dead", lambda host, process: (host, process) == ("box", "1 1"))
    cloud.answers |= {"dynamodb:PutItem": [TAKEN, {}], "dynamodb:GetItem": holder(), "dynamodb:DeleteItem": {}}
    held = mine(cloud, "hello")
    held.acquire()
    assert cloud.parameters("dynamodb:DeleteItem")[0]["ExpressionAttributeValues"] == {":it": {"S": "d-other"}}
    held.release()


def test_a_lock_that_cannot_be_taken_completely_keeps_nothing(cloud: Cloud) -> None:
    cloud.answers |= {"dynamodb:PutItem": [{}, THROTTLED], "dynamodb:DeleteItem": {}}
    with pytest.raises(Transient, match="cannot take the deploy lock"):
        mine(cloud).acquire()
    assert keys(cloud, "DeleteItem", "Key") == ["lock#gateway"]


@pytest.mark.parametrize("answer", [TAKEN, THROTTLED, Refusal("InternalServerError", "", 500)])
def test_a_lease_that_cannot_be_given_back_expires(cloud: Cloud, answer: Refusal) -> None:
    cloud.answers |= {"dynamodb:PutItem": {}, "dynamodb:DeleteItem": answer}
    held = mine(cloud, "hello")
    held.acquire()
    held.release()


def wait_until(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not holds() and time.monotonic() < end:
        time.sleep(0.002)
    return holds()


def test_a_lease_is_renewed_while_the_deploy_lives(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT_SECONDS", 0.001)
    cloud.answers |= {"dynamodb:PutItem": {}, "dynamodb:DeleteItem": {}}
    held = mine(cloud, "hello")
    held.acquire()
    assert wait_until(lambda: len(cloud.parameters("dynamodb:PutItem")) >= 3)
    held.release()
    assert not held.lost.is_set()


def test_a_lease_that_another_took_over_is_lost(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT_SECONDS", 0.001)
    cloud.answers |= {"dynamodb:PutItem": [{}, {}, TAKEN], "dynamodb:DeleteItem": TAKEN}
    held = mine(cloud, "hello")
    held.acquire()
    assert wait_until(held.lost.is_set)
    held.release()


def test_an_outage_is_survived_until_the_lease_is_over(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT_SECONDS", 0.001)
    cloud.answers |= {"dynamodb:PutItem": [{}, THROTTLED, THROTTLED, {}], "dynamodb:DeleteItem": {}}
    held = mine(cloud, "hello")
    held.acquire()
    assert wait_until(lambda: len(cloud.parameters("dynamodb:PutItem")) >= 5)
    assert not held.lost.is_set()
    monkeypatch.setattr(lock, "LEASE_SECONDS", 0.0)
    cloud.answers["dynamodb:PutItem"] = THROTTLED
    assert wait_until(held.lost.is_set)
    held.release()


def test_of_this_machines_processes_is_known_which_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    here = socket.gethostname()

    def gone(pid: int, number: int) -> None:
        raise ProcessLookupError

    assert not is_dead(here, this_process())
    assert is_dead(here, f"{os.getpid()} 1"), "the id is in use again"
    assert not is_dead(here, str(os.getpid())), "without a start time nothing is certain"
    assert not is_dead(here, "unknown")
    monkeypatch.setattr(os, "kill", gone)
    assert is_dead(here, "77 1")
    assert not is_dead("elsewhere", "77 1")
