"""Looks at a rollout about once a second until `rollout.judge` has a verdict."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from scripts.engine.aws import Aws, translated
from scripts.engine.errors import Cancelled, Transient
from scripts.engine.model import Verdict
from scripts.engine.rollout import Baseline, Deployment, Goal, Judgement, Snapshot, Target, Task, judge
from scripts.engine.state import container_digest, portions, stack_from
from settings import Settings
from settings.model import service_key

LOST_SECONDS = 20.0
"""How long a target may be out of reach during a rollout before the watch is given up, besides the last attempt."""


class Watcher:
    """Looks at one service again and again."""

    def __init__(
        self,
        aws: Aws,
        settings: Settings,
        service: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.aws, self.settings, self.service = aws, settings, service
        self.clock, self.jitter = clock, jitter
        self._images: dict[str, str] = {}
        self._healthy: dict[str, float] = {}

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
            tasks, targets, now = self._tasks(ecs), self._targets(service), time.time()
            return Snapshot(
                desired=service["desiredCount"],
                deployments=deployments,
                tasks=tasks,
                targets=targets,
                healthy_since=self._follow_health(tasks, targets, now),
                images=dict(self._images),
                stack_status=status,
                now=now,
            )

    def watch(
        self,
        goal: Goal,
        *,
        timeout: float,
        tell: Callable[[Judgement], None],
        cancelled: Callable[[float], bool],
        noticed: Callable[[Snapshot], None] = lambda seen: None,
    ) -> tuple[Judgement, Snapshot]:
        """Look until there is a verdict; `cancelled` waits that many seconds and says whether to stop."""
        end = self.clock() + timeout
        last, looked = Judgement(""), self.clock()
        while True:
            try:
                seen = self.look()
                judgement, looked = judge(seen, goal), self.clock()
            except Transient as error:
                # The target goes on without us: a lost look is no verdict.
                if (missed := self.clock() - looked) > LOST_SECONDS:
                    raise _lost(self.service, error, missed) from error
                seen, judgement = Snapshot(), replace(last, text=f"cannot look: {error.what}")
            noticed(seen)
            if (judgement.text, judgement.failed) != (last.text, last.failed):
                tell(judgement)
            if judgement.verdict:
                return judgement, seen
            last = judgement
            if self.clock() >= end:
                return replace(judgement, verdict=Verdict.TIMED_OUT), seen
            if cancelled(0.4 + 0.4 * self.jitter()):
                raise Cancelled(
                    f"stopped watching {self.service}; ECS goes on with the rollout",
                    remedy="./poe status shows it; ./poe deploy finishes it",
                )

    def _stack_status(self) -> str:
        cloudformation = self.aws.client("cloudformation")
        name = self.settings.stack_name(service_key(self.service))
        try:
            return stack_from(cloudformation.describe_stacks(StackName=name)["Stacks"][0]).status
        except cloudformation.exceptions.ClientError as error:
            if "does not exist" in str(error):
                return ""
            raise

    def _follow_health(self, tasks: Iterable[Task], targets: Mapping[str, Target], now: float) -> dict[str, float]:
        healthy = [task.id for task in tasks if (found := targets.get(task.address)) and found.state == "healthy"]
        self._healthy = {task: self._healthy.get(task, now) for task in healthy}
        return dict(self._healthy)

    def _learn_images(self, ecs: Any, task_definitions: set[str]) -> None:
        for arn in task_definitions - self._images.keys():
            definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
            containers = {row["name"]: row["image"] for row in definition["containerDefinitions"]}
            self._images[arn] = containers.get(self.service, "")

    def _tasks(self, ecs: Any) -> tuple[Task, ...]:
        arns: list[str] = []
        for status in ("RUNNING", "STOPPED"):
            pages = ecs.get_paginator("list_tasks").paginate(
                cluster=self.settings.cluster, serviceName=self.service, desiredStatus=status
            )
            arns += [arn for page in pages for arn in page["taskArns"]]
        rows = [
            row
            for portion in portions(arns, 100)
            for row in ecs.describe_tasks(cluster=self.settings.cluster, tasks=portion)["tasks"]
        ]
        return tuple(_task(row, self.service) for row in rows)

    def _targets(self, service: Mapping[str, Any]) -> dict[str, Target]:
        balancers = service.get("loadBalancers", [])
        group = next((row.get("targetGroupArn") for row in balancers), None)
        if group is None:
            return {}
        rows = self.aws.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {
            row["Target"]["Id"]: Target(
                row["TargetHealth"]["State"],
                row["TargetHealth"].get("Reason", ""),
                row["TargetHealth"].get("Description", ""),
            )
            for row in rows
        }


def _lost(service: str, error: Transient, seconds: float) -> Transient:
    return Transient(
        f"{service}: no answer for {seconds:.0f} s: {error.what}",
        where="rollout",
        remedy="what was begun goes on without us; ./poe deploy looks again and finishes it",
    )


def baseline(seen: Snapshot, image_tag: str | None = None, template: str | None = None) -> Baseline:
    """What a snapshot taken before the change says of the version that serves."""
    primary = seen.primary
    return Baseline(
        deployments=frozenset(d.id for d in seen.deployments),
        image_tag=image_tag,
        template=template,
        task_definition=primary.task_definition if primary else None,
        stack_status=seen.stack_status,
        tasks=frozenset(t.id for t in seen.tasks),
    )


def _deployment(row: Mapping[str, Any]) -> Deployment:
    return Deployment(
        id=row["id"],
        primary=row["status"] == "PRIMARY",
        task_definition=row["taskDefinition"],
        state=row.get("rolloutState", ""),
        reason=row.get("rolloutStateReason", ""),
    )


def _task(row: Mapping[str, Any], container: str) -> Task:
    details = {d["name"]: d.get("value", "") for a in row.get("attachments", []) for d in a.get("details", [])}
    own: Mapping[str, Any] = next((c for c in row.get("containers", []) if c.get("name") == container), {})
    return Task(
        id=row["taskArn"].rsplit("/", 1)[-1],
        task_definition=row["taskDefinitionArn"],
        digest=container_digest(row, container),
        status=row["lastStatus"],
        address=details.get("privateIPv4Address", ""),
        started=_epoch(row.get("startedAt")),
        created=_epoch(row.get("createdAt")),
        stopped_reason=row.get("stoppedReason", ""),
        stop_code=row.get("stopCode", ""),
        exit_code=own.get("exitCode"),
        container_reason=own.get("reason", ""),
    )


def _epoch(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
