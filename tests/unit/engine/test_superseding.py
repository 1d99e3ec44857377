"""One deploy ends so that another can go on: nothing is put back, nothing is told as rolled back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from scripts.engine import lock
from scripts.engine.deploying import deploy
from scripts.engine.errors import BadInput, Refused
from scripts.engine.events import Event
from scripts.engine.history import history
from scripts.engine.ledger import Ledger
from scripts.engine.lock import Manners
from scripts.engine.model import Verdict
from scripts.engine.rollback import rollback
from scripts.engine.world import World
from tests.unit.engine.clouds import Refusal
from tests.unit.engine.targets import Target, edit

OTHER = "20260101T000000Z-0000bb"


def changes(world: World) -> list[str]:
    return [call for call in world.aws.mutating_calls if not call.startswith("dynamodb:")]


def test_it_is_asked_to_end_while_it_watches(
    world: World, target: Target, heard: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "LOOK_SECONDS", 0.005)
    edit(target.settings)

    def never_there(asked: Any) -> Any:
        if target.cloud.parameters("cloudformation:UpdateStack"):
            target.table.change_lock("hello", superseded_by="bob@box")
            return {"services": []}
        return target.services(asked)

    target.cloud.answers["ecs:DescribeServices"] = never_there
    outcome = deploy(world, ["hello"])
    assert (outcome.verdict, outcome.exit_code) == (Verdict.SUPERSEDED, 6)
    assert outcome.error is not None
    assert outcome.error.what == "hello: bob@box asked this deploy to end"
    assert changes(world) == ["cloudformation:UpdateStack"], "nothing is put back"
    assert not [event for event in heard if event["event"] == "evidence"]
    assert history(world.aws, world.settings)[0]["verdict"] == "superseded"
    assert target.table.lock("hello")["until"] == 0


def test_it_says_why_it_holds_the_lock(world: World, target: Target) -> None:
    edit(target.settings)
    deploy(world, ["hello"])
    assert target.table.lock("hello")["reason"].startswith("hello: image content changed: src-")


def being_updated(target: Target, looks: int, status: str = "UPDATE_IN_PROGRESS") -> Any:
    """The stack of hello is being updated in the first looks."""
    left = [looks]

    def stacks(asked: Any) -> Any:
        found = target.stacks(asked)
        if left[0] > 0:
            left[0] -= 1
            found["Stacks"][-1]["StackStatus"] = status
        return found

    return stacks


def end_when_asked(world: World, target: Target) -> None:
    """Somebody deploys hello, and ends as soon as it is asked to."""
    target.table.hold("hello", OTHER, time.time() + 20)

    def wait(seconds: float) -> bool:
        if target.table.lock("hello").get("superseded_by"):
            target.table.change_lock("hello", until=0)
        return False

    world.cancelled = wait  # type: ignore[method-assign]


def waiting_meets(world: World, target: Target, act: Callable[[], object] = lambda: None) -> None:
    """Somebody holds hello; while we wait for it the act happens, and the lock is free."""
    target.table.hold("hello", OTHER, time.time() + 20)
    world.manners = Manners(wait=60)

    def wait(seconds: float) -> bool:
        act()
        target.table.change_lock("hello", until=0)
        return False

    world.cancelled = wait  # type: ignore[method-assign]


@pytest.mark.parametrize("is_allowed", [True, False])
def test_the_update_of_the_other_is_cancelled_or_waited_for(
    world: World, target: Target, heard: list[Event], is_allowed: bool
) -> None:
    tag = edit(target.settings)
    end_when_asked(world, target)
    target.cloud.answers |= {
        "cloudformation:DescribeStacks": being_updated(target, 3),
        "cloudformation:CancelUpdateStack": {} if is_allowed else Refusal("AccessDenied", "no"),
    }
    world.manners = Manners(supersede=True)
    outcome = deploy(world, ["hello"])
    assert (outcome.verdict, target.tags["hello"]) == (Verdict.LIVE, tag)
    (asked,) = target.cloud.parameters("cloudformation:CancelUpdateStack")
    assert asked["StackName"] == "shop-staging-service-hello"
    warned = [event["text"] for event in heard if event["event"] == "warning"]
    assert [text for text in warned if "waiting for shop-staging-service-hello instead" in text] == warned
    assert bool(warned) is not is_allowed


def test_who_only_waits_cancels_nothing(world: World, target: Target) -> None:
    edit(target.settings)
    target.table.hold("hello", OTHER, time.time() + 20)
    target.cloud.answers["cloudformation:DescribeStacks"] = being_updated(target, 3)
    freed = iter([True])

    def wait(seconds: float) -> bool:
        if next(freed, False):
            target.table.change_lock("hello", until=0)
        return False

    world.cancelled = wait  # type: ignore[method-assign]
    world.manners = Manners(wait=60)
    assert deploy(world, ["hello"]).verdict is Verdict.LIVE


def test_a_stack_that_moves_under_anothers_lock_is_not_waited_for_by_default(world: World, target: Target) -> None:
    target.table.hold("hello", OTHER, time.time() + 20)
    target.cloud.answers["cloudformation:DescribeStacks"] = being_updated(target, 1_000)
    with pytest.raises(Refused, match="hello is being deployed by ann@box"):
        deploy(world, ["hello"])


def test_other_services_stacks_may_move(world: World, target: Target) -> None:
    edit(target.settings)
    target.cloud.answers["cloudformation:DescribeStacks"] = being_updated(target, 1_000)
    assert deploy(world, ["gateway"]).verdict is Verdict.UNCHANGED


class TestRollback:
    """The way back among others."""

    @pytest.fixture(autouse=True)
    def _past(self, world: World, target: Target) -> None:
        for number, tag in enumerate(("src-a", "src-b", "src-c")):
            services = {"hello": {"path": "fast", "image_tag": tag, "verdict": "live", "reason": ""}}
            facts = {"verdict": "live", "path": "fast", "reason": "", "actor": "ann@box", "services": services}
            Ledger(world.aws, world.settings, f"20250101T00000{number}Z-000000").close(facts)
            target.pushed.add(f"hello:{tag}")
        target.tags["hello"] = "src-c"

    def test_who_waited_does_not_go_back_from_what_came_meanwhile(self, world: World, target: Target) -> None:
        waiting_meets(world, target, lambda: target.tags.update(hello="src-b"))
        with pytest.raises(Refused, match="hello was changed meanwhile: it does not have src-c any more"):
            rollback(world, ["hello"])
        assert changes(world) == []
        assert target.table.lock("hello")["until"] == 0

    def test_one_that_was_going_back_when_we_came_is_not_followed_further(self, world: World, target: Target) -> None:
        """Its stack held the tag that it goes back to already."""
        services = {"hello": {"path": "fast", "image_tag": "src-b", "verdict": "live", "reason": "back"}}
        facts = {"verdict": "live", "path": "fast", "reason": "", "actor": "ann@box", "services": services}
        target.tags["hello"] = "src-b"
        waiting_meets(world, target, lambda: Ledger(world.aws, world.settings, OTHER).close(facts))
        with pytest.raises(Refused, match="hello was changed meanwhile: another version became live while"):
            rollback(world, ["hello"])
        assert changes(world) == []

    def test_one_that_ended_between_our_look_and_our_lock_is_noticed(self, world: World, target: Target) -> None:
        target.table.hold("hello", OTHER, time.time() + 20)
        target.tags["hello"] = "src-b"
        update = target.cloud.answers["dynamodb:UpdateItem"]
        times = iter([True])

        def faster(asked: Any) -> Any:
            assert callable(update)
            if next(times, False):
                services = {"hello": {"path": "fast", "image_tag": "src-b", "verdict": "live", "reason": "back"}}
                facts = {"verdict": "live", "path": "fast", "reason": "", "actor": "ann@box", "services": services}
                Ledger(world.aws, world.settings, OTHER).close(facts)
                target.table.change_lock("hello", until=0)
            return update(asked)

        target.cloud.answers["dynamodb:UpdateItem"] = faster
        with pytest.raises(Refused, match="hello was changed meanwhile"):
            rollback(world, ["hello"])
        assert changes(world) == []

    def test_a_deploy_that_was_killed_is_no_reason_to_refuse(self, world: World, target: Target) -> None:
        target.table.hold("hello", OTHER, time.time() - 700)
        assert rollback(world, ["hello"]).verdict is Verdict.LIVE
        assert target.tags["hello"] == "src-b"

    def test_who_waited_for_one_that_changed_nothing_goes_back(self, world: World, target: Target) -> None:
        waiting_meets(world, target)
        assert rollback(world, ["hello"]).verdict is Verdict.LIVE
        assert target.tags["hello"] == "src-b"

    def test_with_a_goal_it_goes_there_whatever_came_meanwhile(self, world: World, target: Target) -> None:
        waiting_meets(world, target, lambda: target.tags.update(hello="src-b"))
        assert rollback(world, ["hello"], "20250101T000000Z-000000").verdict is Verdict.LIVE
        assert target.tags["hello"] == "src-a"

    def test_it_ends_a_deploy_whose_stack_is_being_updated(self, world: World, target: Target) -> None:
        end_when_asked(world, target)
        target.tags["hello"] = "src-bad"
        target.cloud.answers |= {
            "cloudformation:DescribeStacks": being_updated(target, 3),
            "cloudformation:CancelUpdateStack": {},
        }
        world.manners = Manners(supersede=True)
        assert rollback(world, ["hello"]).verdict is Verdict.LIVE
        assert target.tags["hello"] == "src-c"
        assert len(target.cloud.parameters("cloudformation:CancelUpdateStack")) == 1

    def test_to_end_others_it_has_to_be_told_whose(self, world: World) -> None:
        world.manners = Manners(supersede=True)
        with pytest.raises(BadInput, match="which services"):
            rollback(world, [])
