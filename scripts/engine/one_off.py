"""Runs one task of a service's image to its end: registers what it is made from, starts it, waits, reads its log.

The stack of the release command holds the task definition. The fast path does not touch that stack, so a copy with the
new image is registered for the run and deregistered as soon as the task was started, which does not disturb the task.
Source: DeregisterTaskDefinition API reference, "Existing tasks and services that reference an INACTIVE task definition
continue to run without disruption".
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from scripts.engine.aws import Aws, translated
from scripts.engine.diagnose import LOG_LINES, log_lines
from scripts.engine.errors import Cancelled, Failed, SlipwayError, TimedOut, Transient
from scripts.engine.model import Stack
from scripts.engine.rollout import Task
from scripts.engine.state import portions
from scripts.engine.watch import LOST_SECONDS, task_from
from scripts.engine.world import World

ACCEPTED = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "ephemeralStorage",
    "runtimePlatform",
    "enableFaultInjection",
)
"""What a description of a task definition has that a registration takes. Source: RegisterTaskDefinition."""
TAG_VARIABLE = "SLIPWAY_IMAGE_TAG"
STOP_SECONDS = 45.0
"""How long a task that was told to stop is waited for: ECS gives it 30 s between SIGTERM and SIGKILL."""

Definition = dict[str, Any]


def wanted_definition(aws: Aws, stack: Stack, image: str) -> Definition:
    """The stack's task definition with that image, for a registration; with its own ARN where nothing differs."""
    arn = stack.outputs["TaskDefinition"]
    with translated(f"read the task definition of {stack.name}"):
        found = aws.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
    made = copied(found, stack.outputs["ContainerName"], image)
    if made["containerDefinitions"] == found["containerDefinitions"]:
        return {**made, "taskDefinitionArn": arn}
    return made


def copied(found: Mapping[str, Any], container: str, image: str) -> Definition:
    """A task definition as it was described, for a registration, with that image in that container."""
    containers = [_with_image(row, image) if row["name"] == container else row for row in found["containerDefinitions"]]
    return {key: found[key] for key in ACCEPTED if found.get(key)} | {"containerDefinitions": containers}


def _with_image(container: Mapping[str, Any], image: str) -> Definition:
    tag = image.rpartition(":")[2]
    variables = [
        {**row, "value": tag} if row["name"] == TAG_VARIABLE else row for row in container.get("environment", [])
    ]
    return {**container, "image": image, "environment": variables}


def has_ended(task: Task) -> bool:
    """Whether its program has ended. Fargate then gives the network interface back for many seconds: not waited for."""
    return task.status == "STOPPED" or (task.exit_code is not None and bool(task.stop_code))


class OneOff:
    """A one-off task of a service; `outputs` are those of the stack that has its task definition."""

    def __init__(self, world: World, service: str, outputs: Mapping[str, str], definition: Definition) -> None:
        self.world, self.service, self.outputs, self.definition = world, service, outputs, definition
        self.container = outputs["ContainerName"]
        self._same: dict[str, bool] = {}

    def earlier(self) -> tuple[Task, ...]:
        """Tasks of the same family that run, or ended within the hour that ECS tells of them; newest first."""
        ecs, cluster = self.world.aws.client("ecs"), self.world.settings.cluster
        arns: list[str] = []
        with translated(f"look for earlier tasks of {self.definition['family']}"):
            for status in ("RUNNING", "STOPPED"):
                pages = ecs.get_paginator("list_tasks").paginate(
                    cluster=cluster, family=self.definition["family"], desiredStatus=status
                )
                arns += [arn for page in pages for arn in page["taskArns"]]
            rows = [
                row for part in portions(arns, 100) for row in ecs.describe_tasks(cluster=cluster, tasks=part)["tasks"]
            ]
        return tuple(sorted((task_from(row, self.container) for row in rows), key=lambda t: t.created, reverse=True))

    def is_same(self, task: Task) -> bool:
        """Whether a task runs what this one would: the same command of the same image."""
        arn = task.task_definition
        if arn not in self._same:
            with translated("read the task definition of an earlier task"):
                found = self.world.aws.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
            self._same[arn] = self._work(found) == self._work(self.definition)
        return self._same[arn]

    def _work(self, definition: Mapping[str, Any]) -> tuple[Any, ...]:
        own: Mapping[str, Any] = next(
            (row for row in definition["containerDefinitions"] if row["name"] == self.container), {}
        )
        return own.get("image"), own.get("entryPoint") or [], own.get("command") or []

    def start(self) -> Task:
        """Start it; raises Failed when ECS does not take it."""
        self.world.may_change()
        arn, is_copy = self._registered()
        try:
            with translated(f"start a task of {self.definition['family']}"):
                answer = self.world.aws.client("ecs").run_task(**self._run(arn))
        finally:
            if is_copy:
                self._deregister(arn)
        if not answer["tasks"]:
            reasons = ", ".join(row.get("reason", "") for row in answer.get("failures", [])) or "no reason was given"
            raise Failed(f"ECS did not start the task: {reasons}", where=self.definition["family"])
        return task_from(answer["tasks"][0], self.container)

    def _registered(self) -> tuple[str, bool]:
        if arn := self.definition.get("taskDefinitionArn"):
            return str(arn), False
        with translated(f"register a task definition {self.definition['family']}"):
            answer = self.world.aws.client("ecs").register_task_definition(**self.definition)
        return str(answer["taskDefinition"]["taskDefinitionArn"]), True

    def _deregister(self, arn: str) -> None:
        """Best effort: a copy that stays registered costs nothing and is never used again."""
        with suppress(SlipwayError), translated("deregister a task definition"):
            self.world.aws.client("ecs").deregister_task_definition(taskDefinition=arn)

    def _run(self, definition: str) -> dict[str, Any]:
        deployment = self.world.deployment or ""
        network = {
            "subnets": self.outputs["Subnets"].split(","),
            "securityGroups": [self.outputs["SecurityGroup"]],
            "assignPublicIp": self.outputs["AssignPublicIp"],
        }
        return {
            "cluster": self.world.settings.cluster,
            "taskDefinition": definition,
            "launchType": "FARGATE",
            "count": 1,
            "group": f"release:{self.service}",
            "startedBy": deployment,
            "clientToken": hashlib.sha256(f"{deployment} {self.service}".encode()).hexdigest(),
            "networkConfiguration": {"awsvpcConfiguration": network},
        }

    def wait(self, task: Task) -> Task:
        """Wait for its end; raises TimedOut when it was stopped for its time, Cancelled when the user goes."""
        world, timeout = self.world, self.world.settings.service(self.service).release_timeout
        self._say(task)
        begun = looked = time.monotonic()
        last = ""
        while True:
            try:
                task, looked = self._look(task), time.monotonic()
            except Transient:
                if time.monotonic() - looked > LOST_SECONDS:
                    raise
            if has_ended(task):
                return task
            if time.monotonic() - begun >= timeout:
                raise self._timed_out(task, timeout)
            line = f"release command: {task.status.lower()} {self._last_line(task)}".rstrip()
            if line != last:
                world.events.emit("progress", stage="update", service=self.service, text=line)
                last = line
            self._pause(task)

    def _pause(self, task: Task) -> None:
        stopped = self.world.cancelled(0.4 + 0.4 * random.random())
        if self.world.lock is not None and self.world.lock.loss is not None:
            raise self.world.lock.loss
        if stopped:
            raise Cancelled(
                f"stopped; the release command of {self.service} goes on as task {task.id}",
                remedy=f"./poe logs {self.service} --process release -f shows it; the next ./poe deploy waits for it",
            )

    def _say(self, task: Task) -> None:
        self.world.events.emit(
            "notice",
            code="release",
            text=f"{self.service}: release command runs as task {task.id}; "
            f"./poe logs {self.service} --process release -f shows all of its lines",
        )

    def _look(self, task: Task) -> Task:
        with translated(f"look at task {task.id}"):
            rows = self.world.aws.client("ecs").describe_tasks(cluster=self.world.settings.cluster, tasks=[task.id])
        if not rows["tasks"]:
            raise Failed(f"ECS does not know task {task.id} any more", where="release", remedy="run it again")
        return task_from(rows["tasks"][0], self.container)

    def _last_line(self, task: Task) -> str:
        lines = self.log_lines(task, limit=1) if task.status == "RUNNING" else ()
        return lines[-1] if lines else ""

    def log_lines(self, task: Task, *, limit: int = LOG_LINES) -> tuple[str, ...]:
        """Its last lines; none where they cannot be read."""
        return log_lines(self.world.aws, self.container, task, limit=limit, definition=self.definition)

    def _timed_out(self, task: Task, timeout: float) -> TimedOut:
        self.world.may_change()
        reason = f"release_timeout of {timeout} s"
        with translated(f"stop task {task.id}"):
            self.world.aws.client("ecs").stop_task(
                cluster=self.world.settings.cluster, task=task.id, reason=f"Slipway: {reason}"
            )
        end = time.monotonic() + STOP_SECONDS
        while not has_ended(self._look(task)) and time.monotonic() < end:
            if self.world.cancelled(0.5):
                break
        return TimedOut(
            f"the release command of {self.service} did not end within its {reason} and was stopped",
            where="release",
            remedy=f"{self.service} itself was not changed; see above what the command did, raise "
            f"`release_timeout` if it needs longer, then ./poe deploy {self.service} runs it again",
            evidence=self.log_lines(task) or ("it printed nothing",),
        )
