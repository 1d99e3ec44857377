"""Correction to the ECS service scheduler: a task that keeps failing is replaced at growing intervals.

ECS throttles the restarts of a service whose tasks repeatedly fail to start (developer guide, "Service throttle
logic"). Upstream replaces them at once and for ever, which keeps the machine busy with starting and stopping. A
deployment that its circuit breaker judges is not slowed down: there the failures are wanted quickly.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from scripts.local.corrections.upstream import Module, Services

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds."""
TOLD_AFTER = 2
"""Failures in a row after which the service's events say so."""


def pause(failures: int) -> float:
    """Seconds to wait before the replacement after that many failures in a row; the first is replaced at once."""
    return 0.0 if failures < 2 else min(FIRST_PAUSE * 2 ** (failures - 2), LONGEST_PAUSE)


class Throttle:
    """Failures in a row of a deployment's tasks, and until when no task of it is started."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.failures: dict[str, int] = {}
        self.until: dict[str, float] = {}

    def failed(self, deployment: str, *, was_stable: bool, engine_answers: bool = True) -> float:
        """Counts a failure; returns the seconds until the replacement may start.

        While the container engine does not answer it is tried again every second, so that all comes back with it.
        """
        self.failures[deployment] = 1 if was_stable else self.failures.get(deployment, 0) + engine_answers
        seconds = pause(self.failures[deployment]) if engine_answers else FIRST_PAUSE
        self.until[deployment] = self.clock() + seconds
        return seconds

    def holds_back(self, deployment: str) -> bool:
        """Whether no task of the deployment may start now."""
        return self.clock() < self.until.get(deployment, 0.0)


def throttle_restarts(service: Services) -> None:
    """Waits longer before each replacement of a failed task, until a task of the deployment is stable."""
    ecs, throttle = service("ecs"), Throttle()
    record, reconcile = ecs._record_service_task_failure, ecs._reconcile_service_tasks

    def record_failure(task: Any, **options: Any) -> None:
        cluster, key = _place(ecs, task)
        owner = ecs._services.get(key)
        deployment = ecs._deployment_for_task(owner, task) if owner else None
        if deployment and not options and not _is_judged(owner, deployment):
            seconds = throttle.failed(
                deployment["id"], was_stable=bool(task.get("_startup_stable")), engine_answers=_engine_answers(ecs)
            )
            if throttle.failures[deployment["id"]] == TOLD_AFTER:
                _tell(ecs, owner)
            _after(ecs, seconds, lambda: ecs._reconcile_service_tasks(cluster, key))
        record(task, **options)

    def reconcile_tasks(cluster: str, key: str) -> None:
        primary = ecs._primary_deployment(ecs._services.get(key) or {})
        if not primary or not throttle.holds_back(primary["id"]):
            reconcile(cluster, key)

    ecs._record_service_task_failure, ecs._reconcile_service_tasks = record_failure, reconcile_tasks


def _place(ecs: Module, task: Any) -> tuple[str, str]:
    cluster = ecs._cluster_name_from_arn(task.get("clusterArn", ""))
    return cluster, f"{cluster}/{str(task.get('group', '')).partition(':')[2]}"


def _engine_answers(ecs: Module) -> bool:
    from docker.errors import DockerException

    try:
        return bool(ecs._get_docker().ping())
    except (DockerException, OSError):
        return False


def _is_judged(service: Any, deployment: Any) -> bool:
    breaker = (service.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}
    return bool(breaker.get("enable")) and deployment.get("rolloutState") == "IN_PROGRESS"


def _tell(ecs: Module, service: Any) -> None:
    message = f"(service {service['serviceName']}) is unable to consistently start tasks successfully."
    service.setdefault("events", []).insert(0, {"id": ecs.new_uuid(), "createdAt": ecs._iso(), "message": message})


def _after(ecs: Module, seconds: float, act: Callable[[], object]) -> None:
    if not seconds:
        return

    def later() -> None:
        time.sleep(seconds)
        act()

    # In a thread that keeps account and region: the caller may be answering a request.
    ecs.spawn_background(later, thread_name="slipway-ecs-throttle")
