"""Stacks that nothing in the settings stands for any more: of a service, or of a release command, that was taken out.

The CDK command line only knows what is synthesised, so CloudFormation is asked to delete them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from scripts.engine.aws import translated
from scripts.engine.errors import Cancelled, Refused
from scripts.engine.model import Stack
from scripts.engine.state import read_stack
from scripts.engine.world import World
from settings import Settings
from settings.model import service_key

WAIT_SECONDS = 900.0
"""A stack is deleted when its tasks have drained and its network interfaces are gone: minutes."""


def leftovers(settings: Settings, stacks: Mapping[str, Stack]) -> dict[str, Stack]:
    """Those of the stacks, by key, that the settings no longer have."""
    return {key: stack for key, stack in stacks.items() if key not in settings.stack_keys}


def services_of(stacks: Mapping[str, Stack]) -> list[str]:
    """Services that have one of the stacks, whether or not the settings know them."""
    return [key.removeprefix(service_key("")) for key in stacks if key.startswith(service_key(""))]


def remove(world: World, stacks: Mapping[str, Stack], tell: Callable[[str], None]) -> None:
    """Delete stacks and wait until they are gone; raises Refused for one that stays."""
    client = world.aws.deployer("cloudformation")
    for stack in stacks.values():
        with translated(f"delete the stack {stack.name}"):
            client.delete_stack(StackName=stack.name)
    end = time.monotonic() + WAIT_SECONDS
    for key, stack in stacks.items():
        while (found := read_stack(world.aws, world.settings, key)) and found.status != "DELETE_COMPLETE":
            tell(f"{stack.name}: {found.status}")
            if found.status == "DELETE_FAILED" or time.monotonic() > end:
                raise Refused(
                    f"{stack.name} is in state {found.status}",
                    where="CloudFormation",
                    remedy="its events there say what it waits for; then run it again",
                )
            if world.cancelled(1.0):
                raise Cancelled("stopped while stacks are deleted", remedy="run it again; it goes on from here")
