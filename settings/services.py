"""From the rows of `slipway.toml` to services: what the file says, on top of what `deploy-app` found in the source."""

from __future__ import annotations

from typing import Any

from settings import rules
from settings.checks import FILE, missing, short
from settings.errors import SettingsError
from settings.model import GATEWAY, Schedule, Service, Worker
from settings.priorities import assigned

MAX_SERVICES = 100
"""Listener rules of one Application Load Balancer, default quota. Source: Elastic Load Balancing quotas."""
PAIRS = ("environment", "build_args", "secrets")
KINDS: dict[str, type[Worker | Schedule]] = {"workers": Worker, "schedules": Schedule}


def services_of(rows: dict[str, Any]) -> tuple[Service, ...]:
    """The services of checked rows; raises SettingsError where they do not go together."""
    if len(rows) > MAX_SERVICES:
        raise SettingsError(
            f"{len(rows)} services",
            where=f"{FILE}: services",
            remedy=f"one load balancer routes to at most {MAX_SERVICES}",
        )
    layers = {name: layered(row) for name, row in rows.items()}
    _check_gateway(layers.get(GATEWAY, {}))
    behind = {name: row for name, row in layers.items() if name != GATEWAY}
    routes = {name: f"//{row['host']}" if "host" in row else row.get("path", "/") for name, row in behind.items()}
    taken = {routes[name]: row["priority"] for name, row in behind.items() if "priority" in row}
    priorities = assigned(routes.values(), taken)
    numbers = {name: row.get("priority", priorities[routes[name]]) for name, row in behind.items()}
    services = tuple(_service(name, row, numbers.get(name, Service.priority)) for name, row in layers.items())
    others = tuple(service for service in services if service.name != GATEWAY)
    _demand_unique(others, "route", "host" if any(service.host for service in others) else "path")
    _demand_unique(others, "priority", "priority")
    _demand_own_names(services)
    return services


def layered(row: dict[str, Any]) -> dict[str, Any]:
    """A service's row over its `app` table; tables are merged by their keys, everything else is replaced."""
    own = {key: value for key, value in row.items() if key != "app"}
    found: dict[str, Any] = row.get("app", {})
    tables = {key: {**found[key], **own[key]} for key in found.keys() & own.keys() if isinstance(found[key], dict)}
    return {**found, **own, **tables}


def _check_gateway(row: dict[str, Any]) -> None:
    """The gateway is asked first for every path and every host, so it has none of its own."""
    for key in ("path", "host"):
        if row.get(key, "/") != "/":
            raise SettingsError(
                f"the gateway takes every request, not only those for {short(row[key])}",
                where=f"{FILE}: services.{GATEWAY}.{key}",
                remedy="take it out; the services behind the gateway have paths and hosts",
            )
    for key in ("priority", *rules.BEHIND_GATEWAY):
        if key in row:
            raise SettingsError(
                "this is about services behind the gateway, not about the gateway itself",
                where=f"{FILE}: services.{GATEWAY}.{key}",
                remedy="take it out",
            )


def _service(name: str, row: dict[str, Any], priority: int) -> Service:
    key = f"services.{name}"
    if "source" not in row and "repository" not in row:
        raise missing(f"{key}.source", rules.SERVICE["source"].allowed)
    if "host" in row and row.get("path", "/") != "/":
        raise SettingsError(
            "a service is routed to by `host` or by `path`", where=f"{FILE}: {key}.host", remedy="take one of them out"
        )
    values = {"source": ".", **row, "priority": priority}
    for table in PAIRS:
        values[table] = tuple(sorted(row.get(table, {}).items()))
    values["needs"] = tuple(row.get("needs", ()))
    values["bake"] = rules.seconds(row.get("bake", "0s"))
    size = {part: row.get(part, getattr(Service, part)) for part in ("cpu", "memory")}
    for table, kind in KINDS.items():
        values[table] = tuple(
            kind(name=process, **{**size, **one}) for process, one in sorted(row.get(table, {}).items())
        )
    service = Service(name=name, **values)
    _check_together(service, key)
    return service


def _check_together(service: Service, key: str) -> None:
    _check_size(service, key)
    for table in KINDS:
        for process in getattr(service, table):
            _check_size(process, f"{key}.{table}.{process.name}")
    if not service.min <= service.desired <= service.max:
        raise SettingsError(
            f"desired {service.desired} is not between min {service.min} and max {service.max}",
            where=f"{FILE}: {key}.desired",
            remedy=f"use {rules.SERVICE['desired'].allowed}",
        )
    if (service.ref or service.commit) and not service.repository:
        raise missing(f"{key}.repository", rules.SERVICE["repository"].allowed, " beside ref and commit")
    if service.repository and service.source.startswith("/"):
        raise SettingsError(
            f"{short(service.source)} is not allowed beside `repository`",
            where=f"{FILE}: {key}.source",
            remedy="use a folder inside the repository",
        )
    _check_secrets(service, key)


def _check_secrets(service: Service, key: str) -> None:
    both = dict(service.environment).keys() & dict(service.secrets).keys()
    if both:
        raise SettingsError(
            f"{min(both)} is a secret and in `environment`", where=f"{FILE}: {key}.secrets", remedy="keep one of them"
        )
    # ECS refuses a secret that has the name of a variable. Source: ContainerDefinition, secrets.
    ours = [name for name, _ in service.secrets if name == "PORT" or name.startswith("SLIPWAY_")]
    if ours:
        raise SettingsError(
            f"{ours[0]} is a variable that the tool itself sets",
            where=f"{FILE}: {key}.secrets",
            remedy="take another name",
        )


def _check_size(sized: Service | Worker | Schedule, key: str) -> None:
    allowed = rules.FARGATE_MEMORY[sized.cpu]
    if sized.memory not in allowed:
        raise SettingsError(
            f"{sized.memory} MiB do not go with cpu {sized.cpu}",
            where=f"{FILE}: {key}.memory",
            remedy="use one of " + ", ".join(map(str, allowed)),
        )


def _demand_unique(services: tuple[Service, ...], attribute: str, key: str) -> None:
    seen: dict[Any, str] = {}
    for service in services:
        value = getattr(service, attribute)
        if value in seen:
            named = "host" if attribute == "route" and service.host else key if attribute != "route" else "path"
            raise SettingsError(
                f"{short(getattr(service, named))} is also the {named} of {seen[value]}",
                where=f"{FILE}: services.{service.name}.{named}",
                remedy=f"give each service its own {named}",
            )
        seen[value] = service.name


def _demand_own_names(services: tuple[Service, ...]) -> None:
    """Services and their processes share the names of one cluster, and of its log groups."""
    seen = {service.name: f"the service {service.name}" for service in services}
    for service in services:
        names = [(f"workers.{worker.name}", worker.name) for worker in service.workers]
        names += [(f"schedules.{schedule.name}", schedule.name) for schedule in service.schedules]
        if service.release:
            names.insert(0, ("release", "release"))
        for key, process in names:
            full = service.ecs_name(process)
            if full in seen:
                raise SettingsError(
                    f"{full} is also the name of {seen[full]}",
                    where=f"{FILE}: services.{service.name}.{key}",
                    remedy="give it another name",
                )
            seen[full] = f"{process} of {service.name}"
