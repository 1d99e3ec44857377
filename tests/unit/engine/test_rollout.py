"""Verdicts from looks at a rollout: each row is one moment, and what it means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.engine.model import Verdict
from scripts.engine.rollout import Baseline, Deployment, Goal, Judgement, Snapshot, Target, Task, judge
from tests.unit.engine.moments import (
    BACK,
    BEFORE,
    COMPLETED,
    FAILED,
    FALLEN,
    GOAL,
    IMAGES,
    INITIAL,
    LIVE,
    NEW,
    NEW_DIGEST,
    NEW_TASKS,
    NEW_TD,
    NOW,
    OLD,
    OLD_DIGEST,
    OLD_TASKS,
    OLD_TD,
    OTHER_TD,
    STARTING,
    crashed,
    seen,
    targets,
    task,
)  # fmt: skip

STORIES: dict[str, tuple[Snapshot, Judgement]] = {
    "ECS has not begun": (
        seen(deployments=(BACK,)),
        Judgement("waiting for ECS to start"),
    ),
    "a task of the old version fell meanwhile": (
        seen(deployments=(BACK,), tasks=(*OLD_TASKS, crashed("o3", OLD_TD))),
        Judgement("waiting for ECS to start"),
    ),
    "the service is not there yet": (
        Snapshot(stack_status="CREATE_IN_PROGRESS", now=NOW),
        Judgement("waiting for ECS to start"),
    ),
    "begun": (seen(targets=targets(*OLD_TASKS)), Judgement("0 of 2 tasks run it, 0 healthy")),
    "pending tasks do not count": (
        seen(tasks=(*OLD_TASKS, task("n3", status="PENDING"))),
        Judgement("0 of 2 tasks run it, 0 healthy"),
    ),
    "one runs, checks to come": (
        seen(tasks=(*OLD_TASKS, task("n3")), targets={"10.0.0.3": INITIAL}),
        Judgement("1 of 2 tasks run it, 0 healthy"),
    ),
    "one is healthy": (
        seen(tasks=(*OLD_TASKS, *NEW_TASKS), targets=targets(NEW_TASKS[0], **{"10.0.0.4": INITIAL})),
        Judgement("2 of 2 tasks run it, 1 healthy"),
    ),
    "a task fell on the way": (
        seen(tasks=(*OLD_TASKS, task("n3"), crashed("n5")), targets=targets(task("n3"))),
        Judgement("1 of 2 tasks run it, 1 healthy, 1 failed", failed=(crashed("n5"),)),
    ),
    "the old version is still registered": (
        seen(tasks=(*OLD_TASKS, *NEW_TASKS), targets=targets(*OLD_TASKS, *NEW_TASKS)),
        Judgement("2 of 2 tasks run it, 2 healthy, 2 of the old version still in the load balancer"),
    ),
    "the old version drains": (
        replace(LIVE, targets=targets(*NEW_TASKS, **{"10.0.0.1": Target("draining")})),
        Judgement("2 of 2 tasks run it, 2 healthy", Verdict.LIVE),
    ),
    "just started": (
        replace(LIVE, tasks=STARTING),
        Judgement("2 of 2 tasks run it, 2 healthy, settling"),
    ),
    "healthy for a moment": (
        replace(LIVE, tasks=STARTING, healthy_since={"n3": NOW - 5.9, "n4": NOW}),
        Judgement("2 of 2 tasks run it, 2 healthy, settling"),
    ),
    "one has been healthy long enough": (
        replace(LIVE, tasks=STARTING, healthy_since={"n3": NOW - 6, "n4": NOW}),
        Judgement("2 of 2 tasks run it, 2 healthy", Verdict.LIVE),
    ),
    "a service that asks for less": (
        replace(LIVE, tasks=STARTING, healthy_since={"n3": NOW - 1, "n4": NOW}, steady=1),
        Judgement("2 of 2 tasks run it, 2 healthy", Verdict.LIVE),
    ),
    "one that asks for more": (
        replace(LIVE, tasks=STARTING, healthy_since={"n3": NOW - 6, "n4": NOW}, steady=60),
        Judgement("2 of 2 tasks run it, 2 healthy, settling"),
    ),
    "one ran long before this watch": (
        replace(LIVE, tasks=(replace(STARTING[0], started=NOW - 12), STARTING[1])),
        Judgement("2 of 2 tasks run it, 2 healthy", Verdict.LIVE),
    ),
    "two fell after they had been healthy": (
        replace(LIVE, deployments=(COMPLETED,), tasks=(NEW_TASKS[0], *FALLEN[:2])),
        Judgement("1 of 2 tasks run it, 1 healthy, 2 failed", failed=FALLEN[:2]),
    ),
    "three fell after they had been healthy": (
        replace(LIVE, deployments=(COMPLETED,), tasks=(*NEW_TASKS, *FALLEN)),
        Judgement(
            "2 of 2 tasks run it, 2 healthy, 3 failed, the last of them after they had been healthy",
            Verdict.FAILED,
            FALLEN,
        ),
    ),
    "three fell while ECS counts itself": (
        replace(LIVE, tasks=(NEW_TASKS[0], *FALLEN)),
        Judgement("1 of 2 tasks run it, 1 healthy, 3 failed", failed=FALLEN),
    ),
    "live": (LIVE, Judgement("2 of 2 tasks run it, 2 healthy", Verdict.LIVE)),
    "live while CloudFormation cleans up": (
        replace(LIVE, stack_status="UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", deployments=(NEW, OLD)),
        Judgement("2 of 2 tasks run it, 2 healthy", Verdict.LIVE),
    ),
    "live with more tasks than desired": (
        replace(LIVE, desired=1),
        Judgement("2 of 1 tasks run it, 2 healthy", Verdict.LIVE),
    ),
    "no task is wanted": (
        seen(desired=0, tasks=(), targets={}),
        Judgement("0 of 0 tasks run it, 0 healthy", Verdict.LIVE),
    ),
    "the registry's image is another": (
        seen(tasks=(task("n3", digest="sha256:0123456789abcdef"), task("n4"))),
        Judgement("ECS runs sha256:0123456789ab instead of sha256:new", Verdict.FAILED),
    ),
    "the breaker tripped, CloudFormation goes back": (
        seen(deployments=(replace(FAILED, primary=False), BACK), tasks=(*OLD_TASKS, crashed("n3"))),
        Judgement(f"{FAILED.reason}; going back to the previous version", failed=(crashed("n3"),)),
    ),
    "the breaker tripped, the old version serves": (
        seen(
            deployments=(replace(FAILED, primary=False), BACK),
            tasks=(*OLD_TASKS, crashed("n3")),
            stack_status="UPDATE_COMPLETE",
        ),
        Judgement(FAILED.reason, Verdict.ROLLED_BACK, (crashed("n3"),)),
    ),
    "the breaker tripped, nothing runs yet": (
        seen(deployments=(FAILED,), tasks=(crashed("n3"),), stack_status="UPDATE_COMPLETE"),
        Judgement(f"{FAILED.reason}; waiting for the previous version", failed=(crashed("n3"),)),
    ),
    "the breaker tripped, the old tasks have stopped": (
        seen(
            deployments=(FAILED,),
            tasks=(replace(OLD_TASKS[0], status="STOPPED"), *NEW_TASKS),
            stack_status="UPDATE_COMPLETE",
        ),
        Judgement(f"{FAILED.reason}; waiting for the previous version"),
    ),
    "the breaker tripped, no task was wanted": (
        seen(deployments=(FAILED,), desired=0, tasks=(), stack_status="UPDATE_COMPLETE"),
        Judgement(FAILED.reason, Verdict.ROLLED_BACK),
    ),
    "failed without a reason": (
        seen(deployments=(replace(FAILED, reason=""),), stack_status="UPDATE_COMPLETE"),
        Judgement("the deployment failed", Verdict.ROLLED_BACK),
    ),
    "the stack rolls back": (
        seen(stack_status="UPDATE_ROLLBACK_IN_PROGRESS"),
        Judgement("CloudFormation: UPDATE_ROLLBACK_IN_PROGRESS; going back to the previous version"),
    ),
    "the stack rolled back": (
        seen(stack_status="UPDATE_ROLLBACK_COMPLETE", deployments=(BACK,)),
        Judgement("CloudFormation: UPDATE_ROLLBACK_COMPLETE", Verdict.ROLLED_BACK),
    ),
    "the stack could not be updated at all": (
        seen(stack_status="UPDATE_FAILED", deployments=(BACK,)),
        Judgement("CloudFormation: UPDATE_FAILED", Verdict.ROLLED_BACK),
    ),
    "ECS alone went back": (
        seen(deployments=(replace(NEW, primary=False), BACK), stack_status="UPDATE_COMPLETE"),
        Judgement("ECS went back to the previous version", Verdict.ROLLED_BACK),
    ),
    "ECS went back under a new id": (
        seen(deployments=(replace(BACK, id="d9"), replace(NEW, primary=False)), stack_status="UPDATE_COMPLETE"),
        Judgement("ECS went back to the previous version", Verdict.ROLLED_BACK),
    ),
    "ECS went back and forgot ours": (
        seen(deployments=(replace(BACK, id="d9"),), stack_status="UPDATE_COMPLETE"),
        Judgement("ECS went back to the previous version", Verdict.ROLLED_BACK),
    ),
    "another deploy took over": (
        seen(deployments=(Deployment("d3", True, OTHER_TD), replace(NEW, primary=False), OLD)),
        Judgement("another deploy took over with src-other", Verdict.SUPERSEDED),
    ),
    "another deploy took over before ours began": (
        seen(deployments=(Deployment("d3", True, OTHER_TD), OLD)),
        Judgement("another deploy took over with src-other", Verdict.SUPERSEDED),
    ),
    "an unknown image took over": (
        seen(deployments=(Deployment("d3", True, "td:9"), OLD)),
        Judgement("another deploy took over with another image", Verdict.SUPERSEDED),
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_an_update_over_a_running_version(story: str) -> None:
    snapshot, expected = STORIES[story]
    assert judge(snapshot, GOAL) == expected


FIRST = Goal("hello", IMAGES[NEW_TD], NEW_DIGEST, Baseline())

FIRST_STORIES: dict[str, tuple[Snapshot, Judgement]] = {
    "live": (LIVE, Judgement("2 of 2 tasks run it, 2 healthy", Verdict.LIVE)),
    "failed": (
        seen(deployments=(FAILED,), tasks=(crashed("n3"),), stack_status="CREATE_IN_PROGRESS"),
        Judgement(FAILED.reason, Verdict.FAILED, (crashed("n3"),)),
    ),
    "the stack failed": (
        Snapshot(stack_status="ROLLBACK_IN_PROGRESS", now=NOW),
        Judgement("CloudFormation: ROLLBACK_IN_PROGRESS", Verdict.FAILED),
    ),
}


@pytest.mark.parametrize("story", FIRST_STORIES)
def test_a_first_deploy_has_nothing_to_go_back_to(story: str) -> None:
    snapshot, expected = FIRST_STORIES[story]
    assert judge(snapshot, FIRST) == expected


def test_a_status_from_before_the_change_is_no_failure() -> None:
    goal = replace(GOAL, baseline=replace(BEFORE, stack_status="UPDATE_ROLLBACK_COMPLETE"))
    snapshot = seen(stack_status="UPDATE_ROLLBACK_COMPLETE", deployments=(BACK,))
    assert judge(snapshot, goal) == Judgement("waiting for ECS to start")


def test_a_second_failure_in_a_row_is_told_though_the_status_looks_the_same() -> None:
    goal = replace(GOAL, baseline=replace(BEFORE, stack_status="UPDATE_ROLLBACK_COMPLETE"))
    snapshot = seen(stack_status="UPDATE_ROLLBACK_COMPLETE", deployments=(replace(BACK, id="d9"),))
    assert judge(snapshot, goal).verdict is Verdict.ROLLED_BACK


@pytest.mark.parametrize(
    ("stopped", "counts"),
    [
        (crashed("n3"), True),
        (task("n3", status="STOPPED", stop_code="TaskFailedToStart"), True),
        (task("n3", status="STOPPED", stopped_reason="Task failed ELB health checks in (target-group x)"), True),
        (task("n3", status="STOPPED", stopped_reason="Scaling activity initiated by (deployment d2)"), False),
        (task("n3", status="STOPPED", stop_code="UserInitiated"), False),
        (crashed("o3", OLD_TD), False),
    ],
)
def test_which_stopped_tasks_count_as_failed(stopped: Task, counts: bool) -> None:
    assert judge(seen(tasks=(stopped,)), GOAL).failed == ((stopped,) if counts else ())


AGAIN = replace(
    GOAL,
    image=IMAGES[OLD_TD],
    digest=OLD_DIGEST,
    baseline=replace(BEFORE, tasks=frozenset({"o1", "o2", "o3"})),
)
"""The same task definition is to be deployed once more."""


def test_tasks_that_a_new_deployment_replaces_may_run_the_wrong_image() -> None:
    wrong = task("o1", OLD_TD, "sha256:wrong")
    moment = seen(deployments=(Deployment("d2", True, OLD_TD), OLD), tasks=(wrong, task("o4", OLD_TD, OLD_DIGEST)))
    assert judge(moment, AGAIN) == Judgement("1 of 2 tasks run it, 0 healthy")


def test_tasks_of_a_new_deployment_must_run_the_right_image() -> None:
    moment = seen(deployments=(Deployment("d2", True, OLD_TD), OLD), tasks=(task("o4", OLD_TD, "sha256:wrong"),))
    assert judge(moment, AGAIN).verdict is Verdict.FAILED


def test_only_failures_since_the_change_count() -> None:
    moment = seen(
        deployments=(Deployment("d2", True, OLD_TD), OLD), tasks=(crashed("o3", OLD_TD), crashed("o4", OLD_TD))
    )
    assert judge(moment, AGAIN).failed == (crashed("o4", OLD_TD),)


UNCERTAIN = replace(AGAIN, certain=False)
"""The stack changed in a way that may not have touched the service."""


def test_without_a_new_deployment_the_running_one_is_judged() -> None:
    still = seen(deployments=(BACK,), targets=targets(*OLD_TASKS), stack_status="UPDATE_COMPLETE")
    assert judge(still, UNCERTAIN) == Judgement("2 of 2 tasks run it, 2 healthy", Verdict.LIVE)
    assert judge(still, AGAIN) == Judgement("waiting for ECS to start")


def test_without_a_new_deployment_nothing_replaces_a_wrong_image() -> None:
    wrong = seen(deployments=(BACK,), tasks=(task("o1", OLD_TD, "sha256:wrong"),), stack_status="UPDATE_COMPLETE")
    assert judge(wrong, UNCERTAIN).verdict is Verdict.FAILED


WATCHED = replace(GOAL, certain=False, baseline=Baseline(frozenset({"d1"}), OLD_TD))
"""A rollout that was under way when this deploy began to watch."""


@pytest.mark.parametrize(
    ("moment", "verdict"),
    [
        (seen(), None),
        (LIVE, Verdict.LIVE),
        (seen(deployments=(replace(FAILED, primary=False), BACK), stack_status="UPDATE_COMPLETE"), Verdict.ROLLED_BACK),
        (seen(deployments=(Deployment("d3", True, OTHER_TD), OLD)), Verdict.SUPERSEDED),
        (seen(deployments=(replace(BACK, id="d9"),), stack_status="UPDATE_COMPLETE"), Verdict.ROLLED_BACK),
    ],
)
def test_a_rollout_that_somebody_else_began(moment: Snapshot, verdict: Verdict | None) -> None:
    assert judge(moment, WATCHED).verdict is verdict
