"""Stacks that still move: of a deploy that returned at live, of one that runs, or of one that was asked to end."""

from __future__ import annotations

import time
from collections.abc import Sequence

from scripts.engine.errors import Cancelled, Refused, SlipwayError
from scripts.engine.model import Stack
from scripts.engine.state import Listing, read_fences, read_stacks
from scripts.engine.update import cancel_update
from scripts.engine.world import World
from settings import Settings
from settings.model import stack_keys_of


def moving(settings: Settings, listing: Listing, services: Sequence[str]) -> list[Stack]:
    """The stacks of these services, and those below all services, that CloudFormation works on."""
    keys = {*settings.foundation, *(key for name in services for key in stack_keys_of(settings.service(name)))}
    return [stack for key, stack in listing[0].items() if key in keys and stack.is_moving]


def settled(world: World, listing: Listing | None, services: Sequence[str]) -> Listing:
    """The stacks, once none that a deploy of these services touches moves any more.

    A stack may still be moving from the deploy before, which returned as soon as its version was live, or was asked to
    end: then its update is cancelled. `listing` is what was found a moment ago.
    """
    end = time.monotonic() + world.settings.target.rollout_timeout
    found, told = listing or read_stacks(world.aws, world.settings), False
    while left := moving(world.settings, found, services):
        if not told:
            text = f"waiting for {', '.join(stack.name for stack in left)} to settle"
            world.events.emit("notice", code="settling", text=text)
            _cancel_updates(world, left)
            told = True
        if time.monotonic() > end:
            raise Refused(
                f"{left[0].name} is still being changed", where="CloudFormation", remedy="wait, then run again"
            )
        if world.cancelled(1.0):
            raise Cancelled("stopped while waiting", remedy="nothing was changed")
        found = read_stacks(world.aws, world.settings)
    return found


def _cancel_updates(world: World, stacks: Sequence[Stack]) -> None:
    """Of the deploy that was asked to end; what cannot be cancelled is waited for."""
    if world.lock is None or not (world.manners.supersede and world.lock.waited):
        return
    for stack in stacks:
        if stack.image_tag and stack.status == "UPDATE_IN_PROGRESS":
            world.may_change()
            try:
                cancel_update(world.aws, stack)
            except SlipwayError as error:
                world.events.emit("warning", service=None, text=f"{error}; waiting for {stack.name} instead")


def is_taken(world: World, services: Sequence[str]) -> bool:
    """Whether somebody holds the lock of one of these services."""
    return world.has_ledger and None in read_fences(world.aws, world.settings, list(services)).values()
