"""From a watched rollout to a verdict: evidence first, then the previous version, then the error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from scripts.engine import verdict
from scripts.engine.errors import Failed, RolledBack, SlipwayError, Superseded, TimedOut
from scripts.engine.events import Event
from scripts.engine.model import Verdict
from scripts.engine.rollout import Baseline, Goal, Judgement, Snapshot
from scripts.engine.verdict import after_failed_update, see_through
from scripts.engine.world import World
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.endings import CRASH, holds, told, updating, watching
from tests.unit.engine.moments import BEFORE, FALLEN, LIVE, crashed, seen
from tests.unit.engine.projects import REGISTRY, with_processes

NEXT = "The log lines above say why; correct the application, then ./poe deploy"


@pytest.fixture
def world(cloud: Cloud, heard: list[Event]) -> World:
    return updating(cloud, heard)


def ended(kind: Verdict, text: str = "the deployment failed") -> tuple[Judgement, Snapshot]:
    return Judgement(text, kind, (crashed("n3"),)), seen()


def test_a_live_rollout(world: World, heard: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    goals = watching(monkeypatch, (Judgement("2 of 2 tasks run it, 2 healthy", Verdict.LIVE), LIVE))
    assert see_through(world, "hello", "src-new", certain=True) == "2 of 2 tasks run it, 2 healthy"
    assert goals == [Goal("hello", f"{REGISTRY}/shop-staging/hello:src-new", "sha256:hello", BEFORE, certain=True)]
    assert [event["text"] for event in told(heard, "progress")] == ["2 of 2 tasks run it, 2 healthy"]
    assert world.settling == set()


def test_live_while_the_stack_still_works_is_settling(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    watching(monkeypatch, (Judgement("live", Verdict.LIVE), replace(LIVE, stack_status="UPDATE_IN_PROGRESS")))
    see_through(world, "hello", "src-new", certain=True)
    assert world.settling == {"hello"}


def test_the_digest_that_was_pushed_is_the_goal(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.digests["hello"] = "sha256:pushed"
    goals = watching(monkeypatch, (Judgement("live", Verdict.LIVE), LIVE))
    see_through(world, "hello", "src-new", certain=False)
    assert (goals[0].digest, goals[0].certain) == ("sha256:pushed", False)


ENDINGS: tuple[tuple[Verdict, Baseline, type[SlipwayError], str, str], ...] = (
    (
        Verdict.ROLLED_BACK,
        BEFORE,
        RolledBack,
        f"hello: the deployment failed; likely cause: {CRASH}",
        f"the previous version serves. {NEXT}",
    ),
    (
        Verdict.FAILED,
        BEFORE,
        RolledBack,
        f"hello: the deployment failed; likely cause: {CRASH}",
        f"the previous version serves. {NEXT}",
    ),
    (
        Verdict.FAILED,
        Baseline(),
        Failed,
        f"hello: the deployment failed; likely cause: {CRASH}",
        f"{NEXT[0].lower()}{NEXT[1:]}",
    ),
    (
        Verdict.TIMED_OUT,
        BEFORE,
        TimedOut,
        "hello: the deployment failed after 600 s",
        "the log lines above say why; correct the application; ./poe status shows what runs",
    ),
)


@pytest.mark.parametrize("row", ENDINGS, ids=lambda row: f"{row[0]} {row[2].__name__}")
def test_evidence_comes_before_the_verdict(
    world: World, heard: list[Event], monkeypatch: pytest.MonkeyPatch, row: Any
) -> None:
    found, before, kind, what, remedy = row
    watching(monkeypatch, ended(found))
    world.baselines["hello"] = before
    with pytest.raises(kind) as caught:
        see_through(world, "hello", "src-new", certain=True)
    assert (caught.value.where, caught.value.what, caught.value.remedy) == ("rollout", what, remedy)
    (evidence,) = told(heard, "evidence")
    assert (evidence["cause"], evidence["logs"], evidence["service"]) == ("crash_at_start", ["KeyError: 'X'"], "hello")


def test_superseded_needs_no_evidence_and_touches_nothing(
    world: World, cloud: Cloud, heard: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    watching(monkeypatch, ended(Verdict.SUPERSEDED, "another deploy took over with src-x"))
    with pytest.raises(Superseded) as caught:
        see_through(world, "hello", "src-new", certain=True)
    assert str(caught.value) == "rollout: hello: another deploy took over with src-x"
    assert told(heard, "evidence") == []
    assert cloud.asked == []


def test_each_failed_task_is_told_once(world: World, heard: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    class Watcher:
        def __init__(self, *_: object) -> None:
            pass

        def watch(self, goal: Goal, *, tell: Callable[[Judgement], None], **_: Any) -> tuple[Judgement, Snapshot]:
            tell(Judgement("1 failed", failed=FALLEN[:1]))
            tell(Judgement("2 failed", failed=FALLEN[:2]))
            return Judgement("live", Verdict.LIVE), LIVE

    monkeypatch.setattr(verdict, "Watcher", Watcher)
    see_through(world, "hello", "src-new", certain=True)
    assert [event["text"] for event in told(heard, "warning")] == [
        "task n5 stopped: Essential container in task exited",
        "task n6 stopped: Essential container in task exited",
    ]


FALLEN_WORKER = replace(crashed("n3"), container="hello-mailer")


def test_the_evidence_of_a_worker_is_its_own(
    world: World, cloud: Cloud, heard: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its log, its events, its size; of the service that goes back with it there is nothing to tell."""
    world.settings = with_processes(world.settings)
    container = {
        "name": "hello-mailer",
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}},
    }
    cloud.answers["ecs:DescribeTaskDefinition"] = {"taskDefinition": {"containerDefinitions": [container]}}
    fallen = (replace(crashed("n9"), container="hello"), FALLEN_WORKER)
    look = replace(seen(), workers={"hello-mailer": seen(tasks=(FALLEN_WORKER,))})
    watching(monkeypatch, (Judgement("hello-mailer: no", Verdict.ROLLED_BACK, fallen, "hello-mailer"), look))
    with pytest.raises(RolledBack, match="hello: hello-mailer: no; likely cause"):
        see_through(world, "hello", "src-new", certain=True)
    (evidence,) = told(heard, "evidence")
    assert (evidence["service"], evidence["process"]) == ("hello", "hello-mailer")
    assert ([task["id"] for task in evidence["tasks"]], evidence["logs"]) == (["n3"], ["KeyError: 'X'"])
    assert cloud.parameters("ecs:DescribeServices") == [{"cluster": "shop-staging", "services": ["hello-mailer"]}]
    assert cloud.parameters("logs:GetLogEvents")[0]["logStreamName"] == "hello-mailer/n3"


def test_a_worker_that_fell_while_cloudformation_waited(
    world: World, cloud: Cloud, heard: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.settings, world.updating = with_processes(world.settings), True
    holds(cloud, "src-old", "UPDATE_ROLLBACK_COMPLETE")
    quiet = seen(deployments=(replace(LIVE.deployments[0], id="d1"),))
    watching(monkeypatch, (Judgement(""), replace(quiet, workers={"hello-mailer": seen(tasks=(FALLEN_WORKER,))})))
    assert list(after_failed_update(world, ["hello"])) == ["hello"]
    assert told(heard, "evidence")[0]["process"] == "hello-mailer"
