"""Reads a service's log group in time order, each line once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from scripts.engine.aws import Aws, translated
from scripts.engine.errors import BadInput, Refused
from scripts.engine.state import read_stack
from settings import Service, Settings
from settings.model import release_key, service_key

WEB, RELEASE = "web", "release"


class Logs:
    """The lines of one service from a moment on; `since` in seconds since the epoch.

    `process` names one of its processes: `web`, a worker, a schedule, or `release`, which has a log group of its own.
    """

    def __init__(self, aws: Aws, settings: Settings, service: str, *, since: float, process: str | None = None) -> None:
        self.aws, self.since = aws, int(since * 1000)
        self.streams = streams_of(settings.service(service), process)
        self.group = _group(aws, settings, service, process)
        self._seen: set[str] = set()

    def new_lines(self) -> list[dict[str, str]]:
        """Lines that came since the last call: `at` (UTC), `container`, `task`, `message`."""
        rows: list[dict[str, Any]] = []
        with translated("read the log"):
            pages = (
                self.aws.client("logs")
                .get_paginator("filter_log_events")
                .paginate(
                    logGroupName=self.group,
                    startTime=self.since,
                    **({"logStreamNamePrefix": self.streams} if self.streams else {}),
                )
            )
            for page in pages:
                found = [row for row in page["events"] if row["logStreamName"].startswith(self.streams)]
                rows += [row for row in found if row["eventId"] not in self._seen]
        self._seen |= {row["eventId"] for row in rows}
        if rows:
            # The last two seconds are read again: streams of several tasks arrive out of order.
            self.since = max(self.since, max(row["timestamp"] for row in rows) - 2000)
        return [_line(row) for row in sorted(rows, key=lambda row: row["timestamp"])]


def streams_of(service: Service, process: str | None) -> str:
    """What the names of a process's log streams begin with; empty for all of them. Raises BadInput."""
    names = {WEB: service.name}
    names |= {worker.name: service.ecs_name(worker.name) for worker in service.workers}
    names |= {schedule.name: service.ecs_name(schedule.name) for schedule in service.schedules}
    known = [*names, *([RELEASE] if service.release else [])]
    if process is not None and process not in known:
        raise BadInput(
            f"{service.name} has no process {process!r}", where="--process", remedy="processes: " + ", ".join(known)
        )
    return f"{names[process]}/" if process in names else ""


def _group(aws: Aws, settings: Settings, service: str, process: str | None) -> str:
    stack = read_stack(aws, settings, (release_key if process == RELEASE else service_key)(service))
    if stack is None or "LogGroupName" not in stack.outputs:
        raise Refused(f"{service} is not deployed on {settings.target.name}", where="logs", remedy="./poe deploy")
    return stack.outputs["LogGroupName"]


def _line(row: dict[str, Any]) -> dict[str, str]:
    moment = datetime.fromtimestamp(row["timestamp"] / 1000, UTC)
    rest, _, task = str(row["logStreamName"]).rpartition("/")
    return {
        "at": moment.strftime("%H:%M:%S.%f")[:-3],
        "container": rest.rpartition("/")[2],
        "task": task,
        "message": row["message"].rstrip("\n"),
    }
