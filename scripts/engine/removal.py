"""Takes a service away: its stacks, its section in slipway.toml, its image repository. Every step asks what is there.

So a removal that was killed goes on where it ended, also for a service that slipway.toml no longer names. The
repository goes last: while the service's tasks run, their image has to be there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from scripts.engine import leftovers
from scripts.engine.aws import translated
from scripts.engine.cdk import Cdk
from scripts.engine.errors import BadInput, Refused, SlipwayError
from scripts.engine.ledger import Ledger, actor
from scripts.engine.masking import masked
from scripts.engine.model import Stack, Verdict
from scripts.engine.outcome import verdict_of
from scripts.engine.state import checked_stacks
from scripts.engine.stats import REMOVAL
from scripts.engine.traffic.leftover import retire_before_removal
from scripts.engine.turns import locked
from scripts.engine.world import World
from settings import Settings
from settings.model import GATEWAY, release_key, service_key

PATH = "remove"
"""What the record of a removal has in place of a deploy's path."""


@dataclass(frozen=True)
class Removal:
    """What goes."""

    service: str
    stacks: Mapping[str, Stack]
    """By their keys."""
    images: int | None
    """None: there is no repository."""
    is_known: bool
    """Whether slipway.toml has a section of it."""

    @property
    def is_nothing(self) -> bool:
        """Whether nothing of it is left."""
        return not self.stacks and self.images is None and not self.is_known

    @property
    def parts(self) -> tuple[str, ...]:
        """What goes, for people."""
        images = None if self.images is None else f"{self.images} image{'s'[: self.images != 1]} and their repository"
        section = f"[services.{self.service}] in slipway.toml" if self.is_known else None
        return tuple(filter(None, (*(f"stack {stack.name}" for stack in self.stacks.values()), images, section)))


def look(world: World, service: str) -> Removal:
    """What there is of a service; raises BadInput for one that was never here, Refused for the last one."""
    settings = world.settings
    known = [one.name for one in settings.services]
    stacks, bootstrapped = checked_stacks(world.aws, settings)
    world.state = replace(world.state, stacks=stacks, bootstrapped=bootstrapped)
    world.has_ledger = "ledger" in stacks
    own = {key: stacks[key] for key in (service_key(service), release_key(service)) if key in stacks}
    found = Removal(service, own, _images(world, service), service in known)
    if found.is_nothing:
        raise BadInput(f"there is no service {service!r}", where="NAME", remedy="services: " + ", ".join(known))
    if known == [service]:
        raise Refused("it is the last service", where="remove-app", remedy="./poe destroy removes everything")
    if service == GATEWAY and found.is_known:
        raise Refused("all other services are reached through it", where="remove-app", remedy="remove them first")
    return found


def remove(world: World, found: Removal, forget: Callable[[], Settings]) -> None:
    """Take it away; `forget` takes the section out of slipway.toml and answers the settings without it."""
    with _recorded(world, found):
        if found.stacks:
            with world.events.stage("update", found.service) as told:
                world.may_change()
                retire_before_removal(world, [found.service])
                leftovers.remove(world, found.stacks, _teller(world))
                told["text"] = f"{len(found.stacks)} stack{'s'[: len(found.stacks) != 1]} removed"
        world.may_change()
        settings = forget()
        if found.images is not None:
            with world.events.stage("update") as told:
                _forget_images(world, settings)
                told["text"] = f"{found.images} image{'s'[: found.images != 1]} removed"


def _images(world: World, service: str) -> int | None:
    if not world.connection.exists:
        return None
    ecr = world.aws.client("ecr")
    with translated(f"look at the images of {service}"):
        try:
            pages = ecr.get_paginator("list_images").paginate(repositoryName=world.settings.repository(service))
            return len({row["imageDigest"] for page in pages for row in page["imageIds"]})
        except ecr.exceptions.RepositoryNotFoundException:
            return None


def _forget_images(world: World, settings: Settings) -> None:
    """Deploy the registry as it is without the service; its repository goes with all images."""
    world.may_change()
    settings = replace(settings, target=world.settings.target)
    cdk = Cdk(settings, world.connection, world.shell)
    cdk.synth({})
    cdk.deploy([settings.stack_name("registry")], {}, _teller(world))


def _teller(world: World) -> Callable[[str], None]:
    return lambda line: world.events.emit("progress", stage="update", service=None, text=line[:300])


@contextmanager
def _recorded(world: World, found: Removal) -> Iterator[None]:
    """Hold the service's lock and write the ledger; a target without a ledger has neither."""
    with locked(world, [found.service], "it is being removed") as lock:
        if lock is None:
            yield
            return
        ledger = Ledger(world.aws, world.settings, lock.deployment)
        world.deployment = ledger.id
        started = round(time.time() - world.events.seconds, 3)
        facts = _facts(world, found, started, None)
        ledger.open(facts)
        world.events.emit(
            "start",
            deployment=ledger.id,
            action="remove",
            actor=facts["actor"],
            commit=None,
            path=PATH,
            reason=facts["reason"],
            services={found.service: {"path": PATH}},
        )
        try:
            yield
        except SlipwayError as error:
            ledger.close({**_facts(world, found, started, verdict_of(error)), "error": masked(str(error))})
            raise
        ledger.close(_facts(world, found, started, Verdict.REMOVED))


def _facts(world: World, found: Removal, started: float, verdict: Verdict | None) -> dict[str, Any]:
    ended = {"seconds": round(world.events.seconds, 3), "stages": world.events.stages} if verdict else {}
    reason = f"removed: {', '.join(found.parts)}"
    own = {"path": PATH, "reason": reason, "verdict": str(verdict or "running")}
    return {
        "kind": REMOVAL,
        "target": world.settings.target.name,
        "actor": actor(),
        "started": started,
        "path": PATH,
        "reason": reason,
        "services": {found.service: own},
        **({"verdict": str(verdict)} if verdict else {}),
        **ended,
    }
