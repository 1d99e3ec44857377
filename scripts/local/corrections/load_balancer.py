"""Corrections to Elastic Load Balancing: targets are checked, and requests go to those that pass.

One thread looks at all target groups a few times a second and starts the checks that are due. `Checker.listeners` are
called after each round: the ECS correction hangs its scheduling on it.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from scripts.local import target_health
from scripts.local.corrections.upstream import Module, Services
from scripts.local.target_health import Outcome, Policy, TargetHealth

TICK = 0.1
CHECK_THREADS = 16


@dataclass(frozen=True)
class Key:
    """One registration of a target."""

    account: str
    group: str
    id: str
    port: int


class Checker:
    """Health of every registered target."""

    def __init__(self, alb: Module) -> None:
        self.alb = alb
        self.health: dict[Key, TargetHealth] = {}
        self.running: set[Key] = set()
        self.listeners: list[Callable[[], None]] = []
        self.pool = ThreadPoolExecutor(CHECK_THREADS, thread_name_prefix="slipway-health")

    def state(self, group: str, target: dict[str, Any]) -> TargetHealth:
        """Health of a target of the request's account."""
        key = self._key(self.alb.get_account_id(), group, target)
        return self.health.get(key, TargetHealth(since=time.monotonic()))

    def _key(self, account: str, group: str, target: dict[str, Any]) -> Key:
        return Key(account, group, str(target["Id"]), int(target.get("Port") or 0))

    def registered(self) -> dict[Key, dict[str, Any]]:
        """Registrations that have health checks, with their target group."""
        groups = {(account, arn): group for (account, _region, arn), group in self.alb._tgs.all_items()}
        return {
            self._key(account, arn, target): groups[account, arn]
            for (account, arn), targets in list(self.alb._targets._data.items())
            if (account, arn) in groups and groups[account, arn].get("TargetType") in ("ip", "instance")
            for target in list(targets)
        }

    def round(self, now: float) -> None:
        """Starts the checks that are due and forgets targets that are no longer registered."""
        registered = self.registered()
        for key in self.health.keys() - registered.keys():
            self.health.pop(key, None)
        for key, group in registered.items():
            health = self.health.setdefault(key, TargetHealth(since=now))
            policy = policy_of(group)
            if key not in self.running and health.due(policy, now):
                self.running.add(key)
                self.pool.submit(self._check, key, group, policy)
        for listener in self.listeners:
            listener()

    def _check(self, key: Key, group: dict[str, Any], policy: Policy) -> None:
        try:
            outcome = check(key.id, policy.port or key.port or int(group.get("Port") or 80), policy)
            health = self.health.get(key)
            if health:
                self.health[key] = health.after(outcome, policy, time.monotonic())
        finally:
            self.running.discard(key)

    def run(self) -> None:
        """Rounds for the life of the process."""
        while True:
            try:
                self.round(time.monotonic())
            except RuntimeError as error:
                # A store changed size while it was copied: the next round sees it whole.
                self.alb.logger.debug("health round: %s", error)
            except Exception:
                self.alb.logger.exception("health round failed")
            time.sleep(TICK)


def policy_of(group: dict[str, Any]) -> Policy:
    """Health check settings of a target group record."""
    port = group.get("HealthCheckPort", "traffic-port")
    return Policy(
        path=group.get("HealthCheckPath") or "/",
        port=None if port == "traffic-port" else int(port),
        protocol=group.get("HealthCheckProtocol") or "HTTP",
        matcher=(group.get("Matcher") or {}).get("HttpCode") or "200",
        interval=float(group.get("HealthCheckIntervalSeconds") or 30),
        timeout=float(group.get("HealthCheckTimeoutSeconds") or 5),
        healthy_threshold=int(group.get("HealthyThresholdCount") or 5),
        unhealthy_threshold=int(group.get("UnhealthyThresholdCount") or 2),
    )


def check(host: str, port: int, policy: Policy) -> Outcome:
    """One check of one target; protocols other than HTTP are checked by connecting."""
    connection = http.client.HTTPConnection(host, port, timeout=policy.timeout)
    try:
        connection.connect()
        if policy.protocol != "HTTP":
            return target_health.PASSED
        connection.request("GET", policy.path, headers={"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"})
        return target_health.answered(policy, connection.getresponse().status)
    except TimeoutError:
        return target_health.NO_ANSWER
    except (OSError, http.client.HTTPException):
        return target_health.NO_CONNECTION
    finally:
        connection.close()


_checkers: dict[str, Checker] = {}


def checker(service: Services) -> Checker:
    """The checker of this process; its thread starts with the first call."""
    if "elb" not in _checkers:
        _checkers["elb"] = Checker(service("alb"))
        threading.Thread(target=_checkers["elb"].run, daemon=True, name="slipway-health").start()
    return _checkers["elb"]


def check_targets(service: Services) -> None:
    """DescribeTargetHealth tells what HTTP health checks found, with the reason codes of AWS."""
    alb, health = service("alb"), checker(service)

    def describe(params: Any) -> Any:
        group = alb._p(params, "TargetGroupArn")
        if group not in alb._tgs:
            return alb._error("TargetGroupNotFound", f"Target group '{group}' not found.")
        wanted = {target["Id"] for target in alb._parse_targets_param(params)}
        members = "".join(
            _member(target, alb._tgs[group], health.state(group, target))
            for target in alb._targets.get(group, [])
            if not wanted or target["Id"] in wanted
        )
        return alb._xml(200, "DescribeTargetHealth", f"<TargetHealthDescriptions>{members}</TargetHealthDescriptions>")

    alb._describe_target_health = describe
    alb._ACTION_MAP["DescribeTargetHealth"] = describe


def _member(target: dict[str, Any], group: dict[str, Any], health: TargetHealth) -> str:
    port = target.get("Port") or group.get("Port", 80)
    detail = f"<State>{health.state}</State>"
    if health.reason:
        detail += f"<Reason>{health.reason}</Reason><Description>{escape(health.description)}</Description>"
    return (
        f"<member><Target><Id>{escape(str(target['Id']))}</Id><Port>{port}</Port></Target>"
        f"<HealthCheckPort>{port}</HealthCheckPort><TargetHealth>{detail}</TargetHealth></member>"
    )


def route_to_healthy_targets(service: Services) -> None:
    """Requests go to healthy targets; to all of them when none is healthy (ELB guide, "fail open")."""
    alb, health = service("alb"), checker(service)
    original = alb._forward_to_tg

    async def forward(group_arn: str, *request: Any) -> Any:
        group, targets = alb._tgs.get(group_arn), alb._targets.get(group_arn, [])
        if not group or not targets or group.get("TargetType") not in ("ip", "instance"):
            return await original(group_arn, *request)
        method, path, headers, body, query, raw_query, raw_path = (*request, None, None)[:7]
        healthy = [target for target in targets if health.state(group_arn, target).state == "healthy"]
        target = random.choice(healthy or targets)
        return await alb._proxy_http_target(target, group, method, raw_path or path, headers, body, query, raw_query)

    alb._forward_to_tg = forward
