"""`--prove`: a rollout that loses nothing is shown to lose nothing, and one that does is caught."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.guarded import Guarded
from tests.e2e.running import Result
from tests.e2e.workshop import Lane


@pytest.fixture
def lane(guarded: Guarded) -> Lane:
    """A service; the tests leave it live."""
    found = guarded.lane
    found.steady(6)
    return found


def prove(lane: Lane, *words: str, expect: int | None = 0) -> Result:
    return lane.project.run("deploy", "--json", lane.name, "--prove", *words, expect=expect)


def proof(lane: Lane, result: Result) -> dict[str, Any]:
    return dict(result.report["services"][lane.name]["proof"])


def test_a_rolling_update_loses_nothing(lane: Lane) -> None:
    lane.make()
    result = prove(lane, "--prove-long", "/long")
    found = proof(lane, result)
    assert (result.report["verdict"], found["failed"], found["kinds"]) == ("live", 0, {}), result
    for phase in ("before", "during", "after"):
        assert found[phase]["sent"] > 20, found
        assert 0 < found[phase]["p95"] <= found[phase]["max"]
    assert found["long"]["sent"] >= 2
    assert found["long"]["p95"] >= 3000
    assert found["sent"] == found["during"]["sent"] + found["after"]["sent"] + found["long"]["sent"]
    stages = [stage["name"] for stage in result.report["stages"] if stage["service"] == lane.name]
    assert stages == ["build", "push", "update", "update", "rollout", "verify", "verify"]
    record = json.loads(lane.project.run("show", "--json", result.report["deployment"]).out)
    assert record["services"][lane.name]["proof"] == found


def losing(lane: Lane, *words: str) -> Result:
    """A deploy whose rollout lost requests; a stopping task may happen to have none, and is then rolled out again."""
    for _ in range(6):
        lane.make()
        result = prove(lane, "--prove-long", "/long", *words, expect=None)
        if proof(lane, result)["failed"]:
            return result
        assert result.report["verdict"] == "live"
    raise AssertionError("no rollout lost a request")


def test_requests_that_are_cut_off_are_counted_and_fail_the_deploy(lane: Lane) -> None:
    """Tasks are told to stop at once, and this application drops what it has at SIGTERM."""
    lane.project.set_key(f"services.{lane.name}", "deregistration_delay", "0")
    lane.deploy()
    result = losing(lane)
    found = proof(lane, result)
    assert (result.code, result.report["verdict"]) == (4, "failed")
    assert f"{lane.name} is live, but {found['failed']} of {found['sent']} requests failed" in result.error["what"]
    assert {answer.version for answer in lane.answers()} == {lane.tag}
    result = losing(lane, "--prove-max-failed", "1000")
    assert (result.code, result.report["verdict"]) == (0, "live")
    lane.project.set_key(f"services.{lane.name}", "deregistration_delay", "5")
    text = lane.project.run("deploy", lane.name, "--prove", "/", "--prove-rate", "50").out
    assert f"proof  {lane.name}: 0 of " in text
    assert "at 50 a second" in text
    assert "no long request was sent" in text


def test_a_version_that_does_not_come_up_is_told_with_its_load(lane: Lane) -> None:
    lane.make("500")
    result = prove(lane, expect=5)
    found = proof(lane, result)
    assert (result.report["verdict"], found["failed"], found["after"]) == ("rolled_back", 0, None), found
    assert found["during"]["sent"] > 20
    lane.make()
    assert lane.deploy().report["verdict"] == "live"


@pytest.mark.parametrize("words", [("/missing",), ("/", "--prove-long", "/missing")])
def test_a_path_that_fails_already_is_refused_before_the_update(lane: Lane, words: tuple[str, ...]) -> None:
    before = lane.tag
    lane.make()
    result = prove(lane, *words, expect=4)
    assert "fails before the update already: 4xx" in result.error["what"]
    assert lane.tag == before
    assert {answer.version for answer in lane.answers()} == {before}


def test_nothing_changed_is_nothing_to_prove(lane: Lane) -> None:
    lane.deploy()
    result = prove(lane)
    assert result.report["verdict"] == "unchanged"
    assert "proof" not in result.report["services"][lane.name]
    assert [e["text"] for e in result.kind("notice") if e["code"] == "nothing_to_prove"]


@pytest.mark.parametrize("words", [("--prove-long", "/x"), ("--prove", "amber"), ("--prove", "/a b")])
def test_mistakes(lane: Lane, words: tuple[str, ...]) -> None:
    assert lane.project.run("deploy", "--json", lane.name, *words, expect=2).error["exit_code"] == 2
