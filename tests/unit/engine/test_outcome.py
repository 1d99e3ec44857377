"""How a deploy ended: verdict, exit code and the report."""

from __future__ import annotations

import json

import pytest

from scripts.engine.errors import (
    BadInput,
    Cancelled,
    Failed,
    Refused,
    RolledBack,
    SlipwayError,
    Superseded,
    TimedOut,
    Transient,
)
from scripts.engine.execute import worst
from scripts.engine.model import EXIT_CODES, Path, Plan, ServicePlan, Verdict
from scripts.engine.outcome import Outcome, as_facts, report, verdict_of
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.worlds import session

PLAN = Plan(
    "staging",
    Path.FAST,
    "hello: 1 file changed: src-hello to src-new",
    (
        ServicePlan("gateway", Path.NONE, "src-gateway runs in 2 tasks, settings unchanged", "src-gateway"),
        ServicePlan("hello", Path.FAST, "1 file changed", "src-new", previous_tag="src-hello", build=True),
        ServicePlan("shop", Path.FAST, "image content changed", "src-shop", previous_tag="src-old"),
    ),
)

CODES: tuple[tuple[type[SlipwayError], int, Verdict], ...] = (
    (BadInput, 2, Verdict.FAILED),
    (Refused, 3, Verdict.FAILED),
    (Failed, 4, Verdict.FAILED),
    (RolledBack, 5, Verdict.ROLLED_BACK),
    (Superseded, 6, Verdict.SUPERSEDED),
    (TimedOut, 7, Verdict.TIMED_OUT),
    (Transient, 75, Verdict.FAILED),
    (Cancelled, 130, Verdict.STOPPED),
)


@pytest.mark.parametrize(("kind", "code", "verdict"), CODES)
def test_each_error_has_the_exit_code_and_the_verdict_of_the_contract(
    kind: type[SlipwayError], code: int, verdict: Verdict
) -> None:
    error = kind("why")
    assert error.exit_code == code
    assert verdict_of(error) is verdict
    assert Outcome(verdict, PLAN, {"hello": error}).exit_code == code


def test_without_an_error_the_verdict_is_the_exit_code() -> None:
    assert {verdict: Outcome(verdict, PLAN).exit_code for verdict in Verdict} == EXIT_CODES
    assert [EXIT_CODES[v] for v in (Verdict.UNCHANGED, Verdict.LIVE)] == [0, 0]


@pytest.mark.parametrize(
    ("errors", "decides"),
    [
        ((Failed("a"), RolledBack("b")), "b"),
        ((RolledBack("a"), TimedOut("b"), Superseded("c")), "b"),
        ((Transient("a"), Failed("b")), "b"),
        ((Transient("a"), BadInput("b")), "b"),
        ((Transient("a"),), "a"),
        ((TimedOut("a"), Cancelled("b"), Transient("c")), "b"),
    ],
)
def test_the_worst_error_decides(errors: tuple[SlipwayError, ...], decides: str) -> None:
    assert worst(errors).what == decides
    assert worst(reversed(errors)).what == decides


def test_a_plan_as_plain_data() -> None:
    facts = as_facts(PLAN)
    assert json.loads(json.dumps(facts)) == facts
    assert facts == {
        "target": "staging",
        "path": "fast",
        "reason": "hello: 1 file changed: src-hello to src-new",
        "stacks": [],
        "services": {
            "gateway": {
                "path": "none",
                "reason": "src-gateway runs in 2 tasks, settings unchanged",
                "image_tag": "src-gateway",
                "previous_tag": None,
                "build": False,
                "bake": 0,
                "release": False,
                "shift": [],
                "leftover": False,
            },
            "hello": {
                "path": "fast",
                "reason": "1 file changed",
                "image_tag": "src-new",
                "previous_tag": "src-hello",
                "build": True,
                "bake": 0,
                "release": False,
                "shift": [],
                "leftover": False,
            },
            "shop": {
                "path": "fast",
                "reason": "image content changed",
                "image_tag": "src-shop",
                "previous_tag": "src-old",
                "build": False,
                "bake": 0,
                "release": False,
                "shift": [],
                "leftover": False,
            },
        },
    }


def test_the_report_of_a_live_deploy(cloud: Cloud) -> None:
    world = session(cloud)
    world.digests["hello"] = "sha256:pushed"
    world.urls["hello"] = "http://lb/hello"
    world.pushed_bytes = 4100
    world.settling.add("hello")
    cloud.aws.calls += [("ecs", "ListTasks"), ("cloudformation", "UpdateStack")]
    with world.events.stage("build", "hello"):
        pass
    found = report(world, Outcome(Verdict.LIVE, PLAN))
    assert json.loads(json.dumps(found)) == found
    assert (found["verdict"], found["target"], found["path"]) == ("live", "staging", "fast")
    assert (found["mutating_calls"], found["pushed_bytes"], found["settling"]) == (1, 4100, ["hello"])
    assert [row["name"] for row in found["stages"]] == ["build"]
    assert found["services"]["hello"] == {
        "path": "fast",
        "reason": "1 file changed",
        "image_tag": "src-new",
        "digest": "sha256:pushed",
        "url": "http://lb/hello",
        "verdict": "live",
    }
    assert found["services"]["gateway"]["digest"] == "sha256:gateway"
    assert "error" not in found


def verdicts(cloud: Cloud, verdict: Verdict, errors: dict[str, SlipwayError]) -> dict[str, str]:
    found = report(session(cloud), Outcome(verdict, PLAN, errors))
    return {name: row["verdict"] for name, row in found["services"].items()}


def test_each_service_has_its_own_verdict(cloud: Cloud) -> None:
    assert verdicts(cloud, Verdict.LIVE, {}) == {"gateway": "unchanged", "hello": "live", "shop": "live"}
    assert verdicts(cloud, Verdict.ROLLED_BACK, {"hello": RolledBack("why")}) == {
        "gateway": "unchanged",
        "hello": "rolled_back",
        "shop": "live",
    }


def test_before_the_rollout_all_share_one_verdict(cloud: Cloud) -> None:
    assert verdicts(cloud, Verdict.FAILED, {"": Failed("no build")}) == {
        "gateway": "unchanged",
        "hello": "failed",
        "shop": "failed",
    }


def test_the_report_of_a_failure_tells_the_error_that_decides(cloud: Cloud) -> None:
    errors: dict[str, SlipwayError] = {
        "hello": RolledBack("hello: crashed", where="rollout", remedy="correct it"),
        "shop": Failed("shop: broke"),
    }
    found = report(session(cloud), Outcome(Verdict.ROLLED_BACK, PLAN, errors))
    assert found["error"] == {"what": "hello: crashed", "where": "rollout", "remedy": "correct it", "exit_code": 5}
