"""Makes a version of the policies live and waits until every running gateway task says that it enforces it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from scripts.engine.aws import Aws, translated
from scripts.engine.errors import Cancelled, Failed, RolledBack, TimedOut
from scripts.engine.policies.bundle import Bundle
from scripts.engine.policies.store import Head, Live, PolicyStore
from settings import Settings
from settings.model import GATEWAY

WAIT_SECONDS = 30.0
LOOK_SECONDS = 0.1

Cancel = Callable[[float], bool]
"""Waits that many seconds; True when the user wants to stop."""


@dataclass(frozen=True)
class Published:
    """What came of it."""

    version: str
    previous: str | None
    tasks: int
    """Gateway tasks that enforce it."""
    changed: bool = True


class Publisher:
    """The policies of one target."""

    def __init__(self, aws: Aws, settings: Settings, actor: str, cancelled: Cancel) -> None:
        self.aws, self.settings, self.actor, self.cancelled = aws, settings, actor, cancelled
        self.store = PolicyStore(aws, settings)

    def publish(self, bundle: Bundle) -> Published:
        """Upload, make live, wait. Raises Refused, Failed, RolledBack, TimedOut or Cancelled."""
        self.store.upload(bundle, self.actor)
        head = self.store.head(bundle.version)
        assert head is not None, "it was just uploaded"
        return self.enforce(head, source_digest=bundle.source_digest)

    def enforce(self, head: Head, *, source_digest: str | None = None) -> Published:
        """Make a stored version live and wait for the gateway."""
        before = self.store.live()
        digest = source_digest or head.source_digest
        if before and (before.version, before.source_digest) == (head.version, digest):
            return Published(head.version, before.previous, self._await(head.version), changed=False)
        now = self.store.flip(head, self.actor, before, digest)
        try:
            tasks = self._await(head.version)
        except Failed as error:
            raise self._put_back(error, before, now) from None
        return Published(head.version, before.version if before else None, tasks)

    def _await(self, version: str) -> int:
        """Wait for the running tasks; returns how many there are."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            running = gateway_tasks(self.aws, self.settings)
            reports = {report.task: report for report in self.store.reports()}
            own = [reports[task] for task in running if task in reports]
            refusing = next((report for report in own if report.version != version and report.error), None)
            if refusing is not None and version in refusing.error:
                raise Failed(f"a gateway refuses it: {refusing.error}", where="policies")
            behind = [task for task in running if task not in reports or reports[task].version != version]
            if not behind:
                return len(running)
            if time.monotonic() > end:
                raise TimedOut(
                    f"{version} is live, but {len(behind)} of {len(running)} gateway tasks do not enforce it yet",
                    where="policies",
                    remedy=f"./poe logs {GATEWAY}; ./poe policies shows what each task enforces",
                )
            if self.cancelled(LOOK_SECONDS):
                raise Cancelled(f"stopped waiting; {version} is live", remedy="./poe policies shows it")

    def _put_back(self, error: Failed, before: Live | None, now: Live) -> Failed | RolledBack:
        head = self.store.head(before.version) if before else None
        if before is None or head is None:
            return error
        self.store.flip(head, self.actor, now, before.source_digest)
        return RolledBack(error.what, where=error.where, remedy=f"{before.version} is live again")


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
