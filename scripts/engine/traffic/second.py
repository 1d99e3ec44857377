"""The ECS service that a second version runs as: made like the main one, without a load balancer, and taken away.

Its task definition is a copy of the one that the main version runs, with the new image. The gateway finds its tasks by
the ECS service's name and asks their health itself.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from scripts.engine.aws import Aws, translated
from scripts.engine.errors import Cancelled, Failed, SlipwayError, TimedOut
from scripts.engine.one_off import copied
from scripts.engine.rollout import Snapshot
from scripts.engine.state import portions
from scripts.engine.traffic.enforcing import Pause
from scripts.engine.watch import deployment_from, task_from
from settings import Settings
from settings.model import second_name

DEPLOYMENT = {
    "minimumHealthyPercent": 100,
    "maximumPercent": 200,
    "deploymentCircuitBreaker": {"enable": True, "rollback": False},
}
"""There is nothing to roll back to: a second version that does not come up is taken away."""
SHARED = ("networkConfiguration", "platformVersion", "enableExecuteCommand", "enableECSManagedTags")
"""What the main version has is right for the second too."""
GONE_SECONDS = 120.0
"""How long the tasks of a service of the same name that was deleted are waited for."""

Row = Mapping[str, Any]


class Second:
    """The second version of one service."""

    def __init__(self, aws: Aws, settings: Settings, service: str) -> None:
        self.aws, self.settings, self.service = aws, settings, service
        self.name, self.cluster = second_name(service), settings.cluster
        self.family = f"{settings.prefix}-{self.name}"

    def start(self, image: str, *, deployment: str, pause: Pause) -> tuple[str, int]:
        """Start it with as many tasks as the main version has; its task definition, and how many that are."""
        main = self._described(self.service)
        if main is None or not main["desiredCount"]:
            raise Failed(f"{self.service} has no tasks to shift from", where="traffic", remedy="./poe status")
        left = self._await_gone(pause)
        definition, desired = self._register(main, image), int(main["desiredCount"])
        with translated(f"start the second version of {self.service}"):
            if left:
                self.aws.client("ecs").update_service(
                    cluster=self.cluster,
                    service=self.name,
                    taskDefinition=definition,
                    desiredCount=desired,
                    networkConfiguration=main["networkConfiguration"],
                    deploymentConfiguration=DEPLOYMENT,
                    forceNewDeployment=True,
                )
                self._deregister(left["taskDefinition"])
            else:
                self.aws.client("ecs").create_service(
                    cluster=self.cluster,
                    serviceName=self.name,
                    taskDefinition=definition,
                    desiredCount=desired,
                    deploymentConfiguration=DEPLOYMENT,
                    clientToken=hashlib.sha256(f"{deployment} {self.name}".encode()).hexdigest()[:32],
                    **_like(main),
                )
        return definition, desired

    def look(self, definition: str, image: str) -> Snapshot:
        """One look at it; no load balancer says that its tasks are healthy."""
        with translated(f"look at the second version of {self.service}"):
            row = self._described(self.name) or {}
            tasks = tuple(task_from(task, self.service) for task in self._tasks()) if row else ()
        return Snapshot(
            desired=int(row.get("desiredCount", 0)),
            deployments=tuple(map(deployment_from, row.get("deployments", ()))),
            tasks=tasks,
            images={definition: image},
            now=time.time(),
            balanced=False,
        )

    def is_there(self) -> bool:
        """Whether it is there and not on its way out."""
        row = self._described(self.name)
        return row is not None and row["status"] == "ACTIVE"

    def retire(self) -> bool:
        """Take it away with its task definition; False where there was none. ECS stops its tasks in order."""
        row = self._described(self.name)
        if row is None or row["status"] != "ACTIVE":
            return False
        ecs = self.aws.client("ecs")
        with (
            translated(f"take the second version of {self.service} away"),
            suppress(ecs.exceptions.ServiceNotFoundException),
        ):
            ecs.delete_service(cluster=self.cluster, service=self.name, force=True)
        self._deregister(row["taskDefinition"])
        return True

    def raise_main(self, desired: int) -> bool:
        """Let the main version have at least that many tasks; whether it had fewer."""
        main = self._described(self.service)
        if main is None or int(main["desiredCount"]) >= desired:
            return False
        with translated(f"give {self.service} its tasks back"):
            self.aws.client("ecs").update_service(cluster=self.cluster, service=self.service, desiredCount=desired)
        return True

    def _register(self, main: Row, image: str) -> str:
        with translated(f"copy the task definition of {self.service}"):
            ecs = self.aws.client("ecs")
            found = ecs.describe_task_definition(taskDefinition=main["taskDefinition"])["taskDefinition"]
            made = {**copied(found, self.service, image), "family": self.family}
            return str(ecs.register_task_definition(**made)["taskDefinition"]["taskDefinitionArn"])

    def _deregister(self, definition: str) -> None:
        """Best effort, and never one that a stack made: a copy that stays costs nothing and is never used again."""
        if definition.rpartition("/")[2].rpartition(":")[0] == self.family:
            with suppress(SlipwayError), translated("deregister a task definition"):
                self.aws.client("ecs").deregister_task_definition(taskDefinition=definition)

    def _described(self, name: str) -> Row | None:
        """The ECS service; None where there is none, or no task of it any more."""
        ecs = self.aws.client("ecs")
        with translated(f"look at {name}"):
            try:
                rows = ecs.describe_services(cluster=self.cluster, services=[name], include=["TAGS"])["services"]
            except ecs.exceptions.ClusterNotFoundException:
                return None
        return next((row for row in rows if row["status"] != "INACTIVE"), None)

    def _await_gone(self, pause: Pause) -> Row | None:
        """The one that is left and can be used; one that is on its way out is waited for."""
        end = time.monotonic() + GONE_SECONDS
        while (found := self._described(self.name)) and found["status"] != "ACTIVE":
            if time.monotonic() > end:
                raise TimedOut(
                    f"{self.name} is still {found['status'].lower()}", where="traffic", remedy="run it again"
                )
            if pause(1.0):
                raise Cancelled("stopped before anything was shifted", remedy="run the command again")
        return found

    def _tasks(self) -> list[Row]:
        ecs = self.aws.client("ecs")
        arns: list[str] = []
        for status in ("RUNNING", "STOPPED"):
            pages = ecs.get_paginator("list_tasks").paginate(
                cluster=self.cluster, serviceName=self.name, desiredStatus=status
            )
            arns += [arn for page in pages for arn in page["taskArns"]]
        return [
            row for part in portions(arns, 100) for row in ecs.describe_tasks(cluster=self.cluster, tasks=part)["tasks"]
        ]


def _like(main: Row) -> dict[str, Any]:
    """What the second version has of the main one. Tags that CloudFormation gave cannot be given by others."""
    shared = {key: main[key] for key in SHARED if main.get(key)}
    tags = [tag for tag in main.get("tags") or () if not tag["key"].startswith("aws:")]
    if main.get("propagateTags") in ("SERVICE", "TASK_DEFINITION"):
        shared["propagateTags"] = main["propagateTags"]
    strategy = main.get("capacityProviderStrategy")
    capacity = {"capacityProviderStrategy": strategy} if strategy else {"launchType": main.get("launchType", "FARGATE")}
    return {**shared, **capacity, **({"tags": tags} if tags else {})}
