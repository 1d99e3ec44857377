"""One deploy from beginning to end: look, plan, lock, execute, record, report."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from scripts.engine.addresses import base_url, urls
from scripts.engine.aws import error_code, translated
from scripts.engine.commit import read_commit
from scripts.engine.content import Context
from scripts.engine.errors import Cancelled, Failed, Refused, SlipwayError
from scripts.engine.execute import prepare, roll, worst
from scripts.engine.looking import chosen_services, make_plan, read_contexts, read_source, remember
from scripts.engine.model import Action, Path, Plan, ServicePlan, Verdict
from scripts.engine.outcome import Outcome, as_facts, verdict_of
from scripts.engine.planner import force
from scripts.engine.recording import Background, recorded
from scripts.engine.rollout import Baseline
from scripts.engine.schedule import schedule
from scripts.engine.state import Listing, checked_stacks, read_stacks, read_state, service_stack
from scripts.engine.steps import amount
from scripts.engine.together import baseline, under_way
from scripts.engine.update import read_template
from scripts.engine.verdict import after_failed_update
from scripts.engine.watch import Watcher
from scripts.engine.world import World


def look(world: World, names: Sequence[str], *, listing: Listing | None = None) -> Plan:
    """Stages `source` and `analyze`: read the tree and the target, and make the plan.

    `listing` are the target's stacks, where they were just listed.
    """
    services = chosen_services(world.settings, names)
    with world.events.stage("source") as told:
        contexts = read_contexts(world.settings, services)
        told["text"] = _amount_of(contexts)
    for context in contexts.values():
        for warning in context.warnings:
            world.events.emit("warning", service=context.service, text=warning)
        if context.is_generated:
            world.events.emit("notice", text=f"{context.service} has no Dockerfile: the analyzer's is used")
    with world.events.stage("analyze") as told, ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_source, world.settings, world.images, services, contexts)
        _make_clients(world)
        source = reading.result()
        world.contexts = contexts
        world.state = read_state(world.aws, world.settings, source.tags, listing=listing)
        plan = make_plan(world.settings, source, world.state)
        told["text"] = f"{plan.path}: {plan.reason}"
    return plan


def _make_clients(world: World) -> None:
    """Pure Python for 20 ms, while the Docker client is asked for base images."""
    for name in ("ecs", "ecr") if world.connection.exists else ():
        world.aws.client(name)


def deploy(world: World, names: Sequence[str], forced: Path | None = None) -> Outcome:
    """Take the shortest safe path; raises SlipwayError when it ends before anything was changed."""
    plan = look(world, names, listing=settled(world))
    if forced:
        plan = force(plan, forced)
    world.events.emit("plan", **as_facts(plan))
    if plan.path is Path.NONE:
        learn_urls(world)
        return Outcome(Verdict.UNCHANGED, plan)
    unknown = [s.service for s in plan.changed if s.image_tag is None]
    if unknown:
        raise Failed(
            f"a base image of {', '.join(unknown)} is not on this machine", where="analyze", remedy="./poe doctor --fix"
        )
    if world.settings.target.budget is not None:
        from scripts.engine.costs.budget import check_budget

        check_budget(world, plan)
    with recorded(world, plan, Background(commit=read_commit(world))) as finish:
        outcome = execute(world, plan)
        for service in plan.changed:
            if service.service not in outcome.errors and service.service in world.contexts and service.image_tag:
                remember(world.settings, world.contexts[service.service], service.image_tag)
        finish(outcome)
    return outcome


def execute(world: World, plan: Plan) -> Outcome:
    """Run the steps of a plan, under its lock."""
    world.images.cache_from = {s.service: s.previous_tag for s in plan.changed if s.previous_tag}
    steps = schedule(plan)
    try:
        _learn_baselines(world, plan)
        prepare(steps.before, world)
        learn_urls(world)
    except SlipwayError as error:
        errors = {"": error}
        with suppress(SlipwayError):
            errors |= after_failed_update(world, [s.service for s in plan.changed])
        return Outcome(verdict_of(worst(errors.values())), plan, errors)
    errors = roll(steps.rolling, world) if steps.rolling else {}
    for service in plan.changed:
        if service.service in world.proven:
            _try_to_protect(world, service)
    verdict = verdict_of(worst(errors.values())) if errors else Verdict.LIVE
    return Outcome(verdict, plan, errors)


def _amount_of(contexts: Mapping[str, Context]) -> str:
    files = sum(context.files for context in contexts.values())
    size = sum(context.size for context in contexts.values())
    return f"{files} file{'s'[: files != 1]}, {amount(size)}"


def settled(world: World) -> Listing:
    """The stacks, once none of them moves any more.

    A stack may still be moving from the deploy before, which returned as soon as its version was live.
    """
    end = time.monotonic() + world.settings.target.rollout_timeout
    told = False
    while True:
        with world.events.stage("prepare", text="looking at the target") if not told else _quiet():
            listing = (read_stacks if told else checked_stacks)(world.aws, world.settings)
        moving = [stack.name for stack in listing[0].values() if stack.is_moving]
        if not moving:
            return listing
        if not told:
            world.events.emit("notice", code="settling", text=f"waiting for {', '.join(moving)} to settle")
            told = True
        if time.monotonic() > end:
            raise Refused(f"{moving[0]} is still being changed", where="CloudFormation", remedy="wait, then run again")
        if world.cancelled(1.0):
            raise Cancelled("stopped while waiting", remedy="nothing was changed")


@contextmanager
def _quiet() -> Iterator[dict[str, Any]]:
    yield {}


def _learn_baselines(world: World, plan: Plan) -> None:
    """What runs now, so that the rollout can be told from what was there, and be undone."""
    for service in plan.changed:
        stack = service_stack(world.state, service.service)
        if stack is None or service.service not in world.state.running:
            world.baselines[service.service] = Baseline()
            continue
        seen = Watcher(world.aws, world.settings, service.service).look()
        template = read_template(world.aws, stack) if plan.path is Path.FULL else None
        is_watch = service.action is Action.WATCH
        world.baselines[service.service] = under_way(seen) if is_watch else baseline(seen, stack.image_tag, template)


def learn_urls(world: World) -> None:
    """Give the world the addresses of the services, from the outputs of the platform stack."""
    stack = world.state.stacks.get("platform")
    if stack is None or "LoadBalancerDns" not in stack.outputs:
        stacks, _ = read_stacks(world.aws, world.settings)
        world.state = replace(world.state, stacks=stacks, bootstrapped=True)
        stack = stacks.get("platform")
    world.load_balancer = base_url(world.connection, stack.outputs if stack else {})
    world.urls = urls(world.settings, world.load_balancer)


def _try_to_protect(world: World, service: ServicePlan) -> None:
    """The version is live already: an image that could not be protected is said, and no failed deploy."""
    try:
        _protect(world, service)
    except SlipwayError as error:
        world.events.emit("warning", service=service.service, text=f"its image may expire: {error}")


def _protect(world: World, service: ServicePlan) -> None:
    """Give the running image a `live-` tag, which the registry's lifecycle keeps longer than others."""
    ecr, tag = world.aws.client("ecr"), service.image_tag
    repository = world.settings.repository(service.service)
    with translated(f"protect the image of {service.service}"):
        image = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])["images"]
        if not image:
            return
        try:
            ecr.put_image(
                repositoryName=repository,
                imageManifest=image[0]["imageManifest"],
                imageTag=f"live-{tag}",
                **({"imageManifestMediaType": kind} if (kind := image[0].get("imageManifestMediaType")) else {}),
            )
        except ecr.exceptions.ClientError as error:
            if error_code(error) not in ("ImageAlreadyExistsException", "ImageTagAlreadyExistsException"):
                raise
