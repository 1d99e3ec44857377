"""Locks: processes that slept through their lease, clocks that are wrong, machines that are lost, a ledger that is."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e import fault_proxy
from tests.e2e.fault_proxy import Fault, Request
from tests.e2e.guarded import Guarded
from tests.e2e.locking import (
    LEASE,
    REFUSED,
    SUPERSEDED,
    assert_brought,
    assert_superseded,
    deploy,
    history,
    lock_of,
    record_of,
    versions,
    write_lock,
)
from tests.e2e.running import Command, begins
from tests.e2e.workshop import Lane


@pytest.mark.parametrize("place", ["build", "after the push", "rollout"])
def test_a_process_that_slept_through_its_lease_changes_nothing_more(guarded: Guarded, lane: Lane, place: str) -> None:
    lane.make()
    command = lane.start()
    if place == "after the push":
        stop_at_push(guarded, command)
    else:
        command.wait_for(begins(place))
        command.send(signal.SIGSTOP)
    fence = lock_of(lane)["fence"]
    write_lock(lane, until=time.time() - 700)
    lane.make()
    other = deploy(lane)
    assert_brought(lane, other)
    assert lock_of(lane)["fence"] == fence + 1
    with guarded.proxy.recorded() as requests:
        command.send(signal.SIGCONT)
        zombie = command.finish(SUPERSEDED)
    changes = [request for request in requests if request.mutates and request.service != "dynamodb"]
    # What docker had begun by itself may come to its end; nothing that runs follows from it.
    assert not [request for request in changes if request.is_aws], changes
    assert_superseded(lane, zombie)
    assert_brought(lane, other)
    assert lane.deploy().report["verdict"] == "unchanged"


def stop_at_push(guarded: Guarded, command: Command) -> None:
    """Stop the process when its image arrives: what it would do next is UpdateStack."""
    stopped = threading.Event()

    def strike(request: Request) -> bool:
        if request.method == "PUT" and "/manifests/" in request.path:
            command.send(signal.SIGSTOP)
            stopped.set()
        return False

    with guarded.proxy.fault(Fault(strike)):
        assert stopped.wait(60)


def test_a_process_that_slept_and_was_not_missed_goes_on(lane: Lane) -> None:
    lane.make()
    command = lane.start()
    command.wait_for(begins("rollout"))
    command.send(signal.SIGSTOP)
    write_lock(lane, until=time.time() - 700)
    command.send(signal.SIGCONT)
    assert_brought(lane, command.finish())


@contextmanager
def elsewhere(lane: Lane, off: float, *, beats: bool) -> Iterator[None]:
    """A machine whose clock is off holds the lock; it beats, or is dead."""
    write_lock(lane, host="elsewhere", process="1 1", until=time.time() + off + LEASE, beat=1)
    over = threading.Event()

    def beat() -> None:
        count = 1
        while not over.wait(2):
            count += 1
            write_lock(lane, beat=count, until=time.time() + off + LEASE)

    thread = threading.Thread(target=beat, daemon=True)
    if beats:
        thread.start()
    yield
    over.set()
    if beats:
        thread.join()


@pytest.mark.parametrize("off", [-300.0, 300.0])
def test_a_clock_that_is_five_minutes_off(lane: Lane, off: float) -> None:
    before = lane.tag
    lane.make()
    with elsewhere(lane, off, beats=True):
        result = deploy(lane, expect=REFUSED)
        assert "is being deployed by" in result.error["what"]
        assert result.seconds < LEASE
        assert lane.tag == before
    fence = lock_of(lane)["fence"]
    with elsewhere(lane, off, beats=False):
        result = deploy(lane)
    assert_brought(lane, result)
    assert lock_of(lane)["fence"] == fence + 1
    assert result.seconds > LEASE


def test_a_machine_that_was_lost_keeps_the_lock_no_longer_than_its_lease(lane: Lane) -> None:
    lane.make()
    command = lane.start()
    command.wait_for(begins("rollout"))
    command.send(signal.SIGKILL)
    command.finish(expect=None)
    killed = lock_of(lane)["deployment"]
    write_lock(lane, host="elsewhere")
    lane.make()
    assert deploy(lane, expect=REFUSED).error["where"] == "lock"
    result = deploy(lane, "--wait")
    waited = next(row for row in result.report["stages"] if row["name"] == "prepare" and row["seconds"] > 2)
    assert waited["seconds"] < LEASE + 5
    assert_brought(lane, result)
    assert next(row for row in history(lane) if row["id"] == killed)["verdict"] == "stopped"


def test_a_ledger_that_is_lost_midway_is_written_later(guarded: Guarded, lane: Lane) -> None:
    lane.make()
    lost = Fault(lambda request: request.service == "dynamodb", fault_proxy.broken)
    command = lane.start()
    command.wait_for(begins("rollout"))
    with guarded.proxy.fault(lost):
        result = command.finish()
    assert_brought(lane, result)
    said = [row["text"] for row in result.kind("warning")]
    assert [text for text in said if "out of reach" in text], said
    kept = lane.project.state / "unwritten" / f"{result.report['deployment']}.json"
    assert kept.exists(), said
    row = record_of(lane, result)
    assert (row["verdict"], row["services"][lane.name]["verdict"]) == ("live", "live")
    assert not kept.exists()
    assert lane.deploy().report["verdict"] == "unchanged"


def test_a_table_that_was_deleted_stops_a_deploy_before_it_changed_anything(guarded: Guarded, lane: Lane) -> None:
    before = lane.tag
    lane.make()
    gone = Fault(lambda request: request.service == "dynamodb", no_table)
    with guarded.proxy.fault(gone), guarded.proxy.recorded() as requests:
        result = deploy(lane, expect=4)
    assert "ResourceNotFoundException" in result.error["what"]
    assert not [request for request in requests if request.mutates and request.service != "dynamodb"]
    assert (lane.tag, versions(lane)) == (before, {before})
    assert_brought(lane, deploy(lane))


def no_table(_: Request) -> tuple[int, str, bytes]:
    text = b'{"__type":"ResourceNotFoundException","message":"Requested resource not found"}'
    return 400, "application/x-amz-json-1.0", text
