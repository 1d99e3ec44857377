"""What there is to route to: services from SSM parameters, their running tasks from ECS."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any, Protocol

from agent import log
from agent.reading import Unreadable
from agent.services import BadService, Service, parse

AT_ONCE = 100
"""Tasks that one call describes. Source: DescribeTasks API."""
MOST_PAGES = 200
"""Of a listing; one that does not end is not believed."""

Json = dict[str, Any]
Addresses = dict[str, frozenset[str]]


class Api(Protocol):
    """Who answers calls of a service."""

    def call(self, operation: str, request: Json) -> Json:
        """The answer; raises OSError."""


def parameters(ssm: Api, path: str) -> dict[str, str]:
    """All parameters below a path, by the rest of their names. Raises OSError."""
    request = {"Path": path, "Recursive": True, "MaxResults": 10}
    try:
        rows = [row for page in _pages(ssm, "GetParametersByPath", request, "NextToken") for row in page["Parameters"]]
        return {row["Name"].removeprefix(f"{path}/"): str(row["Value"]) for row in rows}
    except (KeyError, TypeError, AttributeError) as error:
        raise _odd("GetParametersByPath", error) from None


def services(found: dict[str, str]) -> list[Service]:
    """Those of the parameters that say a service; two for one path or host: the first by name."""
    taken: dict[tuple[str, str], Service] = {}
    for name in sorted(name for name in found if name.startswith("services/")):
        try:
            service = parse(name.removeprefix("services/"), found[name])
        except BadService as error:
            log.say("a service is left out", error=str(error))
            continue
        taken.setdefault((service.host, service.path), service)
    return list(taken.values())


def addresses(ecs: Api, cluster: str) -> Addresses:
    """Service -> private IPv4 addresses of its running tasks. Raises OSError."""
    try:
        return _addresses(ecs, cluster)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _odd("tasks", error) from None


def _addresses(ecs: Api, cluster: str) -> Addresses:
    request = {"cluster": cluster, "desiredStatus": "RUNNING"}
    arns = [arn for page in _pages(ecs, "ListTasks", request, "nextToken") for arn in page["taskArns"]]
    found: dict[str, set[str]] = {}
    for at in range(0, len(arns), AT_ONCE):
        answer = ecs.call("DescribeTasks", {"cluster": cluster, "tasks": arns[at : at + AT_ONCE]})
        for task in answer.get("tasks", ()):
            kind, _, name = str(task.get("group", "")).partition(":")
            if kind == "service" and task.get("lastStatus") == "RUNNING":
                found.setdefault(name, set()).update(_addresses_of(task))
    return {name: frozenset(those) for name, those in found.items()}


def _addresses_of(task: Json) -> Iterator[str]:
    for attachment in task.get("attachments", ()):
        for detail in attachment.get("details", ()):
            if detail.get("name") == "privateIPv4Address":
                yield str(IPv4Address(detail["value"]))


def _pages(api: Api, operation: str, request: Json, token: str) -> Iterator[Json]:
    page = api.call(operation, request)
    yield page
    for _ in range(MOST_PAGES):
        if not page.get(token):
            return
        page = api.call(operation, {**request, token: page[token]})
        yield page
    raise Unreadable(f"{operation}: more than {MOST_PAGES} pages")


def _odd(what: str, error: Exception) -> Unreadable:
    return Unreadable(f"{what}: an answer of another shape: {type(error).__name__} {error}")
