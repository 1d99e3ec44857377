"""When a snapshot is taken, and that it is whole."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from scripts.local.corrections.saving import stable
from scripts.local.snapshots import (
    LONGEST_WAIT,
    QUIET,
    ROLLOUT_WAIT,
    STACK_WAIT,
    Changes,
    Snapshots,
    form_action,
    is_change,
    watched,
)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def changes(clock: Clock) -> Changes:
    return Changes(clock)


def ready(changes: Changes, *, stacks: bool = False, rollouts: bool = False) -> bool:
    return changes.ready(stacks=stacks, rollouts=rollouts)


def test_nothing_is_saved_without_a_change(changes: Changes) -> None:
    assert not ready(changes)


def test_a_change_is_saved_after_a_quiet_moment(changes: Changes, clock: Clock) -> None:
    changes.note()
    assert not ready(changes)
    clock.now += QUIET
    assert ready(changes)
    changes.saved()
    assert not ready(changes)


def test_a_request_under_way_is_waited_for(changes: Changes, clock: Clock) -> None:
    changes.note()
    changes.under_way = 1
    clock.now += QUIET
    assert not ready(changes)
    clock.now += LONGEST_WAIT
    assert ready(changes)


@pytest.mark.parametrize(("what", "limit"), [("stacks", STACK_WAIT), ("rollouts", ROLLOUT_WAIT)])
def test_what_runs_in_the_background_is_waited_for(changes: Changes, clock: Clock, what: str, limit: float) -> None:
    changes.note()
    clock.now += limit - 1
    assert not ready(changes, **{what: True})
    assert not ready(changes), "the moment after it ended is not quiet yet"
    clock.now += QUIET
    assert ready(changes)
    clock.now += 1
    assert ready(changes, **{what: True}), "not for ever"


@pytest.mark.parametrize(
    ("method", "path", "action", "expected"),
    [
        ("POST", "/", "UpdateService", True),
        ("POST", "/", "DescribeServices", False),
        ("POST", "/", "", True),
        ("GET", "/bucket/key", "", False),
        ("PUT", "/bucket/key", "", True),
        ("PATCH", "/v2/app/blobs/uploads/1", "", True),
        ("POST", "/_alb/name/order", "", False),
    ],
)
def test_which_requests_change_state(method: str, path: str, action: str, expected: bool) -> None:
    assert is_change(method, path, action) is expected


def test_action_of_a_form() -> None:
    assert form_action(b"Version=2010&Action=CreateStack&StackName=x") == "CreateStack"
    assert form_action(b"") == ""


def test_the_application_gets_the_whole_request(changes: Changes) -> None:
    got: list[bytes] = []

    async def application(_scope: Any, receive: Any, _send: Any) -> None:
        got.append((await receive())["body"])
        got.append((await receive())["body"])
        assert changes.under_way == 1

    messages = [{"body": b"Action=DeleteStack&", "more_body": True}, {"body": b"StackName=x", "more_body": False}]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(_: Any) -> None:
        raise AssertionError("nothing is answered here")

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": [(b"Content-Type", b"application/x-www-form-urlencoded")],
    }
    asyncio.run(watched(application, changes)(scope, receive, send))
    assert got == [b"Action=DeleteStack&", b"StackName=x"]
    assert changes.first is not None
    assert changes.under_way == 0


def test_snapshots_replace_each_other_whole(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    for number in range(4):
        snapshots.save({"ecs": f"{number}", "ecr": f"{number}"})
    assert {path.name: path.read_text() for path in snapshots.current.iterdir()} == {"ecs.json": "3", "ecr.json": "3"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "4", "current"]


def test_an_interrupted_snapshot_changes_nothing(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    snapshots.save({"ecs": "whole"})
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / "ecs.json").write_text("half")
    assert (snapshots.current / "ecs.json").read_text() == "whole"
    snapshots.save({"ecs": "next"})
    assert (snapshots.current / "ecs.json").read_text() == "next"


def test_a_copy_that_met_a_change_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    outcomes: list[Any] = [RuntimeError("dictionary changed size"), {"a": 1}]

    def get_state() -> Any:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert stable(get_state) == {"a": 1}
