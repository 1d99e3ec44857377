"""The steps of a plan: small frozen values, each idempotent, so that a killed deploy converges when run again.

`Release` is one too, in release.py; schedule.py puts them in order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from scripts.engine.bake import bake
from scripts.engine.layers import Layers
from scripts.engine.update import force_deployment, update_tag
from scripts.engine.verdict import prove, see_through
from scripts.engine.world import World
from settings.model import release_key, service_key

LOOK_SECONDS = 0.1


class Step(Protocol):
    """One action of a plan."""

    @property
    def stage(self) -> str:
        """The stage that it belongs to."""

    @property
    def service(self) -> str | None:
        """The service that it is about; None for all."""

    def run(self, world: World) -> str:
        """Do it and say in a few words what was done."""


@dataclass(frozen=True)
class Build:
    """Build the image under its tag, unless the engine holds that tag already."""

    service: str
    tag: str
    stage = "build"

    def run(self, world: World) -> str:
        reference = world.settings.image(self.service, self.tag)
        if world.images.has(reference):
            world.remember_cache(self.service, image="engine")
            return f"{self.tag} was built before"
        layers = Layers(_teller(world, self.stage, self.service))
        world.images.build(world.settings.service(self.service), world.contexts[self.service], reference, layers)
        world.remember_cache(self.service, image="built", **layers.counts())
        return self.tag


@dataclass(frozen=True)
class Push:
    """Push the tag and read its digest back."""

    service: str
    tag: str
    stage = "push"

    def run(self, world: World) -> str:
        world.may_change()
        pushed = world.images.push(world.settings.service(self.service), self.tag)
        world.digests[self.service] = pushed.digest
        world.pushed_bytes += pushed.size
        layers = f"{pushed.layers} layer{'s'[: pushed.layers != 1]}"
        return f"{layers}, {amount(pushed.size)}"


@dataclass(frozen=True)
class BootstrapToolkit:
    """`cdk bootstrap` of the account and region."""

    stage = "update"
    service = None

    def run(self, world: World) -> str:
        world.may_change()
        world.cdk.bootstrap(_teller(world, self.stage, None))
        return "cdk bootstrap"


@dataclass(frozen=True)
class Synthesize:
    """Make the templates; `inline` are (service, tag) whose image the CDK publishes."""

    inline: tuple[tuple[str, str], ...] = ()
    stage = "update"
    service = None

    def run(self, world: World) -> str:
        world.cdk.synth(dict(self.inline))
        left_out = world.cdk.left_out()
        if left_out:
            world.events.emit(
                "notice",
                code="left_out",
                types=left_out,
                text="not known to this target, left out: " + ", ".join(left_out),
            )
        return "synthesis"


@dataclass(frozen=True)
class DeployStacks:
    """`cdk deploy` of stack keys, with the image tag of every service among them."""

    stacks: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]
    stage = "update"
    service = None

    def run(self, world: World) -> str:
        world.may_change()
        names = [world.settings.stack_name(key) for key in self.stacks]
        keys = {key: tag for service, tag in self.tags for key in (release_key(service), service_key(service))}
        tags = {world.settings.stack_name(key): tag for key, tag in keys.items() if key in self.stacks}
        world.updating = True
        world.cdk.deploy(names, tags, _teller(world, self.stage, None))
        return f"{len(names)} stack{'s'[: len(names) != 1]}"


@dataclass(frozen=True)
class UpdateTag:
    """Give the service's stack the new ImageTag: no synthesis, no Node."""

    service: str
    tag: str
    stage = "update"

    def run(self, world: World) -> str:
        world.may_change()
        stack = world.state.stacks[service_key(self.service)]
        if update_tag(world.aws, stack, self.tag):
            return f"ImageTag {self.tag}"
        force_deployment(world.aws, world.settings, self.service)
        return "new ECS deployment"


@dataclass(frozen=True)
class Reassert:
    """A new ECS deployment of what the stack already wants."""

    service: str
    stage = "update"

    def run(self, world: World) -> str:
        world.may_change()
        force_deployment(world.aws, world.settings, self.service)
        return "new ECS deployment"


@dataclass(frozen=True)
class Rollout:
    """Watch until the new version is live, or until it is certain that it is not."""

    service: str
    tag: str
    certain: bool
    stage = "rollout"

    def run(self, world: World) -> str:
        return see_through(world, self.service, self.tag, certain=self.certain)


@dataclass(frozen=True)
class Verify:
    """Ask the service through the load balancer; `after` the gateway, where that is rolled out in the same deploy."""

    service: str
    tag: str
    after: str = ""
    stage = "verify"

    def run(self, world: World) -> str:
        while self.after and self.after not in world.settled and not world.cancelled(LOOK_SECONDS):
            pass
        text = prove(world, self.service)
        world.proven.add(self.service)
        world.settled.add(self.service)
        return text


@dataclass(frozen=True)
class Bake:
    """Watch the live version for a while, and go back when it turns bad."""

    service: str
    tag: str
    seconds: int
    stage = "verify"

    def run(self, world: World) -> str:
        return bake(world, self.service, self.tag, self.seconds)


Lane = tuple[Step, ...]
Phase = tuple[Lane, ...]


def amount(size: int) -> str:
    """Bytes for people."""
    value = float(size)
    for unit in ("B", "KB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def _teller(world: World, stage: str, service: str | None) -> Callable[[str], None]:
    def tell(line: str) -> None:
        world.events.emit("progress", stage=stage, service=service, text=line[:300])

    return tell


def facts_of(step: Step) -> dict[str, Any]:
    """A step as plain data, for dry runs."""
    own = {name: getattr(step, name) for name in getattr(step, "__dataclass_fields__", {})}
    return {"step": type(step).__name__, "stage": step.stage, **own}
