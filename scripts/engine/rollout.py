"""Judges a rollout by facts: which tasks run which image digest, and which the load balancer finds healthy.

`judge` is pure; `watch.py` looks. Status fields of the deployment are only believed when they report a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from scripts.engine.model import Verdict

LEAST_FAILURES, FAILURES_A_TASK = 3, 0.5
"""Failures that stop a rollout, counted as by the circuit breaker of ECS. Source: its guide, "Failure threshold"."""
FAILED_STACK = (
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_FAILED",
    "UPDATE_FAILED",
    "CREATE_FAILED",
)


@dataclass(frozen=True)
class Deployment:
    """One deployment of an ECS service."""

    id: str
    primary: bool
    task_definition: str
    state: str = ""
    """ECS rolloutState: IN_PROGRESS, COMPLETED or FAILED."""
    reason: str = ""


@dataclass(frozen=True)
class Task:
    """One task, running or stopped."""

    id: str
    task_definition: str
    digest: str
    status: str
    address: str = ""
    started: float = 0.0
    """Seconds since the epoch; 0 while it does not run."""
    created: float = 0.0
    stopped_reason: str = ""
    stop_code: str = ""
    exit_code: int | None = None
    container_reason: str = ""
    container: str = ""
    """Name of the container that counts: that of the service or of one of its workers."""
    stopped: float = 0.0
    """When its containers ended, in seconds since the epoch; 0 while they run."""
    started_by: str = ""


@dataclass(frozen=True)
class Target:
    """What the load balancer says of one address."""

    state: str
    reason: str = ""
    description: str = ""


@dataclass(frozen=True)
class Snapshot:
    """One look at a service."""

    desired: int = 0
    deployments: tuple[Deployment, ...] = ()
    tasks: tuple[Task, ...] = ()
    targets: Mapping[str, Target] = field(default_factory=dict)
    healthy_since: Mapping[str, float] = field(default_factory=dict)
    """Task id -> when this watch first saw it healthy, as `now` counts."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Task definition -> image reference of the service's container."""
    stack_status: str = ""
    now: float = 0.0
    steady: float = 6.0
    """Seconds that its first task is healthy before a version counts as live: a crash soon after the start shows."""
    balanced: bool = True
    """False for a worker: no load balancer says that its tasks are healthy, so running counts."""
    workers: Mapping[str, Snapshot] = field(default_factory=dict)
    """ECS service of each worker that there is -> the same look at it."""

    @property
    def primary(self) -> Deployment | None:
        """The deployment that ECS works towards."""
        return next((deployment for deployment in self.deployments if deployment.primary), None)


@dataclass(frozen=True)
class Baseline:
    """What ran before the change."""

    deployments: frozenset[str] = frozenset()
    task_definition: str | None = None
    image_tag: str | None = None
    template: str | None = None
    """Template of the stack, kept where the deploy may have to put it back."""
    stack_status: str = ""
    tasks: frozenset[str] = frozenset()
    """Ids of the tasks that ran; a new deployment of the same task definition replaces them."""
    workers: Mapping[str, Baseline] = field(default_factory=dict)
    """ECS service of each worker -> what ran of it."""


@dataclass(frozen=True)
class Goal:
    """What should run after the change."""

    service: str
    image: str
    digest: str
    baseline: Baseline
    certain: bool = True
    """True when the change must lead to a new ECS deployment."""

    def of(self, worker: str) -> Goal:
        """The same for a worker: image, digest and fate are shared."""
        return replace(self, service=worker, baseline=self.baseline.workers.get(worker, Baseline()))


@dataclass(frozen=True)
class Judgement:
    """What one snapshot means; no verdict while the rollout is under way."""

    text: str
    verdict: Verdict | None = None
    failed: tuple[Task, ...] = ()
    """Tasks of the new version that did not stay up."""
    worker: str = ""
    """ECS service of the worker that decided; empty when it was the service itself, or all of them together."""


def judge(seen: Snapshot, goal: Goal) -> Judgement:
    """Decide from one look at one ECS service; a service and its workers together are judged in together.py."""
    fresh = [d for d in seen.deployments if d.id not in goal.baseline.deployments]
    ours = next((d for d in fresh if seen.images.get(d.task_definition) == goal.image), None)
    primary = seen.primary
    if ours is None and not goal.certain and primary and seen.images.get(primary.task_definition) == goal.image:
        ours = primary
    failed = _fallen(seen, goal, ours)
    if ours is not None and ours.state == "FAILED":
        return _after_failure(seen, goal, ours.reason or "the deployment failed", failed)
    if seen.stack_status in FAILED_STACK and seen.stack_status != goal.baseline.stack_status:
        return _after_failure(seen, goal, f"CloudFormation: {seen.stack_status}", failed)
    if ours is not None and ours.primary:
        return _progress(seen, goal, ours, failed)
    other = next((d for d in fresh if d.primary), None)
    if other is not None and not _is_previous(other, goal, ours):
        return Judgement(f"another deploy took over with {_tag(seen, other)}", Verdict.SUPERSEDED, failed)
    if other is not None or ours is not None:
        return _after_failure(seen, goal, "ECS went back to the previous version", failed)
    return Judgement("waiting for ECS to start", failed=failed)


def _is_previous(other: Deployment, goal: Goal, ours: Deployment | None) -> bool:
    """Whether a deployment brings the version from before the change back, as a rollback of ECS does under a new id."""
    before = goal.baseline.task_definition
    return other.task_definition == before and (ours is None or ours.task_definition != before)


def _progress(seen: Snapshot, goal: Goal, ours: Deployment, failed: tuple[Task, ...]) -> Judgement:
    running = [t for t in seen.tasks if t.task_definition == ours.task_definition and t.status == "RUNNING"]
    right = [t for t in running if t.digest == goal.digest]
    # Tasks from before are only on their way out when there is a new deployment to replace them.
    replaced = goal.baseline.tasks if ours.id not in goal.baseline.deployments else frozenset()
    wrong = [t for t in running if t.digest != goal.digest and t.id not in replaced]
    if wrong:
        return Judgement(f"ECS runs {wrong[0].digest[:19]} instead of {goal.digest[:19]}", Verdict.FAILED, failed)
    healthy = [t for t in right if _state(seen, t) == "healthy"]
    addresses = {t.address for t in right}
    others = [a for a, target in seen.targets.items() if a not in addresses and target.state in ("healthy", "initial")]
    text = f"{len(right)} of {seen.desired} tasks run it" + (f", {len(healthy)} healthy" if seen.balanced else "")
    if failed:
        text += f", {len(failed)} failed"
    if ours.state == "COMPLETED" and len(failed) >= max(LEAST_FAILURES, FAILURES_A_TASK * seen.desired):
        # The circuit breaker of ECS has retired: it judges a task by becoming healthy, not by staying so.
        healthy_once = "healthy" if seen.balanced else "running"
        return Judgement(f"{text}, the last of them after they had been {healthy_once}", Verdict.FAILED, failed)
    if len(healthy) < seen.desired or len(right) < seen.desired:
        return Judgement(text, failed=failed)
    if others:
        return Judgement(f"{text}, {len(others)} of the old version still in the load balancer", failed=failed)
    if right and not any(_is_steady(seen, task) for task in right):
        return Judgement(f"{text}, settling", failed=failed)
    return Judgement(text, Verdict.LIVE, failed)


def _is_steady(seen: Snapshot, task: Task) -> bool:
    """Healthy for long enough under our eyes; or running for so long that a crash would have come before we looked.

    Not counted from the start alone: a busy machine needs seconds from a task's start to its first instruction.
    """
    healthy = seen.now - seen.healthy_since.get(task.id, seen.now)
    return healthy >= seen.steady or seen.now - task.started >= 2 * seen.steady


def _fallen(seen: Snapshot, goal: Goal, ours: Deployment | None) -> tuple[Task, ...]:
    """Stopped tasks of the new version; the ones that ECS itself scaled away do not count."""
    if ours is None:
        return ()
    return tuple(
        t
        for t in seen.tasks
        if t.status == "STOPPED"
        and t.task_definition == ours.task_definition
        and has_fallen(t)
        and t.id not in goal.baseline.tasks
    )


def has_fallen(task: Task) -> bool:
    """Whether a stopped task ended by itself or was found bad, rather than scaled away."""
    if task.stop_code in ("EssentialContainerExited", "TaskFailedToStart"):
        return True
    return "failed" in task.stopped_reason.lower()


def _after_failure(seen: Snapshot, goal: Goal, reason: str, failed: tuple[Task, ...]) -> Judgement:
    """Rolled back once the previous version is in charge again; failed where there was none."""
    if goal.baseline.task_definition is None:
        return Judgement(reason, Verdict.FAILED, failed)
    if seen.stack_status.endswith("_IN_PROGRESS"):
        return Judgement(f"{reason}; going back to the previous version", failed=failed)
    old = [t for t in seen.tasks if t.task_definition == goal.baseline.task_definition and t.status == "RUNNING"]
    if old or seen.desired == 0:
        return Judgement(reason, Verdict.ROLLED_BACK, failed)
    return Judgement(f"{reason}; waiting for the previous version", failed=failed)


def _state(seen: Snapshot, task: Task) -> str:
    if not seen.balanced:
        return "healthy" if task.status == "RUNNING" else ""
    target = seen.targets.get(task.address)
    return target.state if target else ""


def _tag(seen: Snapshot, deployment: Deployment) -> str:
    return seen.images.get(deployment.task_definition, "another image").rsplit(":", 1)[-1]
