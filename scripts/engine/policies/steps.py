"""The steps of a plan that concern policies: compiled before anything is changed, live after what they rule over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from scripts.engine.errors import Failed
from scripts.engine.ledger import actor
from scripts.engine.policies.bundle import compile_folder
from scripts.engine.policies.publishing import Publisher
from scripts.engine.verify import answers, ask
from scripts.engine.world import World

PROBE = "/.gateway/policy/"
PROOF_SECONDS = 10.0


def publisher(world: World) -> Publisher:
    """Publishes for this deploy."""
    return Publisher(world.aws, world.settings, actor(), world.cancelled)


@dataclass(frozen=True)
class CompilePolicies:
    """Compile the policies and have the real Envoy check them."""

    service: str
    stage = "build"

    def run(self, world: World) -> str:
        from scripts.engine.policies.validation import validate

        bundle = compile_folder(world.settings)
        validate(world.shell, bundle)
        world.bundle = bundle
        return f"{bundle.version}, {len(bundle.ids)} polic{'y' if len(bundle.ids) == 1 else 'ies'}"


@dataclass(frozen=True)
class PublishPolicies:
    """Store the version, make it live, wait until every running gateway task enforces it."""

    service: str
    stage = "update"

    def run(self, world: World) -> str:
        assert world.bundle is not None, "they were compiled before anything was changed"
        world.may_change()
        done = publisher(world).publish(world.bundle)
        return f"{done.version} enforced by {done.tasks} task{'s'[: done.tasks != 1]}"


@dataclass(frozen=True)
class ProvePolicies:
    """Ask through the load balancer for the path that this version alone permits."""

    service: str
    stage = "verify"

    def run(self, world: World) -> str:
        assert world.bundle is not None, "they were compiled before anything was changed"
        if world.load_balancer is None or world.settings.service(self.service).desired == 0:
            return "no tasks wanted, nothing to ask"
        url = world.urls[self.service].rstrip("/") + PROBE + world.bundle.version
        proof = answers(
            url, timeout=PROOF_SECONDS, cancelled=world.cancelled, get=partial(ask, via=world.load_balancer)
        )
        if proof.good:
            return proof.text
        raise Failed(
            f"{world.bundle.version} is not enforced through the load balancer: {proof.text}",
            where="verify",
            remedy="./poe policies shows what each task enforces; ./poe rollback-policies goes back",
        )
