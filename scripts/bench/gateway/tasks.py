"""The gateway's running tasks, asked one by one, past the load balancer; and what of ECS there is to be touched."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Mapping
from typing import Any

from scripts.bench.site import Site
from scripts.engine.errors import Failed
from settings.model import GATEWAY

PAUSE = 0.02
TIMEOUT = 5


def addresses(site: Site, service: str = GATEWAY) -> list[str]:
    """`host:port` of each running task of a service; raises Failed where there is none."""
    ecs, cluster = site.aws().client("ecs"), site.settings.cluster
    arns = ecs.list_tasks(cluster=cluster, serviceName=service, desiredStatus="RUNNING")["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
    port = site.settings.service(service).port
    found = [f"{address}:{port}" for task in tasks for address in _addresses(task)]
    if not found or len(found) != len(arns):
        raise Failed(f"{len(found)} of {len(arns)} tasks have an address", where=f"bench, {service}")
    return sorted(found)


def status(address: str, path: str, headers: Mapping[str, str] | None = None) -> int:
    """Status of an answer; 0 when there is none."""
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def await_status(addresses: list[str], path: str, wanted: int, seconds: float) -> float:
    """Seconds until every task answers so; raises Failed."""
    began = time.monotonic()
    for address in addresses:
        while (seen := status(address, path)) != wanted:
            if time.monotonic() - began > seconds:
                raise Failed(f"{path} answers {seen}, not {wanted}", where=f"bench, gateway task {address}")
            time.sleep(PAUSE)
    return time.monotonic() - began


def footprint(site: Site) -> dict[str, Any]:
    """What a change that leaves ECS alone leaves as it is: stacks, deployments of services, tasks."""
    aws, cluster = site.aws(), site.settings.cluster
    stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    found: dict[str, Any] = {row["StackName"]: (row["StackStatus"], row.get("LastUpdatedTime")) for row in stacks}
    ecs = aws.client("ecs")
    names = [name for service in site.settings.services for name in service.ecs_names]
    for row in ecs.describe_services(cluster=cluster, services=names)["services"]:
        found[row["serviceName"]] = (row["taskDefinition"], row["desiredCount"], [d["id"] for d in row["deployments"]])
    found["tasks"] = sorted(ecs.list_tasks(cluster=cluster)["taskArns"])
    return found


def _addresses(task: Mapping[str, Any]) -> Iterator[str]:
    for attachment in task.get("attachments", ()):
        for detail in attachment.get("details", ()):
            if detail.get("name") == "privateIPv4Address":
                yield detail["value"]
