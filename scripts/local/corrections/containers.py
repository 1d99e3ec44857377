"""Corrections to how ECS tasks become containers: memory, and what is said when they do not start."""

from __future__ import annotations

import math
import platform
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from scripts.local.corrections.upstream import Module, Services

MEBIBYTE = 1024 * 1024
CALM_INTERVAL, START_INTERVAL = 0.5, 0.1
"""Seconds between two looks at a task that was stable already, and at one that starts."""
KILLED = 137
"""Exit code after SIGKILL: 128 and the number of the signal."""
ARCHITECTURES = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}


def limit_memory(service: Services) -> None:
    """A container gets its memory limit, no swap, and the reason OutOfMemoryError when the kernel kills it for it."""
    ecs = service("ecs")
    build, mark_stopped = ecs._build_run_kwargs, ecs._mark_task_stopped

    def build_run_kwargs(definition: Any, task_definition: Any, *arguments: Any, **options: Any) -> Any:
        kwargs = build(definition, task_definition, *arguments, **options)
        limit = int(definition.get("memory") or task_definition.get("memory") or 0) * MEBIBYTE
        return {**kwargs, "mem_limit": limit, "memswap_limit": limit} if limit else kwargs

    def mark_task_stopped(arn: str, task: Any, reason: str, stop_code: str, **options: Any) -> Any:
        if stop_code == "EssentialContainerExited":
            _name_memory_kills(ecs, task)
            reason = "Essential container in task exited"
        return mark_stopped(arn, task, reason, stop_code, **options)

    ecs._build_run_kwargs = build_run_kwargs
    ecs._mark_task_stopped = mark_task_stopped


def _name_memory_kills(ecs: Module, task: Any) -> None:
    from docker.errors import DockerException

    for container, docker_id in zip(task.get("containers") or [], task.get("_docker_ids") or [], strict=False):
        try:
            state = ecs._get_docker().api.inspect_container(docker_id)["State"]
        except (DockerException, OSError):
            continue
        if state.get("OOMKilled"):
            container["reason"] = "OutOfMemoryError: Container killed due to memory usage"


def notice_removed_containers(service: Services) -> None:
    """A container that somebody removed has ended; upstream takes every failing inspection for a lost engine."""
    ecs = service("ecs")
    look = ecs._maybe_mark_stopped

    def maybe_mark_stopped(task: Any, *arguments: Any) -> None:
        if task.get("lastStatus") == "RUNNING" and _is_removed(ecs, list(task.get("_docker_ids") or [])):
            ecs._mark_task_stopped(
                task["taskArn"], task, "Essential container exited", "EssentialContainerExited", exit_code=KILLED
            )
            ecs._cleanup_task_resources(task, ecs._get_docker())
            return
        look(task, *arguments)

    ecs._maybe_mark_stopped = maybe_mark_stopped


def _is_removed(ecs: Module, containers: list[str]) -> bool:
    from docker.errors import DockerException, NotFound

    try:
        for container in containers:
            ecs._get_docker().api.inspect_container(container)
    except NotFound:
        return True
    except (DockerException, OSError):
        return False
    return False


class Census:
    """The containers of this emulator's tasks that run: one question to the engine serves every task's watch."""

    def __init__(self, ask: Callable[[], frozenset[str]], clock: Callable[[], float]) -> None:
        self.ask, self.clock = ask, clock
        self.lock = threading.Lock()
        self.found: frozenset[str] = frozenset()
        self.at = -math.inf

    def running(self, age: float) -> frozenset[str]:
        """Ids, at most so many seconds old."""
        with self.lock:
            if (now := self.clock()) - self.at > age:
                self.found, self.at = self.ask(), now
            return self.found


def watch_calmly(service: Services, clock: Callable[[], float] = time.monotonic) -> None:
    """A task whose containers run, as one listing for all tasks says, is not looked at; a stable one twice a second.

    Upstream inspects every container of every task 20 times a second: on a machine of two cores eight idle tasks cost
    a tenth of a core, and as much in the container engine.
    """
    ecs = service("ecs")
    look, seen = ecs._maybe_mark_stopped, dict[str, float]()
    census = Census(lambda: _running(ecs), clock)

    def maybe_mark_stopped(task: Any, *arguments: Any) -> None:
        arn, now = task.get("taskArn", ""), clock()
        pause = CALM_INTERVAL if task.get("_startup_stable") else START_INTERVAL
        if now - seen.get(arn, 0.0) < pause:
            return
        seen[arn] = now
        containers = set(task.get("_docker_ids") or [])
        if not containers or not containers <= census.running(pause):
            look(task, *arguments)
        if task.get("lastStatus") == "STOPPED":
            seen.pop(arn, None)

    ecs._maybe_mark_stopped = maybe_mark_stopped


def _running(ecs: Module) -> frozenset[str]:
    """None where the engine does not answer: then every task is looked at."""
    from docker.errors import DockerException

    labels = [f"{name}={value}" for name, value in ecs.container_reaper.own_labels("ecs").items()]
    try:
        rows = ecs._get_docker().api.containers(filters={"status": "running", "label": labels})
    except (DockerException, OSError):
        return frozenset()
    return frozenset(row["Id"] for row in rows)


def report_start_errors(service: Services) -> None:
    """A container that the engine cannot start fails with CannotStartContainerError and the engine's own words.

    Upstream always names the platform, takes any start error as a platform it cannot emulate and tries again with the
    same container name, so that the conflict of names hides the error.
    """
    ecs = service("ecs")
    build, fail = ecs._build_run_kwargs, ecs._fail_task_start

    def build_run_kwargs(*arguments: Any, **options: Any) -> Any:
        kwargs = build(*arguments, **options)
        if kwargs.get("platform") == ARCHITECTURES.get(platform.machine()):
            del kwargs["platform"]
        return kwargs

    def fail_task_start(task: Any, docker: Any, reason: str) -> None:
        _remove_unstarted(docker, task["taskArn"])
        fail(task, docker, start_error(reason))

    ecs._build_run_kwargs = build_run_kwargs
    ecs._fail_task_start = fail_task_start


def start_error(reason: str) -> str:
    """The stopped reason in the words of ECS."""
    pull = re.match(r"CannotPullContainerError: .*\(\"(?P<words>[^\n]*)\"\)$", reason)
    if pull:
        return f"CannotPullContainerError: {pull['words']}"
    found = re.search(r"\((\"?(?:failed to create|OCI runtime|invalid mount|exec)[^\n]*)\)", reason)
    if not found:
        return reason
    return "CannotStartContainerError: Error response from daemon: " + found[1].strip('"')


def _remove_unstarted(docker: Any, task: str) -> None:
    from docker.errors import DockerException

    try:
        for left in docker.api.containers(
            all=True, filters={"label": f"com.amazonaws.ecs.task-arn={task}", "status": "created"}
        ):
            docker.api.remove_container(left["Id"], v=True, force=True)
    except (DockerException, OSError):
        # The reaper of MiniStack takes what is left.
        return
