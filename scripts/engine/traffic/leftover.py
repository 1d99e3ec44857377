"""A second version that a killed deploy left: all requests to the main version, then it is taken away."""

from __future__ import annotations

from collections.abc import Iterable

from scripts.engine.traffic.enforcing import Gateway, Pause, undisturbed
from scripts.engine.traffic.second import Second
from scripts.engine.world import World


def retire(world: World, service: str, *, delay: float, pause: Pause = undisturbed) -> str:
    """Take it away; `delay` are the seconds that requests under way get. Safe to run again."""
    gateway = Gateway(world.aws, world.settings)
    item = gateway.store.read(service)
    if item.holder or item.next:
        world.may_change()
        given_up = gateway.store.release(service)
        assert given_up is not None, "it has no condition"
        gateway.await_revision(service, given_up.revision, pause)
        if item.next:
            pause(delay)
    world.may_change()
    was_there = Second(world.aws, world.settings, service).retire()
    return "second version retired" if was_there else "no second version is left"


def retire_before_removal(world: World, services: Iterable[str]) -> None:
    """Take second versions away that would keep what they use from being deleted; the gateway stays as it is."""
    if world.connection.exists and world.settings.gateway:
        for service in services:
            Second(world.aws, world.settings, service).retire()
