"""Corrections to what ECS keeps listing: tasks and deployments that are over disappear after a while."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from scripts.local.corrections.load_balancer import checker
from scripts.local.corrections.upstream import Module, Services

STOPPED_SECONDS = 3600.0
"""Source: Amazon ECS API reference, DescribeTasks: "stopped tasks currently appear ... for at least one hour"."""
EVERY = 5.0


def stop_restored_tasks(service: Services) -> None:
    """A task whose container went with the process before is stopped in every respect."""
    ecs = service("ecs")
    load = ecs.load_persisted_state

    def load_persisted_state(data: Any) -> None:
        running = {key for key, task in data["tasks"]._data.items() if task.get("lastStatus") != "STOPPED"}
        load(data)
        for key in running:
            ecs._tasks._data[key].update(
                desiredStatus="STOPPED",
                stoppedAt=ecs._iso(),
                stopCode="TerminationNotice",
                stoppedReason="The embedded cloud was restarted",
            )

    ecs.load_persisted_state = load_persisted_state


def forget_stopped_tasks(service: Services) -> None:
    """A stopped task is listed for an hour."""
    ecs, last = service("ecs"), [0.0]

    def sweep() -> None:
        if time.monotonic() - last[0] < EVERY:
            return
        last[0] = time.monotonic()
        for key, task in ecs._tasks.all_items():
            if task.get("lastStatus") == "STOPPED" and is_over(task.get("stoppedAt"), time.time()):
                ecs._tasks._data.pop(key, None)

    checker(service).listeners.append(sweep)


def is_over(stopped_at: Any, now: float) -> bool:
    """Whether a task that stopped then need no longer be listed."""
    if not isinstance(stopped_at, str):
        return False
    return now - datetime.fromisoformat(stopped_at).timestamp() > STOPPED_SECONDS


def forget_failed_deployments(service: Services) -> None:
    """A failed deployment is listed until the next one starts."""
    ecs = service("ecs")

    def sweep() -> None:
        for (_account, _region, key), record in ecs._services.all_items():
            if any(row.get("rolloutState") == "FAILED" for row in (record.get("deployments") or [])[1:]):
                _drop_failed(ecs, key, record)

    checker(service).listeners.append(sweep)


def _drop_failed(ecs: Module, key: str, record: Any) -> None:
    with ecs.resource_lock("ecs-service", key):
        newest, *older = record["deployments"]
        kept = [row for row in older if row.get("rolloutState") != "FAILED" or row.get("runningCount")]
        record["deployments"] = [newest, *kept]
