"""The release command: one task of the new image that runs to its end in front of the version it belongs to.

It runs once. A success is remembered in the ledger's table (`pk = release#<service>`, `sk = last`) and not repeated for
the same tag and command. A task that a killed deploy left behind is waited for, never run a second time beside itself.
What is registered, run and waited for is in one_off.py; here is what that means for a deploy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.engine.aws import translated
from scripts.engine.errors import Failed, Refused, SlipwayError
from scripts.engine.items import pack, unpack
from scripts.engine.one_off import OneOff, has_ended, wanted_definition
from scripts.engine.rollout import Task
from scripts.engine.state import read_stack
from scripts.engine.world import World
from settings.model import release_key

LOG_PATIENCE = 4
"""Looks for the lines of a command that failed: they reach the log a moment after its task has stopped."""


@dataclass(frozen=True)
class Release:
    """Run the service's release command with the new image, unless it ran."""

    service: str
    tag: str
    stage = "update"

    def run(self, world: World) -> str:
        world.may_change()
        before = _remembered(world, self.service)
        if before and (before["tag"], before["command"]) == (self.tag, _command(world, self.service)):
            return f"release command: ran in {before['deployment']}"
        one = _one_off(world, self.service, self.tag)
        tasks = one.earlier()
        if done := _finished(one, tasks, float(before["stopped"]) if before else 0.0):
            _remember(world, self, done, done.started_by)
            return f"release command: ran in {done.started_by}"
        task = one.wait(_under_way(world, self.service, one, tasks) or one.start())
        world.release_seconds[self.service] = max(0.0, task.stopped - task.created)
        _demand_success(world, self.service, one, task)
        _remember(world, self, task, task.started_by)
        return "release command: exit code 0"


def _one_off(world: World, service: str, tag: str) -> OneOff:
    stack = read_stack(world.aws, world.settings, release_key(service))
    if stack is None or "TaskDefinition" not in stack.outputs:
        raise Failed(
            f"{service} has no stack for its release command", where="release", remedy=f"./poe deploy {service}"
        )
    return OneOff(
        world, service, stack.outputs, wanted_definition(world.aws, stack, world.settings.image(service, tag))
    )


def _under_way(world: World, service: str, one: OneOff, tasks: Sequence[Task]) -> Task | None:
    """The task of an earlier deploy that runs the same; another image's is neither ended nor run beside."""
    running = [task for task in tasks if not has_ended(task)]
    for task in running:
        if not one.is_same(task):
            raise Refused(
                f"the release command of another version of {service} still runs: task {task.id} of {task.started_by}",
                where="release",
                remedy=f"wait until it has ended (./poe logs {service} --process release -f), or end it: "
                f"aws ecs stop-task --cluster {world.settings.cluster} --task {task.id}",
            )
    return running[0] if running else None


def _finished(one: OneOff, tasks: Sequence[Task], since: float) -> Task | None:
    """A success that nobody remembered, because the deploy that started it was killed."""
    return next((task for task in tasks if _succeeded(task) and task.stopped > since and one.is_same(task)), None)


def _succeeded(task: Task) -> bool:
    """Ended by itself with 0; a task that was stopped from outside may show 0 too."""
    return has_ended(task) and task.stop_code == "EssentialContainerExited" and task.exit_code == 0


def _demand_success(world: World, service: str, one: OneOff, task: Task) -> None:
    if _succeeded(task):
        return
    lines = one.log_lines(task)
    for _ in range(LOG_PATIENCE if task.exit_code is not None else 0):
        if lines or world.cancelled(0.5):
            break
        lines = one.log_lines(task)
    raise Failed(
        f"{service}: {_ending(task)}",
        where="release",
        remedy=f"{service} itself was not changed; correct the command or what it needs, "
        f"then ./poe deploy {service} runs it again",
        evidence=lines or (task.stopped_reason or "no reason was given",),
    )


def _ending(task: Task) -> str:
    reason = " ".join(filter(None, (task.stopped_reason, task.container_reason)))
    if not task.started and task.exit_code is None:
        return f"the release command did not start: {reason}"
    if task.stop_code == "EssentialContainerExited" and task.exit_code is not None:
        return f"the release command ended with exit code {task.exit_code}" + (
            f" ({task.container_reason})" if task.container_reason else ""
        )
    return f"the release command was stopped: {reason}"


def _command(world: World, service: str) -> str:
    return world.settings.service(service).release or ""


def _key(service: str) -> dict[str, Any]:
    return {"pk": f"release#{service}", "sk": "last"}


def _remembered(world: World, service: str) -> dict[str, Any] | None:
    """`tag`, `command`, `deployment` and `stopped` (Unix seconds) of the last success."""
    with translated(f"read which release command of {service} ran"):
        answer = world.aws.client("dynamodb").get_item(
            TableName=world.settings.ledger_table, Key=pack(_key(service)), ConsistentRead=True
        )
    return unpack(answer["Item"]) if "Item" in answer else None


def _remember(world: World, release: Release, task: Task, deployment: str) -> None:
    """Best effort: what is not remembered is found in ECS for an hour, and runs again after that."""
    facts = {"tag": release.tag, "command": _command(world, release.service), "deployment": deployment}
    item = {**_key(release.service), **facts, "task": task.id, "stopped": task.stopped}
    try:
        with translated("remember the release command"):
            world.aws.client("dynamodb").put_item(TableName=world.settings.ledger_table, Item=pack(item))
    except SlipwayError as error:
        world.events.emit("warning", service=release.service, text=f"its release command may run again: {error}")
