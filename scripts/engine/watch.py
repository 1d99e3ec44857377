"""Looks at a rollout about once a second until there is a verdict on the service and its workers."""

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
from scripts.engine.rollout import Deployment, Goal, Judgement, Snapshot, Target, Task
from scripts.engine.state import container_digest, portions, read_stack
from scripts.engine.together import judge_together
from settings import Settings
from settings.model import service_key

LOST_SECONDS = 20.0
"""How long a target may be out of reach during a rollout before the watch is given up, besides the last attempt."""


class Watcher:
    """Looks at one service and its workers again and again."""

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
        """One look at the service and its workers: six reading calls, two more for each worker."""
        ecs = self.aws.client("ecs")
        with translated(f"look at the rollout of {self.service}"):
            rows = self._services(ecs)
            stack = read_stack(self.aws, self.settings, service_key(self.service))
            status = stack.status if stack else ""
            if self.service not in rows:
                return Snapshot(stack_status=status, now=time.time())
            deployments = {name: tuple(map(deployment_from, row.get("deployments", []))) for name, row in rows.items()}
            for name, found in deployments.items():
                self._learn_images(ecs, name, {d.task_definition for d in found})
            tasks, targets, now = self._tasks(ecs, rows), self._targets(rows[self.service]), time.time()
        self._follow_health(tasks, targets, now)
        looks = {
            name: Snapshot(
                desired=row["desiredCount"],
                deployments=deployments[name],
                tasks=tasks[name],
                healthy_since=self._healthy,
                images=dict(self._images),
                stack_status=status,
                now=now,
                steady=self.settings.service(self.service).steady,
                balanced=False,
            )
            for name, row in rows.items()
        }
        own = looks.pop(self.service)
        return replace(own, balanced=True, targets=targets, workers=looks)

    def _services(self, ecs: Any) -> dict[str, Any]:
        """The ECS services that there are, of the service and its workers."""
        rows: list[Any] = []
        try:
            for names in portions(list(self.settings.service(self.service).ecs_names), 10):
                rows += ecs.describe_services(cluster=self.settings.cluster, services=names)["services"]
        except ecs.exceptions.ClusterNotFoundException:
            return {}
        # In the order that was asked for, whatever the order of the answer.
        found = {row["serviceName"]: row for row in rows if row["status"] == "ACTIVE"}
        return {name: found[name] for name in self.settings.service(self.service).ecs_names if name in found}

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
                judgement, looked = judge_together(seen, goal), self.clock()
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

    def _follow_health(self, tasks: Mapping[str, tuple[Task, ...]], targets: Mapping[str, Target], now: float) -> None:
        """Since when each task has been healthy; a worker's since it runs."""
        own = [
            t.id for t in tasks.get(self.service, ()) if (found := targets.get(t.address)) and found.state == "healthy"
        ]
        workers = [
            t.id for name, found in tasks.items() if name != self.service for t in found if t.status == "RUNNING"
        ]
        self._healthy = {task: self._healthy.get(task, now) for task in (*own, *workers)}

    def _learn_images(self, ecs: Any, name: str, task_definitions: set[str]) -> None:
        for arn in task_definitions - self._images.keys():
            definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
            containers = {row["name"]: row["image"] for row in definition["containerDefinitions"]}
            self._images[arn] = containers.get(name, "")

    def _tasks(self, ecs: Any, names: Iterable[str]) -> dict[str, tuple[Task, ...]]:
        arns = {
            arn: name for name in names for status in ("RUNNING", "STOPPED") for arn in self._arns(ecs, name, status)
        }
        rows = [
            row
            for portion in portions(list(arns), 100)
            for row in ecs.describe_tasks(cluster=self.settings.cluster, tasks=portion)["tasks"]
        ]
        return {name: tuple(task_from(row, name) for row in rows if arns.get(row["taskArn"]) == name) for name in names}

    def _arns(self, ecs: Any, name: str, status: str) -> list[str]:
        pages = ecs.get_paginator("list_tasks").paginate(
            cluster=self.settings.cluster, serviceName=name, desiredStatus=status
        )
        return [arn for page in pages for arn in page["taskArns"]]

    def _targets(self, service: Mapping[str, Any]) -> dict[str, Target]:
        """Of every target group that it has: two where ECS shifts requests between them."""
        elb, groups = self.aws.client("elbv2"), target_groups(service)
        rows = [
            row
            for group in groups
            for row in elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        ]
        return {
            row["Target"]["Id"]: Target(
                row["TargetHealth"]["State"],
                row["TargetHealth"].get("Reason", ""),
                row["TargetHealth"].get("Description", ""),
            )
            for row in rows
        }


def target_groups(service: Mapping[str, Any]) -> tuple[str, ...]:
    """ARNs of a DescribeServices row's target groups: of each load balancer its own and the alternate one."""
    rows = service.get("loadBalancers", [])
    found = [
        (row.get("targetGroupArn"), row.get("advancedConfiguration", {}).get("alternateTargetGroupArn")) for row in rows
    ]
    return tuple(arn for pair in found for arn in pair if arn)


def _lost(service: str, error: Transient, seconds: float) -> Transient:
    return Transient(
        f"{service}: no answer for {seconds:.0f} s: {error.what}",
        where="rollout",
        remedy="what was begun goes on without us; ./poe deploy looks again and finishes it",
    )


def deployment_from(row: Mapping[str, Any]) -> Deployment:
    """A deployment from a row of DescribeServices."""
    return Deployment(
        id=row["id"],
        primary=row["status"] == "PRIMARY",
        task_definition=row["taskDefinition"],
        state=row.get("rolloutState", ""),
        reason=row.get("rolloutStateReason", ""),
    )


def task_from(row: Mapping[str, Any], container: str) -> Task:
    """A task from a DescribeTasks row; `container` is the one that counts."""
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
        container=container,
        stopped=_epoch(row.get("executionStoppedAt") or row.get("stoppedAt")),
        started_by=row.get("startedBy", ""),
    )


def _epoch(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0
