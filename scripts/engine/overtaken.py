"""A rollback that somebody was faster than: it must not go back from what came meanwhile."""

from __future__ import annotations

from dataclasses import replace

from scripts.engine.errors import Refused
from scripts.engine.history import newest_live
from scripts.engine.model import Plan, Verdict
from scripts.engine.outcome import Outcome
from scripts.engine.state import Listing, read_stacks, service_stack
from scripts.engine.world import World
from settings.model import service_key


def refuse_what_was_overtaken(world: World, before: Listing, plan: Plan) -> None:
    """Who waited for another one's deploy meant the version before that; "previous" would now be something else.

    Its stack may have held the new tag when we came, so what became live since it took the lock counts too.
    """
    since = world.lock.waited_for if world.lock else ""
    for service in plan.services:
        stack, live = (
            before[0].get(service_key(service.service)),
            newest_live(world.aws, world.settings, service.service),
        )
        tag = stack.image_tag if stack else None
        if tag != service.previous_tag or (since and live and live["id"] >= since):
            raise changed_meanwhile(service.service, tag if tag != service.previous_tag else None)


def overtaken(world: World, plan: Plan) -> Outcome | None:
    """Between looking and the lock somebody else may have changed what this plan starts from."""
    stacks, _ = read_stacks(world.aws, world.settings)
    now = replace(world.state, stacks=stacks)
    for service in plan.changed:
        stack = service_stack(now, service.service)
        if stack is None or stack.image_tag != service.previous_tag:
            return Outcome(Verdict.FAILED, plan, {"": changed_meanwhile(service.service, service.previous_tag)})
    return None


def changed_meanwhile(service: str, tag: str | None) -> Refused:
    """The refusal; `tag` is what the service had when we came, where it has another now."""
    text = f"it does not have {tag} any more" if tag else "another version became live while this command waited"
    return Refused(
        f"{service} was changed meanwhile: {text}",
        where="rollback",
        remedy="./poe history tells by whom; run the command again if that is still wanted",
    )
