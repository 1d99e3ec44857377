"""Going back on a target that answers as AWS does: from the ledger and the registry alone."""

from __future__ import annotations

import shutil
import time
from typing import Any

import pytest

from scripts.engine import deploying, looking
from scripts.engine.deploying import deploy
from scripts.engine.errors import BadInput, Refused, SlipwayError
from scripts.engine.events import Event
from scripts.engine.history import history
from scripts.engine.ledger import Ledger
from scripts.engine.model import Path, Verdict
from scripts.engine.outcome import report
from scripts.engine.rollback import choose, rollback
from scripts.engine.world import World
from tests.unit.engine.clouds import Answer
from tests.unit.engine.projects import with_processes
from tests.unit.engine.shells import FakeShell
from tests.unit.engine.tables import Table
from tests.unit.engine.targets import Target

OLDER = "20260101T00000{}Z-00000{}"


def ident(number: int) -> str:
    return OLDER.format(number, number)


@pytest.fixture
def table(target: Target) -> Table:
    return target.table


class Past:
    """Writes the deployments that there were, and makes the last live one what runs."""

    def __init__(self, world: World, target: Target) -> None:
        self.world, self.target, self.count = world, target, 0

    def was(self, tag: str, verdict: str = "live", *, service: str = "hello", path: str = "fast", **own: Any) -> str:
        self.count += 1
        row = {"path": path, "image_tag": tag, "verdict": verdict, "reason": "edited", **own}
        facts = {"verdict": verdict, "path": path, "reason": "edited", "actor": "ann@box", "services": {service: row}}
        Ledger(self.world.aws, self.world.settings, ident(self.count)).close(facts)
        if verdict == "live":
            self.target.tags[service] = tag
            self.target.pushed.add(f"{service}:{tag}")
        return ident(self.count)


@pytest.fixture
def past(world: World, target: Target, table: Table) -> Past:
    return Past(world, target)


def changes(world: World) -> list[str]:
    return [call for call in world.aws.mutating_calls if not call.startswith("dynamodb:")]


def test_the_version_before_becomes_live(world: World, target: Target, past: Past, table: Table) -> None:
    first, second = past.was("src-a"), past.was("src-b")
    outcome = rollback(world, [])
    assert (outcome.verdict, outcome.exit_code, outcome.plan.path) == (Verdict.LIVE, 0, Path.FAST)
    assert target.tags["hello"] == "src-a"
    (asked,) = target.cloud.parameters("cloudformation:UpdateStack")
    assert (asked["UsePreviousTemplate"], asked["StackName"]) == (True, "shop-staging-service-hello")
    assert changes(world) == ["cloudformation:UpdateStack", "ecr:PutImage"]
    record = history(world.aws, world.settings)[0]
    assert (record["verdict"], record["path"], record["rollback_of"]) == ("live", "fast", second)
    assert record["reason"] == f"hello: rollback to {first}: src-b to src-a"
    own = record["services"]["hello"]
    assert (own["rollback_to"], own["rollback_of"], own["digest"]) == (first, second, "sha256:src-a")
    assert report(world, outcome)["deployment"] == record["id"]
    assert (table.lock("hello")["until"], table.lock("hello")["fence"]) == (0, 1)


def test_no_source_is_read_and_nothing_is_started(
    world: World, target: Target, past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    past.was("src-a")
    past.was("src-b")
    shutil.rmtree(target.settings.root)

    def never(*_: object, **__: object) -> Any:
        pytest.fail("a rollback reads no source")

    for name in ("read_contexts", "read_source", "remember"):
        monkeypatch.setattr(deploying, name, never)
    monkeypatch.setattr(looking, "fingerprints", never)
    assert rollback(world, ["hello"]).verdict is Verdict.LIVE
    assert isinstance(world.shell, FakeShell)
    assert world.shell.commands == []


def test_back_twice_and_then_no_further(world: World, target: Target, past: Past) -> None:
    past.was("src-a"), past.was("src-b"), past.was("src-c")
    for expected in ("src-b", "src-a"):
        world.digests.clear()
        assert rollback(world, []).verdict is Verdict.LIVE
        assert target.tags["hello"] == expected
    with pytest.raises(Refused, match="no good version of hello before src-a is on record"):
        rollback(world, [])


def test_what_failed_is_passed_over(world: World, target: Target, past: Past) -> None:
    past.was("src-a"), past.was("src-x", "rolled_back"), past.was("src-b"), past.was("src-y", "failed")
    rollback(world, [])
    assert target.tags["hello"] == "src-a"


def test_only_what_the_newest_deployment_brought(world: World, target: Target, past: Past) -> None:
    past.was("src-a"), past.was("src-g", service="gateway"), past.was("src-h", service="gateway"), past.was("src-b")
    assert [s.service for s in choose(world, [], None).plan.services] == ["hello"]
    both = choose(world, ["hello", "gateway"], None)
    assert {one.service: one.to.tag for one in both.returns} == {"gateway": "src-g", "hello": "src-a"}


def test_to_a_deployment_forward_and_back(world: World, target: Target, past: Past) -> None:
    first, _, third = past.was("src-a"), past.was("src-b"), past.was("src-c")
    rollback(world, [], first)
    assert target.tags["hello"] == "src-a"
    world.digests.clear()
    rollback(world, ["hello"], third)
    assert target.tags["hello"] == "src-c"


def test_to_what_runs_already_changes_nothing(world: World, past: Past) -> None:
    _, second = past.was("src-a"), past.was("src-b")
    outcome = rollback(world, [], second)
    assert (outcome.verdict, outcome.exit_code, changes(world)) == (Verdict.UNCHANGED, 0, [])
    assert outcome.plan.services[0].reason == "src-b runs already"


def test_tasks_that_are_not_what_the_stack_wants(world: World, target: Target, past: Past) -> None:
    _, second = past.was("src-a"), past.was("src-b")
    target.cloud.answers["ecr:DescribeImages"] = {"imageDetails": [{"imageDigest": "sha256:other"}]}
    plan = choose(world, [], second).plan
    assert (plan.path, plan.services[0].action) == (Path.FAST, "reassert")
    assert "the stack wants src-b already" in plan.services[0].reason


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (([], 9), BadInput("there is no deployment")),
        ((["hello"], 2), Refused("hello did not become live in .*: rolled_back")),
        ((["gateway"], 1), Refused("did not deploy gateway")),
    ],
)
def test_what_cannot_be_gone_back_to(
    world: World, past: Past, asked: tuple[list[str], int], error: SlipwayError
) -> None:
    past.was("src-a"), past.was("src-x", "rolled_back"), past.was("src-b")
    with pytest.raises(type(error), match=error.what):
        rollback(world, asked[0], ident(asked[1]))
    assert changes(world) == []


def test_an_image_that_is_gone_is_refused_before_any_change(world: World, target: Target, past: Past) -> None:
    first = past.was("src-a")
    past.was("src-b"), past.was("src-c")
    target.pushed.remove("hello:src-b")
    writes = len(world.aws.mutating_calls)
    with pytest.raises(Refused, match="the registry does not hold src-b of hello any more") as caught:
        rollback(world, [])
    assert caught.value.exit_code == 3
    assert caught.value.remedy == f"./poe rollback hello --to {first} goes further back, to src-a"
    assert len(world.aws.mutating_calls) == writes, "not even the lock was taken"


@pytest.mark.parametrize(
    ("commit", "remedy"),
    [
        ({"id": "b" * 40, "time": 1, "dirty": False}, "check out commit bbbbbbbbbbbb, then ./poe deploy hello"),
        ({"id": "b" * 40, "time": 1, "dirty": True}, "./poe deploy hello builds the working tree"),
    ],
)
def test_the_next_step_where_nothing_older_is_left(world: World, past: Past, commit: Answer, remedy: str) -> None:
    services = {"hello": {"path": "fast", "image_tag": "src-a", "verdict": "live"}}
    Ledger(world.aws, world.settings, ident(0)).close({"verdict": "live", "services": services, "commit": commit})
    past.was("src-b")
    with pytest.raises(Refused, match="src-a of hello") as caught:
        rollback(world, [])
    assert caught.value.remedy.startswith(remedy)


def test_somebody_else_holds_the_lock(world: World, past: Past, table: Table) -> None:
    past.was("src-a"), past.was("src-b")
    table.hold("hello", ident(7), time.time() + 20)
    with pytest.raises(Refused, match="hello is being deployed by ann@box"):
        rollback(world, [])
    assert changes(world) == []


def test_somebody_was_faster(world: World, target: Target, past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    past.was("src-a"), past.was("src-b")
    choice = choose(world, [], None)
    target.tags["hello"] = "src-a"
    monkeypatch.setattr("scripts.engine.rollback.choose", lambda *_, **__: choice)
    outcome = rollback(world, [])
    assert (outcome.verdict, outcome.exit_code, changes(world)) == (Verdict.FAILED, 3, [])
    assert outcome.error is not None
    assert "hello was changed meanwhile" in outcome.error.what
    assert history(world.aws, world.settings)[0]["verdict"] == "failed"


def test_settings_that_stay_are_told(world: World, past: Past, heard: list[Event]) -> None:
    past.was("src-a")
    second = past.was("src-b", path="full")
    choose(world, [], None)
    (notice,) = [event for event in heard if event["event"] == "notice"]
    assert notice["code"] == "stack_stays"
    assert second in notice["text"]


def test_where_nothing_was_deployed(world: World, target: Target, table: Table) -> None:
    target.cloud.answers["cloudformation:DescribeStacks"] = {"Stacks": []}
    with pytest.raises(Refused, match="nothing was deployed here yet"):
        rollback(world, [])


def test_without_records_nothing_is_guessed(world: World, table: Table) -> None:
    with pytest.raises(Refused, match="no record tells which deployment"):
        rollback(world, [])
    with pytest.raises(Refused, match="no good version of hello"):
        rollback(world, ["hello"])


def test_the_next_plan_says_that_the_source_differs(world: World, target: Target, past: Past) -> None:
    source = target.tags["hello"]
    past.was("src-a")
    past.was(source)
    rollback(world, ["hello"])
    assert target.tags["hello"] == "src-a"
    again = deploy(world, ["hello"])
    assert (again.plan.path, again.plan.services[0].reason) == (
        Path.FAST,
        f"image content changed: src-a to {source}",
    )


def test_no_release_command_runs_and_a_worker_that_is_not_deployed_is_not_missed(
    world: World, target: Target, past: Past
) -> None:
    """The file may be ahead of what is deployed."""
    past.was("src-a"), past.was("src-b")
    world.settings = with_processes(world.settings)
    services = target.services

    def without_mailer(asked: Answer) -> Answer:
        return services({**asked, "services": [name for name in asked["services"] if name in target.tags]})

    target.cloud.answers["ecs:DescribeServices"] = without_mailer
    assert rollback(world, []).verdict is Verdict.LIVE
    assert changes(world) == ["cloudformation:UpdateStack", "ecr:PutImage"]
    assert choose(world, ["hello"], ident(1)).plan.path is Path.NONE
