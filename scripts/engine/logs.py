"""Reads a service's log group in time order, each line once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from scripts.engine.aws import Aws, translated
from scripts.engine.errors import Refused
from scripts.engine.state import read_stacks
from settings import Settings
from settings.model import service_key


class Logs:
    """The lines of one service from a moment on; `since` in seconds since the epoch."""

    def __init__(self, aws: Aws, settings: Settings, service: str, *, since: float) -> None:
        self.aws, self.since = aws, int(since * 1000)
        self.group = _group(aws, settings, service)
        self._seen: set[str] = set()

    def new_lines(self) -> list[dict[str, str]]:
        """Lines that came since the last call: `at` (UTC), `task`, `message`."""
        rows: list[dict[str, Any]] = []
        with translated("read the log"):
            pages = (
                self.aws.client("logs")
                .get_paginator("filter_log_events")
                .paginate(logGroupName=self.group, startTime=self.since)
            )
            for page in pages:
                rows += [row for row in page["events"] if row["eventId"] not in self._seen]
        self._seen |= {row["eventId"] for row in rows}
        if rows:
            # The last two seconds are read again: streams of several tasks arrive out of order.
            self.since = max(self.since, max(row["timestamp"] for row in rows) - 2000)
        return [_line(row) for row in sorted(rows, key=lambda row: row["timestamp"])]


def _group(aws: Aws, settings: Settings, service: str) -> str:
    stacks, _ = read_stacks(aws, settings)
    stack = stacks.get(service_key(service))
    if stack is None or "LogGroupName" not in stack.outputs:
        raise Refused(f"{service} is not deployed on {settings.target.name}", where="logs", remedy="./poe deploy")
    return stack.outputs["LogGroupName"]


def _line(row: dict[str, Any]) -> dict[str, str]:
    moment = datetime.fromtimestamp(row["timestamp"] / 1000, UTC)
    return {
        "at": moment.strftime("%H:%M:%S.%f")[:-3],
        "task": row["logStreamName"].rsplit("/", 1)[-1],
        "message": row["message"].rstrip("\n"),
    }
