"""An older commit does not replace a newer one; what waited while a newer one came is superseded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scripts.engine.deploying import deploy
from scripts.engine.errors import Failed, Refused
from scripts.engine.history import history, newest_live
from scripts.engine.ledger import Ledger
from scripts.engine.lock import Manners
from scripts.engine.model import Path, Plan, ServicePlan, Verdict
from scripts.engine.order import newer_live
from scripts.engine.shell import Result
from scripts.engine.turns import locked
from scripts.engine.world import World
from tests.unit.engine.shells import FakeShell, said
from tests.unit.engine.targets import Target, edit

OURS, THEIRS = "a" * 40, "b" * 40
LIVE = {"id": THEIRS, "time": 2_000, "dirty": False}


def at_commit(world: World, *, time: int = 1_000, ancestor: int | Exception = 0) -> None:
    """The tree is at OURS; git says whether that is an ancestor of THEIRS."""
    assert isinstance(world.shell, FakeShell)
    answer: Result | Exception = said(code=ancestor) if isinstance(ancestor, int) else ancestor
    rows = (("merge-base", answer), (("git", "log"), said(f"{OURS} {time}")), (("git", "status"), said()))
    world.shell.rows = (*rows, *world.shell.rows)


def live_before(target: Target, commit: dict[str, Any]) -> None:
    """Somebody brought that commit live and gave the lock back."""
    target.table.hold("hello", "20260101T000000Z-000001", 0, commit=commit)


def test_an_ancestor_of_what_is_live_is_refused(world: World, target: Target) -> None:
    edit(target.settings)
    at_commit(world)
    live_before(target, LIVE)
    with pytest.raises(Refused) as caught:
        deploy(world, ["hello"])
    assert caught.value.what == "hello: commit bbbbbbbbbbbb is live, which is newer than aaaaaaaaaaaa"
    assert "--allow-older" in caught.value.remedy
    assert [call for call in world.aws.mutating_calls if not call.startswith("dynamodb:")] == []
    assert target.table.lock("hello")["until"] == 0
    assert target.table.lock("hello")["commit"] == LIVE
    assert history(world.aws, world.settings) == [], "a refusal is no deployment"


def test_unless_it_is_asked_for(world: World, target: Target) -> None:
    edit(target.settings)
    at_commit(world)
    live_before(target, LIVE)
    world.manners = Manners(allow_older=True)
    assert deploy(world, ["hello"]).verdict is Verdict.LIVE
    assert target.table.lock("hello")["commit"] == {"id": OURS, "time": 1_000, "dirty": False}
    assert history(world.aws, world.settings)[0]["services"]["hello"]["commit"]["id"] == OURS


@pytest.mark.parametrize(
    ("time", "ancestor", "is_older"),
    [
        (1_000, 1, False),
        (1_000, 128, True),
        (2_000, 128, False),
        (3_000, 128, False),
        (1_000, Failed("cannot start git"), True),
        (3_000, 0, True),
    ],
)
def test_history_decides_and_times_where_it_is_not_known(
    world: World, target: Target, *, time: int, ancestor: int | Exception, is_older: bool
) -> None:
    edit(target.settings)
    at_commit(world, time=time, ancestor=ancestor)
    live_before(target, LIVE)
    if not is_older:
        assert deploy(world, ["hello"]).verdict is Verdict.LIVE
        return
    with pytest.raises(Refused, match="which is newer"):
        deploy(world, ["hello"])


def test_the_same_commit_again_is_not_older(world: World, target: Target) -> None:
    edit(target.settings)
    at_commit(world)
    live_before(target, {**LIVE, "id": OURS})
    assert deploy(world, ["hello"]).verdict is Verdict.LIVE


def test_a_tree_without_git_is_not_compared(world: World, target: Target) -> None:
    edit(target.settings)
    live_before(target, LIVE)
    assert deploy(world, ["hello"]).verdict is Verdict.LIVE
    assert target.table.lock("hello")["commit"] == LIVE


def test_where_the_lock_knows_no_commit_the_records_do(world: World, target: Target) -> None:
    services = {"hello": {"path": "fast", "image_tag": "src-b", "verdict": "live"}}
    facts = {"verdict": "live", "services": services, "commit": LIVE}
    Ledger(world.aws, world.settings, "20260101T000000Z-000001").close(facts)
    record = newest_live(world.aws, world.settings, "hello")
    assert record is not None
    edit(target.settings)
    at_commit(world)
    with pytest.raises(Refused, match="which is newer"):
        deploy(world, ["hello"])


def test_what_waited_while_a_newer_one_came_is_superseded_and_recorded(world: World, target: Target) -> None:
    import time

    edit(target.settings)
    at_commit(world)
    target.table.hold("hello", "20260101T000000Z-000001", time.time() + 20)
    world.manners = Manners(wait=60)

    def ended(seconds: float) -> bool:
        target.table.change_lock("hello", until=0, commit=LIVE)
        return False

    world.cancelled = ended  # type: ignore[method-assign]
    outcome = deploy(world, ["hello"])
    assert (outcome.verdict, outcome.exit_code) == (Verdict.SUPERSEDED, 6)
    assert [call for call in world.aws.mutating_calls if not call.startswith("dynamodb:")] == []
    (record,) = history(world.aws, world.settings)
    assert (record["verdict"], record["services"]["hello"]["verdict"]) == ("superseded", "superseded")
    assert "it came while this deploy waited" in record["error"]
    assert target.table.lock("hello")["commit"] == LIVE


def test_the_plan_is_made_again_when_somebody_deployed_meanwhile(
    world: World, target: Target, heard: list[dict[str, Any]]
) -> None:
    """Somebody brings the same version live between our look and our lock."""
    tag = edit(target.settings)
    update = target.cloud.answers["dynamodb:UpdateItem"]

    def faster(asked: Any) -> Any:
        assert callable(update)
        if not target.table.lock("hello"):
            target.table.hold("hello", "20260101T000000Z-000001", 0)
            target.update(
                {"StackName": "x-service-hello", "Parameters": [{"ParameterKey": "ImageTag", "ParameterValue": tag}]}
            )
            target.pushed.add(f"hello:{tag}")
        return update(asked)

    target.cloud.answers["dynamodb:UpdateItem"] = faster
    outcome = deploy(world, ["hello"])
    assert outcome.verdict is Verdict.UNCHANGED
    assert [event["path"] for event in heard if event["event"] == "plan"] == ["fast", "none"]
    assert world.deployment is None
    assert target.table.lock("hello")["until"] == 0
    assert target.cloud.parameters("cloudformation:UpdateStack") == []


def test_what_was_removed_is_no_longer_live(world: World, target: Target) -> None:
    at_commit(world)
    live_before(target, LIVE)
    commits = {"hello": {"id": OURS, "time": 1_000, "dirty": False}}
    plan = Plan("staging", Path.FULL, "", (ServicePlan("hello", Path.FULL, "the service has no stack yet", "src-a"),))
    with locked(world, ["hello"]):
        assert newer_live(world, plan, commits) is None
        again = replace(plan, services=(replace(plan.services[0], previous_tag="src-b"),))
        assert newer_live(world, again, commits) is not None
