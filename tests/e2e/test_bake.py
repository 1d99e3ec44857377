"""A version that is live and then turns bad is taken back by itself; one that stays good is left alone."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.observer import Answer
from tests.e2e.running import Command, Event, Result
from tests.e2e.workshop import Lane, Workshop

MINUTE = 60


@dataclass(frozen=True)
class Case:
    """A version, how it is watched, and the sentence that must come of it; none where it stays good."""

    name: str
    mode: str
    settings: Mapping[str, str]
    trouble: str | None
    meanwhile: Callable[[Lane], None] = lambda lane: None
    """What happens while it bakes."""


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    before: str
    wanted: str
    result: Result
    held: str
    afterwards: list[Answer]
    record: dict[str, Any]


def count_errors(lane: Lane) -> None:
    """What the load balancer of AWS would tell of the minute that begins next: 30 of 100 requests failed."""
    elbv2, service = lane.project.client("elbv2"), lane.service
    group = service["loadBalancers"][0]["targetGroupArn"]
    balancer = elbv2.describe_load_balancers(Names=["slipway-local"])["LoadBalancers"][0]["LoadBalancerArn"]
    dimensions = [
        {"Name": "LoadBalancer", "Value": balancer.partition(":loadbalancer/")[2]},
        {"Name": "TargetGroup", "Value": group.rpartition(":")[2]},
    ]
    at = datetime.fromtimestamp((time.time() // MINUTE + 1) * MINUTE, UTC)
    rows = [("RequestCount", 100.0), ("HTTPCode_Target_5XX_Count", 30.0)]
    lane.project.client("cloudwatch").put_metric_data(
        Namespace="AWS/ApplicationELB",
        MetricData=[
            {"MetricName": name, "Dimensions": dimensions, "Timestamp": at, "Value": value} for name, value in rows
        ],
    )


BY_ECS = "Task failed ELB health checks"
"""On a busy machine ECS may take a task away before our own checks have seen enough; that is a good reason, too."""
CASES = (
    Case("good", "fine", {"bake": '"8s"'}, None),
    Case("turns", "turns", {"bake": '"60s"'}, "3 checks in a row failed: HTTP 500"),
    Case("errors", "errors", {"bake": '"60s"'}, "checks failed: "),
    Case("slow", "slow", {"bake": '"60s"', "bake_p95": "200"}, "checks is "),
    Case("slow-allowed", "slow", {"bake": '"25s"'}, None),
    Case("late", "late", {"bake": '"60s"'}, ""),
    Case("counted", "fine", {"bake": '"90s"'}, "30 of 100 requests in a minute", count_errors),
)


@pytest.fixture(scope="module")
def outcomes(workshop: Workshop, request: pytest.FixtureRequest) -> Mapping[str, Future[Outcome]]:
    """Every chosen case, run side by side."""
    chosen = workshop.chosen(request)
    return dict(zip([case.name for case in chosen], workshop.side_by_side(chosen, deploy_and_watch), strict=True))


def deploy_and_watch(lane: Lane, case: Case) -> Outcome:
    """Deploy the version, let it bake, look, deploy a good one that is not watched."""
    lane.make()
    lane.deploy()
    before = lane.tag
    lane.make(case.mode)
    for key, value in case.settings.items():
        lane.project.set_key(f"services.{lane.name}", key, value)
    try:
        command = lane.start()
        baking(command)
        wanted = lane.tag
        case.meanwhile(lane)
        result = command.finish(expect=None)
        held, afterwards = lane.tag, lane.answers()
        shown = lane.project.run("show", "--json", result.report["deployment"]).out
    finally:
        for key in case.settings:
            forget(lane, key)
    lane.make()
    assert lane.deploy().report["verdict"] == "live"
    return Outcome(before, wanted, result, held, afterwards, json.loads(shown))


def baking(command: Command) -> Event:
    """Wait until the version is live and watched."""
    return command.wait_for(lambda event: event["event"] == "notice" and event["code"] == "baking")


def forget(lane: Lane, key: str) -> None:
    """Back to a service that does not bake."""
    lane.project.set_key(f"services.{lane.name}", key, '"0s"' if key == "bake" else "60000")


@pytest.mark.parametrize("case", [case for case in CASES if case.trouble is not None], ids=lambda case: case.name)
def test_a_version_that_turns_bad_is_taken_back(case: Case, outcomes: Mapping[str, Future[Outcome]]) -> None:
    found = outcomes[case.name].result()
    result, (own,) = found.result, found.result.report["services"].values()
    assert (result.code, result.report["verdict"]) == (5, "rolled_back"), result
    assert case.trouble is not None
    assert case.trouble in result.error["what"] or BY_ECS in result.error["what"], result
    assert "after it was live" in result.error["what"]
    assert f"{found.before} serves again" in result.error["remedy"]
    assert found.wanted != found.before
    assert found.held == found.before
    assert {answer.version for answer in found.afterwards} == {found.before}, found.afterwards
    evidence = result.only("evidence")
    assert (evidence["cause"], evidence["targets"][0][:1].isdigit()) == ("bad_while_baking", True), evidence
    assert result.events.index(evidence) < result.events.index(result.report)
    assert own["bake"]["trouble"] in result.error["what"]
    assert found.record["verdict"] == "rolled_back"
    (row,) = found.record["services"].values()
    assert row["bake"]["trouble"] == own["bake"]["trouble"]
    verify = [stage["ok"] for stage in result.report["stages"] if stage["name"] == "verify"]
    assert verify == [True, False]


@pytest.mark.parametrize("case", [case for case in CASES if case.trouble is None], ids=lambda case: case.name)
def test_a_version_that_stays_good_is_left_alone(case: Case, outcomes: Mapping[str, Future[Outcome]]) -> None:
    found = outcomes[case.name].result()
    (own,) = found.result.report["services"].values()
    assert (found.result.code, own["verdict"]) == (0, "live"), found.result
    assert (own["bake"]["failed"], "trouble" in own["bake"]) == (0, False)
    assert own["bake"]["seconds"] >= own["bake"]["of"]
    assert found.held == found.wanted
    assert {answer.version for answer in found.afterwards} == {found.wanted}


def test_the_numbers_of_the_load_balancer_are_what_is_told(outcomes: Mapping[str, Future[Outcome]]) -> None:
    (own,) = outcomes["counted"].result().result.report["services"].values()
    assert own["bake"]["load_balancer"] == {"minutes": 1, "requests": 100, "errors": 30, "p95": None}
    assert own["bake"]["failed"] == 0


def test_ctrl_c_leaves_the_new_version_and_rollback_does_not_bake(workshop: Workshop) -> None:
    with workshop.lane() as lane:
        lane.make()
        lane.deploy()
        before = lane.tag
        lane.project.set_key(f"services.{lane.name}", "bake", '"60s"')
        lane.make()
        command = lane.start()
        baking(command)
        command.send(signal.SIGINT)
        result = command.finish(expect=130)
        assert (result.report["verdict"], lane.tag != before) == ("stopped", True)
        assert "its new version stays" in result.error["what"]
        assert {answer.version for answer in lane.answers()} == {lane.tag}
        back = lane.project.run("rollback", "--json", lane.name)
        assert (back.report["verdict"], lane.tag) == ("live", before)
        assert "bake" not in back.report["services"][lane.name]
        forget(lane, "bake")
        lane.make()
        assert lane.deploy().report["verdict"] == "live"
