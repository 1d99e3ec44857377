"""A cloud that throttles, fails, refuses or goes away: a clear error, nothing half-changed, the next deploy works."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping

import pytest

from tests.e2e import fault_proxy
from tests.e2e.fault_proxy import Fault, Request
from tests.e2e.guarded import Guarded
from tests.e2e.running import Result, begins
from tests.e2e.workshop import Lane

TRANSIENT = 75


def assert_as_before(lane: Lane, before: str) -> None:
    """The old version runs and the stack holds it."""
    assert lane.tag == before
    assert {answer.version for answer in lane.answers()} == {before}


def assert_heals(lane: Lane) -> Result:
    """The next deploy of the same source finishes."""
    result = lane.deploy()
    assert result.report["verdict"] == "live", result
    row = result.report["services"][lane.name]
    assert lane.tag == row["image_tag"]
    assert lane.digests() == {row["digest"]}
    return result


def test_nothing_changed_means_no_mutating_call(guarded: Guarded) -> None:
    with guarded.proxy.recorded() as requests:
        result = guarded.lane.deploy()
    assert result.report["verdict"] == "unchanged"
    assert {request.service for request in requests if request.is_aws} >= {"cloudformation", "ecs", "ecr", "sts"}
    assert not [request for request in requests if request.mutates]


def test_a_plan_changes_nothing(guarded: Guarded) -> None:
    guarded.lane.make()
    with guarded.proxy.recorded() as requests:
        plan = guarded.project.plan()
        again = guarded.project.plan()
    assert plan["path"] == "fast"
    assert plan == again
    assert requests
    assert not [request for request in requests if request.mutates]
    assert_heals(guarded.lane)


def test_now_and_then_throttled_or_failing_is_lived_with(guarded: Guarded) -> None:
    turns, others = itertools.count(), itertools.count()
    sometimes = Fault(lambda request: request.is_aws and next(turns) % 4 == 0, fault_proxy.throttled)
    seldom = Fault(lambda request: request.is_aws and next(others) % 7 == 0, fault_proxy.broken)
    guarded.lane.make()
    with guarded.lane.observed() as seen, guarded.proxy.fault(sometimes), guarded.proxy.fault(seldom):
        assert_heals(guarded.lane)
    assert sometimes.hits > 5
    assert seldom.hits > 2
    assert not seen.misses, seen.misses


Reply = Callable[[Request], tuple[int, str, bytes]]
GONE_FOR_GOOD: Mapping[str, tuple[Callable[[Request], bool], Reply, str, str]] = {
    "ECS throttles": (lambda request: request.service == "ecs", fault_proxy.throttled, "", "Rate exceeded"),
    "UpdateStack is never taken": (
        *(lambda request: request.operation == "UpdateStack", fault_proxy.broken),
        *("UpdateStack", "InternalFailure"),
    ),
    "the ledger fails": (lambda request: request.service == "dynamodb", fault_proxy.broken, "lock", ""),
}


@pytest.mark.parametrize("name", GONE_FOR_GOOD)
def test_what_stays_away_before_anything_changed(guarded: Guarded, name: str) -> None:
    """The next deploy works: not even a lock is left."""
    is_hit, reply, where, what = GONE_FOR_GOOD[name]
    lane, before = guarded.lane, guarded.lane.tag
    lane.make()
    with guarded.proxy.fault(Fault(is_hit, reply)):
        result = lane.deploy(expect=TRANSIENT)
    assert (where in result.error["where"], what in result.error["what"]) == (True, True), result.error
    assert "run the same command again" in result.error["remedy"]
    assert_as_before(lane, before)
    assert_heals(lane)


def test_a_registry_that_refuses_half_way(guarded: Guarded) -> None:
    lane, before = guarded.lane, guarded.lane.tag
    lane.make()
    refusal = Fault(lambda request: request.method == "PUT" and "/manifests/" in request.path, fault_proxy.denied)
    with guarded.proxy.recorded() as requests, guarded.proxy.fault(refusal):
        result = lane.deploy(expect=4)
    assert [request for request in requests if "/blobs/uploads/" in request.path], "nothing was pushed before"
    assert refusal.hits
    assert result.report["verdict"] == "failed"
    assert result.error["where"] == f"push {lane.name}"
    assert "read-only" in result.error["what"]
    assert "nothing was deployed" in result.error["remedy"]
    assert_as_before(lane, before)
    assert_heals(lane)


def test_a_push_whose_connection_breaks(guarded: Guarded) -> None:
    """Depending on when it breaks the engine tries again by itself."""
    lane, before = guarded.lane, guarded.lane.tag
    lane.make()
    broken = Fault(lambda request: request.method == "PATCH" and "/blobs/uploads/" in request.path, times=1)
    with guarded.proxy.fault(broken):
        result = lane.deploy(expect=None)
    assert broken.hits == 1
    if result.code == 0:
        assert result.report["verdict"] == "live"
        assert lane.digests() == {result.report["services"][lane.name]["digest"]}
        return
    assert result.code == TRANSIENT
    assert result.error["where"] == f"push {lane.name}"
    assert "run the command again" in result.error["remedy"]
    assert_as_before(lane, before)
    assert_heals(lane)


def test_an_image_that_vanishes_from_the_registry(guarded: Guarded) -> None:
    lane, before = guarded.lane, guarded.lane.tag
    lane.make()
    removed: list[str] = []

    def lose(request: Request) -> tuple[int, str, bytes]:
        """ECS pulls: by now the image is neither in the registry nor in the engine."""
        if not removed:
            removed.append(request.path.rpartition("/")[2])
            lane.forget_image(removed[0])
        return fault_proxy.unknown_manifest(request)

    lost = Fault(lambda request: request.method in ("GET", "HEAD") and "/manifests/" in request.path, lose)
    with lane.observed() as seen, guarded.proxy.fault(lost):
        result = lane.deploy(expect=5)
    evidence = result.only("evidence")
    assert (evidence["cause"], evidence["sentence"]) == ("image_not_found", "ECS cannot pull the image"), str(result)
    assert lost.hits
    assert not seen.misses, seen.misses
    assert_as_before(lane, before)
    lane.make()
    assert_heals(lane)


def test_the_network_goes_away_during_a_rollout(guarded: Guarded) -> None:
    lane = guarded.lane
    lane.make()
    command = lane.start()
    command.wait_for(begins("rollout"))
    guarded.proxy.is_cut = True
    threading.Timer(4.0, setattr, (guarded.proxy, "is_cut", False)).start()
    result = command.finish()
    assert result.report["verdict"] == "live"
    assert guarded.proxy.refused > 1
    assert lane.tag == result.report["services"][lane.name]["image_tag"]
    assert lane.deploy().report["verdict"] == "unchanged"


def test_two_deploys_at_once(guarded: Guarded) -> None:
    lane = guarded.lane
    lane.steady(10)
    lane.make()
    first = lane.start()
    first.wait_for(begins("rollout"))
    lane.make()
    second = lane.deploy(expect=3)
    assert second.error["where"] == "lock"
    assert f"{lane.name} is being deployed by" in second.error["what"]
    assert "@" in second.error["what"]
    assert first.finish().report["verdict"] == "live"
    lane.steady(1)
    assert_heals(lane)


def test_two_deploys_started_together(guarded: Guarded) -> None:
    lane = guarded.lane
    lane.make()
    results = [command.finish(expect=(0, 3)) for command in (lane.start(), lane.start())]
    assert 0 in [result.code for result in results]
    time.sleep(0.1)
    final = lane.deploy()
    assert final.report["verdict"] in ("live", "unchanged")
    assert lane.digests() == {final.report["services"][lane.name]["digest"]}
