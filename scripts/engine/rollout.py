"""Judges a rollout by facts: which tasks run, with which image digest, and which of them the load balancer finds healthy.

`look` reads, `judge` decides and is pure, `watch` repeats the two about once a second until there is a verdict.
Status fields of the deployment are only believed when they report a failure.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from scripts.engine.aws import Aws, translated
from scripts.engine.errors import Cancelled, Transient
from scripts.engine.model import Verdict
from scripts.engine.state import container_digest, stack_from
from settings import Settings
from settings.model import service_key

STEADY_SECONDS = 6.0
"""A version counts as live when its first task has run this long without a failure: a crash soon after start shows."""
FAILED_STACK = ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "ROLLBACK_COMPLETE",
                "ROLLBACK_IN_PROGRESS", "ROLLBACK_FAILED", "UPDATE_FAILED", "CREATE_FAILED")


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
    images: Mapping[str, str] = field(default_factory=dict)
    """Task definition -> image reference of the service's container."""
    stack_status: str = ""
    now: float = 0.0

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


@dataclass(frozen=True)
class Goal:
    """What should run after the change."""

    service: str
    image: str
    digest: str
    baseline: Baseline
    certain: bool = True
    """True when the change must lead to a new ECS deployment."""


@dataclass(frozen=True)
class Judgement:
    """What one snapshot means; no verdict while the rollout is under way."""

    text: str
    verdict: Verdict | None = None
    failed: tuple[Task, ...] = ()
    """Tasks of the new version that did not stay up."""


def judge(seen: Snapshot, goal: Goal) -> Judgement:
    """Decide from one look."""
    fresh = [d for d in seen.deployments if d.id not in goal.baseline.deployments]
    ours = next((d for d in fresh if seen.images.get(d.task_definition) == goal.image), None)
    primary = seen.primary
    if ours is None and not goal.certain and primary and seen.images.get(primary.task_definition) == goal.image:
        ours = primary
    failed = _fallen(seen, goal, ours)
    if ours is not None and ours.state == "FAILED":
        return _after_failure(seen, goal, ours.reason or "the deployment failed", failed)
    if seen.stack_status in FAILED_STACK:
        return _after_failure(seen, goal, f"CloudFormation: {seen.stack_status}", failed)
    if ours is None:
        other = next((d for d in fresh if d.primary), None)
        if other is not None:
            return Judgement(f"another deploy took over with {_tag(seen, other)}", Verdict.SUPERSEDED, failed)
        return Judgement("waiting for ECS to start", failed=failed)
    if not ours.primary:
        if primary is not None and primary.id not in goal.baseline.deployments:
            return Judgement(f"another deploy took over with {_tag(seen, primary)}", Verdict.SUPERSEDED, failed)
        return _after_failure(seen, goal, "ECS went back to the previous version", failed)
    return _progress(seen, goal, ours, failed)


def _progress(seen: Snapshot, goal: Goal, ours: Deployment, failed: tuple[Task, ...]) -> Judgement:
    running = [t for t in seen.tasks if t.task_definition == ours.task_definition and t.status == "RUNNING"]
    right = [t for t in running if t.digest == goal.digest]
    if len(right) < len(running):
        return Judgement(f"ECS runs {running[0].digest[:19]} instead of {goal.digest[:19]}", Verdict.FAILED, failed)
    healthy = [t for t in right if _state(seen, t) == "healthy"]
    addresses = {t.address for t in right}
    others = [a for a, target in seen.targets.items() if a not in addresses and target.state in ("healthy", "initial")]
    text = f"{len(right)} of {seen.desired} tasks run it, {len(healthy)} healthy"
    if failed:
        text += f", {len(failed)} failed"
    if len(healthy) < seen.desired or len(right) < seen.desired:
        return Judgement(text, failed=failed)
    if others:
        return Judgement(f"{text}, {len(others)} of the old version still in the load balancer", failed=failed)
    age = seen.now - min((t.started for t in right), default=0.0)
    if age < STEADY_SECONDS:
        return Judgement(f"{text}, settling", failed=failed)
    return Judgement(text, Verdict.LIVE, failed)


def _fallen(seen: Snapshot, goal: Goal, ours: Deployment | None) -> tuple[Task, ...]:
    """Stopped tasks of the new version; the ones that ECS itself scaled away do not count."""
    if ours is None:
        return ()
    return tuple(
        t for t in seen.tasks
        if t.status == "STOPPED" and t.task_definition == ours.task_definition and _fell(t)
        and t.task_definition != goal.baseline.task_definition
    )


def _fell(task: Task) -> bool:
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
    target = seen.targets.get(task.address)
    return target.state if target else ""


def _tag(seen: Snapshot, deployment: Deployment) -> str:
    return seen.images.get(deployment.task_definition, "another image").rsplit(":", 1)[-1]


class Watcher:
    """Looks at one service again and again."""

    def __init__(self, aws: Aws, settings: Settings, service: str, target_group: str | None) -> None:
        self.aws, self.settings, self.service, self.target_group = aws, settings, service, target_group
        self._images: dict[str, str] = {}

    def look(self) -> Snapshot:
        """One look: five or six reading calls."""
        ecs = self.aws.client("ecs")
        with translated(f"look at the rollout of {self.service}"):
            try:
                rows = ecs.describe_services(cluster=self.settings.cluster, services=[self.service])["services"]
            except ecs.exceptions.ClusterNotFoundException:
                rows = []
            status = self._stack_status()
            service = next((row for row in rows if row["status"] == "ACTIVE"), None)
            if service is None:
                return Snapshot(stack_status=status, now=time.time())
            deployments = tuple(_deployment(row) for row in service.get("deployments", []))
            self._learn_images(ecs, {d.task_definition for d in deployments})
            return Snapshot(
                desired=service["desiredCount"], deployments=deployments, tasks=self._tasks(ecs),
                targets=self._targets(service), images=dict(self._images), stack_status=status, now=time.time(),
            )

    def watch(
        self, goal: Goal, *, timeout: float, tell: Callable[[Judgement], None], cancelled: Callable[[float], bool],
        noticed: Callable[[Snapshot], None] = lambda seen: None, clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> tuple[Judgement, Snapshot]:
        """Look until there is a verdict; `cancelled` waits that many seconds and says whether to stop."""
        end = clock() + timeout
        last = Judgement("")
        while True:
            try:
                seen = self.look()
                judgement = judge(seen, goal)
            except Transient as error:
                # The target goes on without us: a lost look is no verdict.
                seen, judgement = Snapshot(), replace(last, text=f"cannot look: {error.what}")
            noticed(seen)
            if (judgement.text, judgement.failed) != (last.text, last.failed):
                tell(judgement)
            if judgement.verdict:
                return judgement, seen
            last = judgement
            if clock() >= end:
                return replace(judgement, verdict=Verdict.TIMED_OUT), seen
            if cancelled(0.4 + 0.4 * jitter()):
                raise Cancelled(f"stopped watching {self.service}; ECS goes on with the rollout",
                                remedy="./poe status shows it; ./poe deploy finishes it")

    def _stack_status(self) -> str:
        cloudformation = self.aws.client("cloudformation")
        name = self.settings.stack_name(service_key(self.service))
        try:
            return stack_from(cloudformation.describe_stacks(StackName=name)["Stacks"][0]).status
        except cloudformation.exceptions.ClientError as error:
            if "does not exist" in str(error):
                return ""
            raise

    def _learn_images(self, ecs: Any, task_definitions: set[str]) -> None:
        for arn in task_definitions - self._images.keys():
            definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
            containers = {row["name"]: row["image"] for row in definition["containerDefinitions"]}
            self._images[arn] = containers.get(self.service, "")

    def _tasks(self, ecs: Any) -> tuple[Task, ...]:
        arns: list[str] = []
        for status in ("RUNNING", "STOPPED"):
            arns += ecs.list_tasks(cluster=self.settings.cluster, serviceName=self.service, desiredStatus=status)["taskArns"]
        if not arns:
            return ()
        rows = ecs.describe_tasks(cluster=self.settings.cluster, tasks=arns[:100])["tasks"]
        return tuple(_task(row, self.service) for row in rows)

    def _targets(self, service: Mapping[str, Any]) -> dict[str, Target]:
        balancers = service.get("loadBalancers", [])
        group = self.target_group or next((row.get("targetGroupArn") for row in balancers), None)
        if group is None:
            return {}
        rows = self.aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {
            row["Target"]["Id"]: Target(row["TargetHealth"]["State"], row["TargetHealth"].get("Reason", ""),
                                        row["TargetHealth"].get("Description", ""))
            for row in rows
        }


def baseline(seen: Snapshot, image_tag: str | None = None, template: str | None = None) -> Baseline:
    """What a snapshot taken before the change says of the version that serves."""
    primary = seen.primary
    return Baseline(
        deployments=frozenset(d.id for d in seen.deployments), image_tag=image_tag, template=template,
        task_definition=primary.task_definition if primary else None,
    )


def _deployment(row: Mapping[str, Any]) -> Deployment:
    return Deployment(
        id=row["id"], primary=row["status"] == "PRIMARY", task_definition=row["taskDefinition"],
        state=row.get("rolloutState", ""), reason=row.get("rolloutStateReason", ""),
    )


def _task(row: Mapping[str, Any], container: str) -> Task:
    details = {d["name"]: d.get("value", "") for a in row.get("attachments", []) for d in a.get("details", [])}
    own: Mapping[str, Any] = next((c for c in row.get("containers", []) if c.get("name") == container), {})
    return Task(
        id=row["taskArn"].rsplit("/", 1)[-1], task_definition=row["taskDefinitionArn"],
        digest=container_digest(row, container), status=row["lastStatus"],
        address=details.get("privateIPv4Address", ""), started=_epoch(row.get("startedAt")),
        created=_epoch(row.get("createdAt")), stopped_reason=row.get("stoppedReason", ""),
        stop_code=row.get("stopCode", ""), exit_code=own.get("exitCode"), container_reason=own.get("reason", ""),
    )


def _epoch(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
