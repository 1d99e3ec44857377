"""From a plan to its steps in order: what has to succeed as a whole first, then every service by itself."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.engine.model import Action, Path, Plan, ServicePlan
from scripts.engine.release import Release
from scripts.engine.steps import (
    Bake,
    BootstrapToolkit,
    Build,
    DeployStacks,
    Lane,
    Phase,
    Push,
    Reassert,
    Rollout,
    Synthesize,
    UpdateTag,
    Verify,
)
from settings.model import GATEWAY, service_key


@dataclass(frozen=True)
class Schedule:
    """A plan in order: phases that all have to succeed, then every service's own rollout. Lanes run side by side."""

    before: tuple[Phase, ...] = ()
    rolling: Phase = ()


def schedule(plan: Plan) -> Schedule:
    """The steps of a plan."""
    if plan.path is Path.NONE:
        return Schedule()
    gateway = next((s.service for s in plan.changed if s.service == GATEWAY and _is_rolled(s)), "")
    # First among the lanes, since the others wait for it and only so many run at a time.
    ordered = sorted(plan.changed, key=lambda service: service.service != gateway)
    rolling = tuple(_rolling(service, plan.path, gateway) for service in ordered)
    if plan.path.width <= Path.FAST.width:
        return Schedule((_images(plan),), rolling)
    rolled = [service for service in plan.changed if service.path is not Path.POLICY]
    inline = tuple((s.service, _tag(s)) for s in rolled if s.inline)
    tags = tuple((s.service, _tag(s)) for s in rolled)
    cloud: Lane = (*((BootstrapToolkit(),) if plan.bootstrap_toolkit else ()), Synthesize(inline))
    return Schedule(((*_images(plan), cloud), *_deployed(plan, tags)), rolling)


def _is_rolled(service: ServicePlan) -> bool:
    return service.path is not Path.POLICY and service.action is not Action.RETIRE


def _deployed(plan: Plan, tags: tuple[tuple[str, str], ...]) -> tuple[Phase, ...]:
    """One `cdk deploy`; two where release commands run between what they need and the services."""
    releases: Phase = tuple((Release(s.service, _tag(s)),) for s in plan.changed if s.release)
    first = tuple(key for key in plan.stacks if not key.startswith(service_key("")))
    if not releases or not first:
        return (*((releases,) if releases else ()), ((DeployStacks(plan.stacks, tags),),))
    return ((DeployStacks(first, tags),),), releases, ((DeployStacks(plan.stacks[len(first) :], tags),),)


def _images(plan: Plan) -> Phase:
    lanes: list[Lane] = []
    for service in plan.changed:
        if service.policies:
            lanes.append(_policies(service)[0])
        if service.build and service.path is not Path.POLICY:
            build = Build(service.service, _tag(service))
            lanes.append((build,) if service.inline else (build, Push(service.service, _tag(service))))
    return tuple(lanes)


def _policies(service: ServicePlan) -> tuple[Lane, Lane]:
    """What is done about policies before anything is changed, and in the end."""
    from scripts.engine.policies.steps import CompilePolicies, ProvePolicies, PublishPolicies

    name = service.service
    return (CompilePolicies(name),), (PublishPolicies(name), ProvePolicies(name))


def _rolling(service: ServicePlan, path: Path, gateway: str) -> Lane:
    published: Lane = _policies(service)[1] if service.policies else ()
    if service.path is Path.POLICY:
        return published
    return (*_rolled(service, path, "" if service.service == gateway else gateway), *published)


def _rolled(service: ServicePlan, path: Path, gateway: str) -> Lane:
    if service.action is Action.RETIRE:
        return _retired(service)
    if service.shift:
        return _shifted(service, gateway)
    return (*_retired(service), *_rolled_at_once(service, path, gateway))


def _retired(service: ServicePlan) -> Lane:
    from scripts.engine.traffic.steps import RetireSecond

    return (RetireSecond(service.service),) if service.leftover else ()


def _shifted(service: ServicePlan, gateway: str) -> Lane:
    """All requests are on the second version while the main one is rolled; a second one that is left is used."""
    from scripts.engine.traffic.steps import FinishShift, ShiftTraffic, StartSecond

    name, tag = service.service, _tag(service)
    release: Lane = (Release(name, tag),) if service.release else ()
    steps: Lane = tuple(ShiftTraffic(name, weight, service.bake) for weight in service.shift)
    rolled: Lane = (UpdateTag(name, tag), Rollout(name, tag, certain=True), Verify(name, tag, gateway))
    return (*release, StartSecond(name, tag), *steps, *rolled, FinishShift(name))


def _rolled_at_once(service: ServicePlan, path: Path, gateway: str) -> Lane:
    tag = _tag(service)
    first: Lane = ()
    if service.action is Action.REASSERT:
        first = (Reassert(service.service),)
    elif path is Path.FAST and service.action is Action.UPDATE:
        first = (*((Release(service.service, tag),) if service.release else ()), UpdateTag(service.service, tag))
    certain = bool(first)
    last: Lane = (Bake(service.service, tag, service.bake),) if service.bake else ()
    return (*first, Rollout(service.service, tag, certain), Verify(service.service, tag, gateway), *last)


def _tag(service: ServicePlan) -> str:
    assert service.image_tag is not None, "a plan is only executed when every tag is known"
    return service.image_tag
