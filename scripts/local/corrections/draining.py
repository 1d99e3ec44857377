"""Correction to how ECS stops a task: its requests end before its containers do."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

from scripts.local.corrections.upstream import Module, Services

DEFAULT_STOP_TIMEOUT = 30
"""Seconds. Source: Amazon ECS API reference, ContainerDefinition.stopTimeout."""
GATEWAY = "gateway"
SEEN_SECONDS, UNSEEN_SECONDS = 0.1, 2.0
"""The least that a deregistered task is left alone: a request that was routed just before is counted a moment after it.
Requests that come through the gateway are not counted at all; it looks once a second which tasks run, and until then
sends to one that is about to go. ECS says so (DEACTIVATING) before it deregisters a task and stops it. Source: Amazon
ECS developer guide, "Task lifecycle".
"""


class InFlight:
    """Requests that a load balancer has sent to a target and not seen the end of."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count: dict[str, int] = {}

    def change(self, address: str, by: int) -> None:
        """Counts a request in or out."""
        with self.lock:
            left = self.count.get(address, 0) + by
            self.count.pop(address, None)
            if left > 0:
                self.count[address] = left

    def wait_until_idle(self, address: str, seconds: float) -> None:
        """Returns when the target has no request left, or after the given time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.count.get(address):
            time.sleep(0.05)


def drain_before_stop(service: Services) -> None:
    """A deregistered task may finish its requests for the deregistration delay; then it has its stop timeout.

    AWS deregisters the target, lets connections drain, then sends SIGTERM and, after `stopTimeout`, SIGKILL.
    """
    ecs, alb = service("ecs"), service("alb")
    in_flight = InFlight()
    _count_requests(alb, in_flight)
    original = ecs._cleanup_task_resources

    def cleanup(task: Any, docker: Any, extra_container: Any = None) -> None:
        address, delay = ecs._task_ip(task), _deregistration_delay(ecs, alb, task)
        if docker is None or not delay or not address:
            original(task, docker, extra_container)
            return
        ecs.spawn_background(
            _drain,
            in_flight,
            address,
            (min(delay, UNSEEN_SECONDS if has_gateway(ecs, task) else SEEN_SECONDS), delay),
            lambda: original(task, docker, extra_container),
            thread_name="slipway-ecs-drain",
        )

    ecs._cleanup_task_resources = cleanup
    ecs._remove_docker_container = lambda docker, container: _remove(ecs, docker, container)


def _drain(in_flight: InFlight, address: str, seconds: tuple[float, float], stop: Callable[[], None]) -> None:
    least, most = seconds
    time.sleep(least)
    in_flight.wait_until_idle(address, most)
    stop()


def has_gateway(ecs: Module, task: Any) -> bool:
    """Whether other services of the task's cluster are reached through a gateway."""
    cluster = ecs._cluster_name_from_arn(task.get("clusterArn", ""))
    return task.get("group") != f"service:{GATEWAY}" and f"{cluster}/{GATEWAY}" in ecs._services


def _count_requests(alb: Module, in_flight: InFlight) -> None:
    original = alb._proxy_http_target

    async def proxy(target: Any, *arguments: Any, **options: Any) -> Any:
        address = str(target.get("Id", ""))
        in_flight.change(address, +1)
        try:
            status, headers, body = await original(target, *arguments, **options)
        except BaseException:
            in_flight.change(address, -1)
            raise
        if not hasattr(body, "runner"):
            in_flight.change(address, -1)
            return status, headers, body
        return status, headers, type(body)(_counted(body.runner, lambda: in_flight.change(address, -1)))

    alb._proxy_http_target = proxy


def _counted(runner: Callable[..., Any], done: Callable[[], None]) -> Callable[..., Any]:
    async def run(send: Any, receive: Any) -> None:
        try:
            await asyncio.shield(asyncio.ensure_future(runner(send, receive)))
        finally:
            done()

    return run


def _deregistration_delay(ecs: Module, alb: Module, task: Any) -> float:
    group = str(task.get("group", ""))
    cluster = ecs._cluster_name_from_arn(task.get("clusterArn", ""))
    record = ecs._services.get(f"{cluster}/{group.partition(':')[2]}") if group.startswith("service:") else None
    delays = [_delay_of(alb, balancer.get("targetGroupArn")) for balancer in (record or {}).get("loadBalancers") or []]
    return max(delays, default=0.0)


def _delay_of(alb: Module, group: str) -> float:
    for attribute in alb._tg_attrs.get(group) or []:
        if attribute["Key"] == "deregistration_delay.timeout_seconds":
            return float(attribute["Value"])
    return 300.0


def _remove(ecs: Module, docker: Any, container_or_id: Any) -> None:
    if docker is None or container_or_id is None:
        return
    from docker.errors import DockerException

    try:
        container = docker.containers.get(container_or_id) if isinstance(container_or_id, str) else container_or_id
        container.stop(timeout=_stop_timeout(ecs, container.labels or {}))
    except (DockerException, OSError) as error:
        ecs.logger.debug("stopping %s: %s", container_or_id, error)
    try:
        docker.api.remove_container(getattr(container_or_id, "id", container_or_id), v=True, force=True)
    except (DockerException, OSError) as error:
        ecs.logger.debug("removing %s: %s", container_or_id, error)


def _stop_timeout(ecs: Module, labels: dict[str, str]) -> int:
    family = labels.get("com.amazonaws.ecs.task-definition-family", "")
    revision = labels.get("com.amazonaws.ecs.task-definition-version", "")
    definition = ecs._task_defs.get(f"{family}:{revision}") or {}
    for container in definition.get("containerDefinitions") or []:
        if container.get("name") == labels.get("com.amazonaws.ecs.container-name"):
            return int(container.get("stopTimeout") or DEFAULT_STOP_TIMEOUT)
    return DEFAULT_STOP_TIMEOUT
