"""Looks at a rollout of `hello` from src-old to src-new: two tasks each, ids that end in their address's last digit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scripts.engine.rollout import Baseline, Deployment, Goal, Snapshot, Target, Task

NOW = 1_000_000.0
OLD_DIGEST, NEW_DIGEST = "sha256:old", "sha256:new"
OLD_TD, NEW_TD, OTHER_TD = "td:1", "td:2", "td:3"
IMAGES = {OLD_TD: "registry/hello:src-old", NEW_TD: "registry/hello:src-new", OTHER_TD: "registry/hello:src-other"}
BEFORE = Baseline(
    deployments=frozenset({"d1"}), task_definition=OLD_TD, image_tag="src-old", stack_status="UPDATE_COMPLETE"
)
GOAL = Goal("hello", IMAGES[NEW_TD], NEW_DIGEST, BEFORE)

OLD = Deployment("d1", primary=False, task_definition=OLD_TD, state="COMPLETED")
NEW = Deployment("d2", primary=True, task_definition=NEW_TD, state="IN_PROGRESS")
FAILED = replace(NEW, state="FAILED", reason="ECS deployment circuit breaker: tasks failed to start.")
BACK = replace(OLD, primary=True)


def task(name: str, definition: str = NEW_TD, digest: str = NEW_DIGEST, **changes: Any) -> Task:
    address = f"10.0.0.{name[-1]}"
    made = Task(name, definition, digest, "RUNNING", address=address, started=NOW - 60, created=NOW - 70)
    return replace(made, **changes)


def crashed(name: str, definition: str = NEW_TD) -> Task:
    return task(
        name,
        definition,
        status="STOPPED",
        stop_code="EssentialContainerExited",
        stopped_reason="Essential container in task exited",
        exit_code=1,
    )


OLD_TASKS = (task("o1", OLD_TD, OLD_DIGEST), task("o2", OLD_TD, OLD_DIGEST))
NEW_TASKS = (task("n3"), task("n4"))
STARTING = tuple(replace(t, started=NOW - 11) for t in NEW_TASKS)
FALLEN = (crashed("n5"), crashed("n6"), crashed("n7"))
COMPLETED = replace(NEW, state="COMPLETED")
HEALTHY, INITIAL = Target("healthy"), Target("initial")


def targets(*tasks: Task, **others: Target) -> dict[str, Target]:
    return {**{t.address: HEALTHY for t in tasks}, **others}


def seen(**facts: Any) -> Snapshot:
    """A look in the middle of a rollout of two tasks."""
    middle = Snapshot(
        desired=2, deployments=(NEW, OLD), tasks=OLD_TASKS, images=IMAGES, stack_status="UPDATE_IN_PROGRESS", now=NOW
    )
    return replace(middle, **facts)


LIVE = seen(tasks=NEW_TASKS, targets=targets(*NEW_TASKS), deployments=(NEW,), stack_status="UPDATE_COMPLETE")
