"""A service and its workers: live together, back together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scripts.engine.model import Verdict
from scripts.engine.rollout import Baseline, Goal, Judgement, Snapshot
from scripts.engine.together import baseline, judge_together, process_of, tasks_of, under_way
from settings import Service
from settings.model import Worker
from tests.unit.engine.moments import (
    BACK,
    BEFORE,
    FAILED,
    FALLEN,
    GOAL,
    IMAGES,
    LIVE,
    NEW,
    NEW_DIGEST,
    NEW_TASKS,
    NOW,
    OLD,
    OLD_DIGEST,
    OLD_TASKS,
    OLD_TD,
    STARTING,
    crashed,
    seen,
    task,
)

NAME = "hello-mailer"
TOGETHER = replace(GOAL, baseline=replace(BEFORE, workers={NAME: BEFORE}))


def worker(**facts: Any) -> Snapshot:
    """A look at the worker in the middle of its rollout; running counts."""
    return replace(seen(stack_status="UPDATE_COMPLETE"), balanced=False, **facts)


UP = worker(tasks=NEW_TASKS, deployments=(NEW,))
BEGUN = worker(tasks=OLD_TASKS)
YOUNG = worker(tasks=STARTING, deployments=(NEW,), healthy_since={"n3": NOW - 2, "n4": NOW - 2})
CRASHING = worker(tasks=(*OLD_TASKS, *FALLEN), deployments=(replace(FAILED, primary=False), BACK))
LOOPING = worker(tasks=(*FALLEN, task("n3")), deployments=(replace(NEW, state="COMPLETED"),))


def together(web: Snapshot, **workers: Snapshot) -> Judgement:
    named = {f"hello-{name}": look for name, look in workers.items()}
    return judge_together(replace(web, workers=named), TOGETHER)


def test_without_workers_the_service_decides() -> None:
    assert together(LIVE) == Judgement("2 of 2 tasks run it, 2 healthy", Verdict.LIVE)


def test_live_are_only_all_of_them() -> None:
    text = "2 of 2 tasks run it, 2 healthy; hello-mailer: 2 of 2 tasks run it"
    assert together(LIVE, mailer=UP) == Judgement(text, Verdict.LIVE)
    assert together(LIVE, mailer=YOUNG) == Judgement(f"{text}, settling")
    begun = together(LIVE, mailer=BEGUN)
    assert (begun.verdict, begun.text.partition("; ")[2]) == (None, "hello-mailer: 0 of 2 tasks run it")
    assert together(seen(), mailer=UP).verdict is None
    assert together(LIVE, mailer=UP, other=BEGUN).verdict is None


def test_a_worker_that_should_not_run_at_all_is_live() -> None:
    assert together(LIVE, mailer=worker(desired=0, tasks=(), deployments=(NEW,))).verdict is Verdict.LIVE


def test_a_worker_that_runs_another_digest_is_not_live() -> None:
    wrong = worker(tasks=(task("n3", digest=OLD_DIGEST),), deployments=(NEW,), desired=1)
    found = together(LIVE, mailer=wrong)
    assert (found.verdict, found.worker) == (Verdict.FAILED, NAME)
    assert found.text == f"hello-mailer: ECS runs {OLD_DIGEST} instead of {NEW_DIGEST}"


def test_a_worker_that_fails_ends_it_for_all() -> None:
    found = together(LIVE, mailer=CRASHING)
    assert (found.verdict, found.worker, found.failed) == (Verdict.ROLLED_BACK, NAME, FALLEN)
    assert found.text == f"hello-mailer: {FAILED.reason}"


def test_a_worker_that_keeps_ending_fails_though_ecs_is_content() -> None:
    found = together(LIVE, mailer=LOOPING)
    assert (found.verdict, found.worker) == (Verdict.FAILED, NAME)
    assert found.text.endswith("3 failed, the last of them after they had been running")


def test_the_first_version_of_a_worker_that_fails() -> None:
    """It has nothing to go back to by itself; the service has."""
    only = replace(CRASHING, tasks=FALLEN, deployments=(FAILED,))
    found = judge_together(replace(LIVE, workers={NAME: only}), GOAL)
    assert (found.verdict, found.worker) == (Verdict.FAILED, NAME)


def test_who_fell_is_told_of_not_who_went_back_with_it() -> None:
    gone_back = seen(
        tasks=OLD_TASKS, deployments=(replace(FAILED, primary=False), BACK), stack_status="UPDATE_COMPLETE"
    )
    found = together(gone_back, mailer=CRASHING)
    assert (found.verdict, found.worker) == (Verdict.ROLLED_BACK, NAME)
    assert together(replace(gone_back, tasks=(*OLD_TASKS, crashed("n9"))), mailer=UP).worker == ""


def test_being_taken_over_counts_before_failing() -> None:
    other = replace(NEW, id="d9", task_definition="td:3")
    found = together(seen(deployments=(other, OLD)), mailer=CRASHING)
    assert (found.verdict, found.worker) == (Verdict.SUPERSEDED, "")


def test_tasks_that_fell_are_told_of_while_it_goes_on() -> None:
    found = together(LIVE, mailer=worker(tasks=(*OLD_TASKS, crashed("n5")), deployments=(NEW, OLD)))
    assert (found.verdict, found.failed) == (None, (crashed("n5"),))
    assert found.text.endswith("hello-mailer: 0 of 2 tasks run it, 1 failed")


def test_what_ran_before_is_noted_of_each() -> None:
    look = replace(seen(deployments=(BACK,), tasks=OLD_TASKS), workers={NAME: worker(deployments=(BACK,), tasks=())})
    found = baseline(look, "src-old", "{}")
    assert (found.image_tag, found.template, found.task_definition) == ("src-old", "{}", OLD_TD)
    assert found.tasks == {"o1", "o2"}
    own = found.workers[NAME]
    assert (own.deployments, own.task_definition, own.tasks) == (frozenset({"d1"}), OLD_TD, frozenset())
    assert tasks_of(look) == OLD_TASKS


def test_of_a_rollout_under_way_only_the_old_deployment_is_from_before() -> None:
    found = under_way(replace(seen(), workers={NAME: BEGUN, "hello-new": Snapshot()}))
    assert found == Baseline(
        deployments=frozenset({"d1"}),
        task_definition=OLD_TD,
        workers={NAME: Baseline(frozenset({"d1"}), OLD_TD), "hello-new": Baseline()},
    )


@pytest.mark.parametrize(("name", "memory"), [("", 512), ("hello", 512), (NAME, 2048), ("hello-gone", 512)])
def test_the_size_that_a_cause_speaks_of(name: str, memory: int) -> None:
    service = Service("hello", ".", workers=(Worker("mailer", "x", memory=2048),))
    assert process_of(service, name).memory == memory
    assert process_of(service, name).name == (NAME if name == NAME else "hello")


def test_a_goal_of_a_worker_shares_all_but_what_was_before() -> None:
    before = replace(BEFORE, task_definition="td:w")
    goal = Goal("hello", IMAGES[OLD_TD], "d", Baseline(workers={NAME: before}), certain=False)
    assert goal.of(NAME) == replace(goal, service=NAME, baseline=before)
    assert goal.of("hello-new").baseline == Baseline()
