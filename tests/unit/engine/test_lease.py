"""The item of a lock: what its times say, and that only one of many who want it becomes its holder."""

from __future__ import annotations

import os
import socket
import time
from typing import Any

import pytest

from scripts.engine import processes
from scripts.engine.errors import Failed
from scripts.engine.lease import (
    LEASE_SECONDS,
    Claim,
    Lease,
    Standing,
    ask_to_end,
    give_back,
    read_lease,
    read_leases,
    renew,
    take,
    take_away,
)
from scripts.engine.processes import is_dead, this_process
from tests.unit.engine.clouds import Cloud, Refusal
from tests.unit.engine.projects import project
from tests.unit.engine.tables import Table

SETTINGS = project()
NOW = 1_767_225_600.0
MINE = Claim("20260101T000000Z-0000aa", "a fix")
OTHERS = Claim("20260101T000001Z-0000bb")


@pytest.fixture
def table(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setattr(time, "time", lambda: NOW)
    return Table(cloud)


def taken(cloud: Cloud, claim: Claim = MINE, **seen: Lease) -> Lease:
    found = take(cloud.aws, SETTINGS, "hello", claim, **seen)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("left", "standing"),
    [
        (LEASE_SECONDS, Standing.HELD),
        (0.1, Standing.HELD),
        (-1, Standing.UNCLEAR),
        (-300, Standing.UNCLEAR),
        (-601, Standing.FREE),
        (300, Standing.UNCLEAR),
        (86_400, Standing.UNCLEAR),
    ],
)
def test_what_a_time_says_to_our_clock(left: float, standing: Standing) -> None:
    assert Lease("hello", "d", "ann", "box", "1 1", beat=4, until=NOW + left).standing(NOW) is standing


@pytest.mark.parametrize(("left", "standing"), [(-1, Standing.FREE), (1, Standing.HELD), (600_000, Standing.HELD)])
def test_a_persons_lock_ends_at_its_time(left: float, standing: Standing) -> None:
    assert Lease("hello", "d", "ann", "box", until=NOW + left).standing(NOW) is standing


def test_given_back_is_free() -> None:
    assert Lease("hello", "d", "ann", "box", "1 1", beat=4, fence=9).standing(NOW) is Standing.FREE


def test_the_fence_counts_up_at_every_holder_and_stays(cloud: Cloud, table: Table) -> None:
    first = taken(cloud)
    assert (first.fence, first.beat, first.until, first.reason) == (1, 0, NOW + LEASE_SECONDS, "a fix")
    assert take(cloud.aws, SETTINGS, "hello", OTHERS) is None
    assert give_back(cloud.aws, SETTINGS, first, {"id": "c1", "time": 1}) is not None
    second = taken(cloud, OTHERS)
    assert (second.fence, second.commit) == (2, {"id": "c1", "time": 1})
    assert "expires_at" not in table.lock("hello"), "an item that expires would begin with fence 1 again"


def test_ids_of_holders_sort_by_time_whatever_their_clocks_say(cloud: Cloud, table: Table) -> None:
    give_back(cloud.aws, SETTINGS, taken(cloud, OTHERS))
    assert take(cloud.aws, SETTINGS, "hello", MINE) is None, "it would be older than the one before"


def test_a_renewal_beats_and_a_former_holder_cannot(cloud: Cloud, table: Table) -> None:
    first = taken(cloud)
    renewed = renew(cloud.aws, SETTINGS, first)
    assert renewed is not None
    assert (renewed.beat, renewed.fence) == (1, 1)
    taken(cloud, OTHERS, seen=renewed)
    assert renew(cloud.aws, SETTINGS, first) is None
    assert give_back(cloud.aws, SETTINGS, first) is None
    assert read_lease(cloud.aws, SETTINGS, "hello").deployment == OTHERS.deployment


def test_a_takeover_is_of_what_was_seen_alone(cloud: Cloud, table: Table) -> None:
    seen = taken(cloud)
    renew(cloud.aws, SETTINGS, seen)
    assert take(cloud.aws, SETTINGS, "hello", OTHERS, seen=seen) is None, "it has beaten since"


def test_an_item_of_before_fences_is_taken_over(cloud: Cloud, table: Table) -> None:
    table.hold("hello", "20250101T000000Z-000000", NOW - 700)
    for name in ("fence", "beat"):
        del table.items["lock#hello", "lock"][name]
    seen = read_lease(cloud.aws, SETTINGS, "hello")
    assert taken(cloud, seen=seen).fence == 1


def test_asked_to_end_and_taken_away(cloud: Cloud, table: Table) -> None:
    first = taken(cloud)
    asked = ask_to_end(cloud.aws, SETTINGS, first, "bob@box")
    assert asked is not None
    assert (asked.superseded_by, asked.fence) == ("bob@box", 1)
    freed = take_away(cloud.aws, SETTINGS, first)
    assert freed is not None
    assert (freed.until, freed.fence) == (0, 2)
    assert ask_to_end(cloud.aws, SETTINGS, first, "bob@box") is None
    assert taken(cloud, OTHERS).superseded_by == ""


def test_many_are_read_at_once_and_what_is_left_over_again(cloud: Cloud, table: Table) -> None:
    taken(cloud)
    answer, left = cloud.answers["dynamodb:BatchGetItem"], [True]
    assert callable(answer)

    def partly(asked: Any) -> Any:
        if left.pop() if left else False:
            return {"UnprocessedKeys": asked["RequestItems"]}
        return answer(asked)

    cloud.answers["dynamodb:BatchGetItem"] = partly
    found = read_leases(cloud.aws, SETTINGS, ["gateway", "hello"])
    assert [(one.service, one.fence) for one in found.values()] == [("gateway", 0), ("hello", 1)]
    asked = cloud.parameters("dynamodb:BatchGetItem")
    assert len(asked) == 2
    assert all(row["RequestItems"]["shop-staging-ledger"]["ConsistentRead"] for row in asked)


def test_another_error_is_no_refusal(cloud: Cloud, table: Table) -> None:
    cloud.answers["dynamodb:UpdateItem"] = Refusal("ResourceNotFoundException", "no table")
    with pytest.raises(Failed, match="cannot take the deploy lock"):
        take(cloud.aws, SETTINGS, "hello", MINE)


def test_of_this_machines_processes_is_known_which_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    here, me = socket.gethostname(), this_process()
    pid, started, space = me.split(" ")

    def gone(pid: int, number: int) -> None:
        raise ProcessLookupError

    assert not is_dead(here, me)
    assert is_dead(here, f"{pid} 1 {space}"), "the id is in use again"
    assert not is_dead(here, f"{pid}  {space}"), "without a start time nothing is certain"
    assert not is_dead(here, "unknown")
    assert not is_dead(here, "")
    monkeypatch.setattr(os, "kill", gone)
    assert is_dead(here, f"77 1 {space}")
    assert not is_dead("elsewhere", f"77 1 {space}")
    assert not is_dead(here, f"77 {started} another-container"), "another container of the same name"
    monkeypatch.setattr(processes, "_space", lambda: "")
    assert is_dead(here, "77 1"), "where the system tells no more"
