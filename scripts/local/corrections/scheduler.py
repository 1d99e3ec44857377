"""Corrections to the ECS service scheduler: what the load balancer says decides whether a task is good.

Runs after each round of health checks. A running task whose targets are healthy counts as stable; one whose target
stays unhealthy beyond its patience is stopped, replaced, and counted by the circuit breaker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from scripts.local.corrections.load_balancer import Checker, checker
from scripts.local.corrections.sockets import listens
from scripts.local.corrections.upstream import Module, Services
from scripts.local.target_health import Patience, TargetHealth

Record = dict[str, Any]


def deploy_new_services(service: Services) -> None:
    """The first deployment of a service is IN_PROGRESS until its tasks are stable, and can fail."""
    ecs = service("ecs")
    original = ecs._make_deployment

    def make_deployment(task_definition: str, desired_count: int, status: str = "PRIMARY") -> Any:
        deployment = original(task_definition, desired_count, status)
        return {**deployment, "rolloutState": "IN_PROGRESS", "rolloutStateReason": "ECS deployment in progress."}

    ecs._make_deployment = make_deployment


def judge_by_target_health(service: Services) -> None:
    """A task behind a load balancer is stable when its targets are healthy, and fails when they stay unhealthy."""
    ecs = service("ecs")
    scheduler = Scheduler(ecs, checker(service))
    original = ecs._record_service_task_healthy

    def record_healthy(service_key: str, task: Record) -> None:
        record = ecs._services.get(service_key)
        if not record or scheduler.healthy(record, task):
            original(service_key, task)

    ecs._record_service_task_healthy = record_healthy
    ecs._reconcile_service_tasks = one_at_a_time(ecs._reconcile_service_tasks)
    scheduler.checker.listeners.append(scheduler.round)


def one_at_a_time(reconcile: Callable[[str, str], object]) -> Callable[[str, str], None]:
    """Reconciliations of one service in turn: two at once both count the missing tasks, and start them twice."""
    locks: dict[str, threading.RLock] = {}

    def run(cluster: str, service_key: str) -> None:
        with locks.setdefault(service_key, threading.RLock()):
            reconcile(cluster, service_key)

    return run


@dataclass(frozen=True)
class Place:
    """Whose task it is; the stores of MiniStack are kept by account and region."""

    account: str
    region: str
    service_key: str

    @property
    def cluster(self) -> str:
        """Cluster name."""
        return self.service_key.split("/", 1)[0]


class Scheduler:
    """Turns target health into ECS decisions."""

    def __init__(self, ecs: Module, health: Checker) -> None:
        self.ecs = ecs
        self.checker = health
        self.started: dict[str, float] = {}
        """Task ARN -> when it was first seen running."""
        self.listening: dict[str, float] = {}
        """Task ARN -> seconds after its start when it was first seen to listen, asked once its checks fail."""
        self.judged: set[str] = set()
        """Tasks whose verdict is being carried out."""

    def targets(self, service: Record, task: Record) -> Iterator[tuple[str, TargetHealth]]:
        """Target group and health of each of the task's registrations."""
        address = self.ecs._task_ip(task)
        for balancer in service.get("loadBalancers") or []:
            group = balancer.get("targetGroupArn")
            if group:
                yield group, self.checker.state(group, {"Id": address, "Port": balancer.get("containerPort", 80)})

    def healthy(self, service: Record, task: Record) -> bool:
        """Whether the load balancer sends requests to the task; true without a load balancer."""
        return all(health.state == "healthy" for _, health in self.targets(service, task))

    def round(self) -> None:
        """One look at every service behind a load balancer."""
        seen: set[str] = set()
        for (account, region, key), service in self.ecs._services.all_items():
            if service.get("status") == "ACTIVE" and service.get("loadBalancers"):
                place = Place(account, region, key)
                with self.ecs.request_scope(account, region):
                    for task in self._tasks(service):
                        seen.add(task["taskArn"])
                        self._look_at(place, service, task)
        self.started = {arn: at for arn, at in self.started.items() if arn in seen}
        self.listening = {arn: after for arn, after in self.listening.items() if arn in seen}
        self.judged &= seen

    def _tasks(self, service: Record) -> list[Record]:
        group, cluster = f"service:{service['serviceName']}", service["clusterArn"]
        return [
            task
            for task in self.ecs._tasks.values()
            if task.get("group") == group and task.get("clusterArn") == cluster and task.get("lastStatus") == "RUNNING"
        ]

    def _look_at(self, place: Place, service: Record, task: Record) -> None:
        arn, now = task["taskArn"], time.monotonic()
        if arn not in self.started:
            self.started[arn] = now
            # The first task has resolved the image's digest: the others can start now.
            self._carry_out(self.ecs._reconcile_service_tasks, place.cluster, place.service_key)
        if arn in self.judged:
            return
        if not task.get("_startup_stable") and self.healthy(service, task):
            self.judged.add(arn)
            self._carry_out(self._settle, place, task)
            return
        failing = next((group for group, health in self.targets(service, task) if health.is_failing), None)
        if failing and now - self.started[arn] >= self._patience(service, task):
            self.judged.add(arn)
            self._carry_out(self._fail, place, service, task, failing)

    def _carry_out(self, act: Callable[..., object], *arguments: object) -> None:
        # In a thread of its own, which keeps account and region: these calls wait for the container engine.
        self.ecs.spawn_background(act, *arguments, thread_name="slipway-ecs-scheduler")

    def _settle(self, place: Place, task: Record) -> None:
        deployment = task.get("_deployment_id")
        self.ecs._record_service_task_healthy(place.service_key, task)
        self.ecs._refresh_service_state(place.cluster, task["group"])
        self.ecs._reconcile_service_tasks(place.cluster, place.service_key)
        self.ecs._complete_service_deployment(place.cluster, place.service_key, expected_deployment_id=deployment)
        self.judged.discard(task["taskArn"])

    def _patience(self, service: Record, task: Record) -> float:
        if task.get("_startup_stable"):
            return 0.0
        deployment = self.ecs._deployment_for_task(service, task) or {}
        answered = any(health.reason == "Target.ResponseCodeMismatch" for _, health in self.targets(service, task))
        grace = float(service.get("healthCheckGracePeriodSeconds") or 0)
        return Patience(grace).seconds(
            listening_after=self._listening_after(task, answered=answered),
            failed_before=int(deployment.get("failedTasks") or 0) > 0,
        )

    def _listening_after(self, task: Record, *, answered: bool) -> float | None:
        """Seconds from a task's start until it was first seen to listen; None while it does not."""
        arn = task["taskArn"]
        if arn not in self.listening and (answered or self._listens(task)):
            self.listening[arn] = time.monotonic() - self.started[arn]
        return self.listening.get(arn)

    def _listens(self, task: Record) -> bool:
        docker = self.ecs._get_docker()
        return any(listens(docker, container) for container in list(task.get("_docker_ids") or []))

    def _fail(self, place: Place, service: Record, task: Record, group: str) -> None:
        arn, reason = task["taskArn"], f"Task failed ELB health checks in (target-group {group})"
        self._event(service, task, group)
        if self.ecs._mark_task_stopped(arn, task, reason, "ServiceSchedulerInitiated"):
            self.ecs._record_service_task_failure(task)
            self.ecs._cleanup_task_resources(task, self.ecs._get_docker())

    def _event(self, service: Record, task: Record, group: str) -> None:
        why = next((health.description for arn, health in self.targets(service, task) if arn == group), "")
        port = next(
            (
                balancer.get("containerPort")
                for balancer in service["loadBalancers"]
                if balancer.get("targetGroupArn") == group
            ),
            80,
        )
        service.setdefault("events", []).insert(
            0,
            {
                "id": self.ecs.new_uuid(),
                "createdAt": self.ecs._iso(),
                "message": f"(service {service['serviceName']}) (port {port}) is unhealthy in "
                f"(target-group {group}) due to (reason {why})",
            },
        )
