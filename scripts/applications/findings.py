"""From an analyzed service to the `app` table of its section; pure. What `.slipway.toml` states the analyzer put in
front already, so nothing is weighed here: values are only brought into the form that slipway.toml has."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.applications.schedules import expression
from scripts.engine.declared import process_name
from scripts.engine.dockerfiles import DEFAULT
from scripts.engine.errors import BadInput
from settings import Service as Settled

if TYPE_CHECKING:
    from analyzer.model import Process, Service

SERVED = ("web", "static")
"""Kinds that a load balancer can route to."""
STATED = ("environment", "secrets")


@dataclass(frozen=True)
class Findings:
    """What is recorded, and what a person should know."""

    context: str
    """Folder that the image is built from, relative to the analyzed tree."""
    row: dict[str, Any]
    warnings: tuple[str, ...] = ()


def findings(service: Service) -> Findings:
    """The `app` table of a service; raises BadInput for one that cannot be served."""
    check_served(service)
    stated: Mapping[str, Any] = service.details.get("settings", {})
    warnings = []
    health_path = service.value("health_path")
    if health_path is None:
        health_path = "/"
        warnings.append("no health path was found, so / is asked: say `health_path` in .slipway.toml")
    row: dict[str, Any] = {"port": service.value("port"), "health_path": health_path, **_build(service)}
    if service.size:
        row |= {"cpu": service.size.cpu, "memory": service.size.memory}
    row |= _tasks(stated)
    row |= {name: dict(stated[name]) for name in STATED if stated.get(name)}
    row["needs"] = [backing.engine for backing in service.backing]
    row |= _processes(service)
    kept = {key: value for key, value in row.items() if value not in (None, [], {})}
    return Findings(service.context, kept, tuple(warnings))


def check_served(service: Service) -> None:
    """Raises BadInput for what answers no requests, or cannot be told to."""
    kind, where = service.value("kind"), f"analyze {service.root}"
    if kind in SERVED or (service.dockerfile and kind in (None, "command")):
        return
    if kind is None:
        missing = service.fields["kind"].missing
        raise BadInput(
            "cannot tell what this is and how it starts",
            where=where,
            remedy=missing or "say `start` and `port` in .slipway.toml, or write a Dockerfile",
        )
    remedy = "say how its web process starts in .slipway.toml: [processes.web] command"
    raise BadInput(f"it is a {kind}, and nothing in it answers HTTP requests", where=where, remedy=remedy)


def _build(service: Service) -> dict[str, str]:
    """The service's own folder and its Dockerfile, relative to the build context."""
    folder = posixpath.relpath(service.root, service.context)
    found = {"folder": folder} if folder != "." else {}
    if service.dockerfile:
        path = posixpath.relpath(service.dockerfile, service.context)
        if path != DEFAULT:
            found["dockerfile"] = path
        elif found:  # beside `folder` the default stands for a generated one
            found["dockerfile"] = f"./{DEFAULT}"
    return found


def _tasks(stated: Mapping[str, Any]) -> dict[str, int]:
    """Numbers of tasks that go together; those that were not stated follow the ones that were."""
    given = {key: int(stated[key]) for key in ("min", "desired", "max") if key in stated}
    if not given:
        return {}
    low = given.get("min", min(Settled.min, *given.values()))
    high = given.get("max", max(Settled.max, *given.values()))
    desired = given.get("desired", min(max(Settled.desired, low), high))
    return {"desired": desired, "min": low, "max": high}


def _processes(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = {}
    workers = {process_name(one.name): {"command": _line(one)} for one in _of_kind(service, "worker")}
    schedules = {
        process_name(one.name): {
            "command": _line(one),
            "schedule": expression(one.schedule or "", f"processes.{one.name}"),
        }
        for one in _of_kind(service, "scheduled")
    }
    releases = [_line(one) for one in _of_kind(service, "release")]
    if releases:
        found["release"] = " && ".join(releases)
    return {**found, "workers": workers, "schedules": schedules}


def _of_kind(service: Service, kind: str) -> list[Process]:
    return [process for process in service.processes if process.kind == kind]


def _line(process: Process) -> str:
    """The command on one line: a shell takes a line break for the end of a command."""
    return " && ".join(line.strip() for line in process.command.splitlines() if line.strip())
