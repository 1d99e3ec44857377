"""A plan whose new versions are shifted to, instead of rolled out at once. Pure; refuses where that cannot be."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scripts.engine.errors import Refused
from scripts.engine.model import Action, Path, Plan, ServicePlan
from settings import Settings

WHERE = "--canary, --blue-green"
USUAL_SECONDS = 60


@dataclass(frozen=True)
class Wish:
    """What was asked for."""

    weights: tuple[int, ...]
    """Shares of the requests in percent, rising; the last is 100."""
    seconds: int | None = None
    """How long each is watched; None: as long as the service bakes."""


def shifted(plan: Plan, settings: Settings, wish: Wish) -> Plan:
    """The plan with the shift of every service that gets a new image; raises Refused with the reason."""
    _demand_gateway(settings)
    if plan.path.width > Path.FAST.width:
        raise Refused(
            f"only a new image can be shifted to, but {_widest(plan)}",
            where=WHERE,
            remedy="./poe deploy without it brings that live first",
        )
    return replace(plan, services=tuple(_shifted(service, settings, wish) for service in plan.services))


def _demand_gateway(settings: Settings) -> None:
    if settings.gateway is None:
        remedy = "./poe deploy; docs/gateway.md says how a project gets a gateway"
        raise Refused("there is no service `gateway` that requests could be shifted at", where=WHERE, remedy=remedy)
    if settings.target.ecs_deployment != "rolling":
        raise Refused(
            f"on {settings.target.name} ECS shifts by itself: ecs_deployment is {settings.target.ecs_deployment}",
            where=WHERE,
            remedy="./poe deploy",
        )


def _widest(plan: Plan) -> str:
    found = next((service for service in plan.services if service.path is plan.path), None)
    return f"{found.service}: {found.reason}" if found else plan.reason


def _shifted(service: ServicePlan, settings: Settings, wish: Wish) -> ServicePlan:
    """Where the stack has the tag already there is nothing to shift: a rollout under way is watched to its end."""
    if service.path is not Path.FAST or service.action is not Action.UPDATE:
        return service
    own = settings.service(service.service)
    if own == settings.gateway:
        raise Refused(
            f"the {own.name} is what shifts, so it cannot be shifted itself ({service.reason})",
            where=WHERE,
            remedy=f"./poe deploy {own.name}, then the others with {WHERE.partition(',')[0]}",
        )
    if own.desired == 0:
        raise Refused(f"{own.name} has no tasks", where=WHERE, remedy=f"./poe deploy {own.name}")
    return replace(service, shift=wish.weights, bake=wish.seconds or own.bake or USUAL_SECONDS)
