"""Waits until every running gateway task reports what was asked of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from scripts.engine.aws import Aws, translated
from scripts.engine.errors import Cancelled, Failed, TimedOut
from scripts.engine.policies.store import PolicyStore, Report
from settings import Settings
from settings.model import GATEWAY

WAIT_SECONDS = 30.0
LOOK_SECONDS = 0.1

Cancel = Callable[[float], bool]
"""Waits that many seconds; True when the user wants to stop."""


@dataclass(frozen=True)
class Question:
    """What each task has to report."""

    is_done: Callable[[Report], bool]
    trouble: Callable[[Report], str]
    """Why it never will; empty: it still may."""
    late: str
    """What is said when the time is over."""
    remedy: str


class Waiting:
    """For the gateway of one target."""

    def __init__(self, aws: Aws, settings: Settings, store: PolicyStore, cancelled: Cancel) -> None:
        self.aws, self.settings, self.store, self.cancelled = aws, settings, store, cancelled

    def until(self, question: Question) -> int:
        """Number of running tasks, as soon as all have reported it. Raises Failed, TimedOut or Cancelled."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            running = gateway_tasks(self.aws, self.settings)
            reports = {report.task: report for report in self.store.reports()}
            own = [reports[task] for task in running if task in reports]
            if trouble := next(filter(None, map(question.trouble, own)), ""):
                raise Failed(f"a gateway refuses it: {trouble}", where="policies")
            behind = len(running) - sum(map(question.is_done, own))
            if not behind:
                return len(running)
            if time.monotonic() > end:
                what = f"{question.late}: {behind} of {len(running)} gateway tasks do not yet"
                raise TimedOut(what, where="policies", remedy=question.remedy)
            if self.cancelled(LOOK_SECONDS):
                raise Cancelled(f"stopped waiting: {question.late}", remedy="./poe policies shows it")


def gateway_tasks(aws: Aws, settings: Settings) -> list[str]:
    """Ids of the gateway's tasks that run."""
    if settings.gateway is None:
        return []
    ecs = aws.client("ecs")
    with translated("list the gateway's tasks"):
        try:
            pages = ecs.get_paginator("list_tasks").paginate(
                cluster=settings.cluster, serviceName=GATEWAY, desiredStatus="RUNNING"
            )
            return [arn.rsplit("/", 1)[-1] for page in pages for arn in page["taskArns"]]
        except (ecs.exceptions.ClusterNotFoundException, ecs.exceptions.ServiceNotFoundException):
            return []
