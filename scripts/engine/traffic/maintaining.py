"""The maintenance switch of a service: the gateway answers in its place."""

from __future__ import annotations

from typing import Any

from scripts.engine.errors import Refused
from scripts.engine.state import read_stack
from scripts.engine.traffic.enforcing import Gateway, Pause
from scripts.engine.world import World

WHERE = "maintenance"


def switch(world: World, service: str, *, on: bool, pause: Pause) -> dict[str, Any]:
    """Switch it and wait until every running task of the gateway does so; raises Refused, TimedOut or Cancelled."""
    settings = world.settings
    if settings.gateway is None:
        remedy = "docs/gateway.md says how a project gets one"
        raise Refused("there is no service `gateway` that could answer", where=WHERE, remedy=remedy)
    if service == settings.gateway.name:
        remedy = "name the services behind it"
        raise Refused("the gateway is what answers meanwhile", where=WHERE, remedy=remedy)
    if not world.connection.exists or read_stack(world.aws, settings, "gateway") is None:
        raise Refused("the gateway is not deployed", where=WHERE, remedy="./poe deploy")
    gateway = Gateway(world.aws, settings)
    item = gateway.store.maintain(service, on=on)
    done = gateway.await_revision(service, item.revision, pause)
    return {"service": service, "on": on, "revision": item.revision, "tasks": done.tasks, "seconds": done.seconds}
