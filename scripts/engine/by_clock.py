"""The schedules of a service as EventBridge Scheduler has them: what runs by the clock is not watched by a deploy."""

from __future__ import annotations

from typing import Any

from scripts.engine.aws import Aws, error_code, translated
from settings import Settings


def read_schedules(aws: Aws, settings: Settings, service: str) -> dict[str, dict[str, str]]:
    """Schedule -> `schedule` (its expression) and `state`; both empty for one that is not deployed."""
    own, group = settings.service(service), f"{settings.prefix}-{service}"
    return {schedule.name: _read(aws, group, own.ecs_name(schedule.name)) for schedule in own.schedules}


def _read(aws: Aws, group: str, name: str) -> dict[str, str]:
    client = aws.client("scheduler")
    with translated(f"look at the schedule {name}"):
        try:
            found: dict[str, Any] = client.get_schedule(Name=name, GroupName=group)
        except client.exceptions.ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            found = {}
    return {"schedule": found.get("ScheduleExpression", ""), "state": found.get("State", "")}
