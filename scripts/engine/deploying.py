"""One deploy from beginning to end: look, plan, lock, execute, record, report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from scripts.engine import zero_loss
from scripts.engine.addresses import base_url, urls
from scripts.engine.aws import error_code, translated
from scripts.engine.commit import read_commits
from scripts.engine.content import Context
from scripts.engine.errors import Cancelled, Failed, Refused, SlipwayError
from scripts.engine.execute import prepare, roll, worst
from scripts.engine.looking import chosen_services, make_plan, read_contexts, read_source, remember
from scripts.engine.model import Action, Path, Plan, ServicePlan, Verdict
from scripts.engine.order import newer_live
from scripts.engine.outcome import Outcome, as_facts, verdict_of
from scripts.engine.planner import force
from scripts.engine.proving import with_proof
from scripts.engine.recording import Background, recorded
from scripts.engine.rollout import Baseline
from scripts.engine.schedule import schedule
from scripts.engine.settling import is_taken, moving, settled
from scripts.engine.state import Listing, checked_stacks, read_stacks, read_state, service_stack
from scripts.engine.steps import amount
from scripts.engine.together import baseline, under_way
from scripts.engine.turns import locked
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
        has_policies = source.policies is not None
        world.state = read_state(world.aws, world.settings, source.tags, listing=listing, policies=has_policies)
        plan = make_plan(world.settings, source, world.state)
        told["text"] = f"{plan.path}: {plan.reason}"
    return plan


def _make_clients(world: World) -> None:
    """Pure Python for 20 ms, while the Docker client is asked for base images."""
    for name in ("ecs", "ecr", "dynamodb") if world.connection.exists else ():
        world.aws.client(name)


def deploy(world: World, names: Sequence[str], forced: Path | None = None) -> Outcome:
    """Take the shortest safe path; raises SlipwayError when it ends before anything was changed.

    The plan is made before the lock is asked for, so that a deploy which has nothing to do takes none. It is made
    again under the lock when somebody else held that meanwhile.
    """
    services = chosen_services(world.settings, names)
    with world.events.stage("prepare", text="looking at the target"):
        listing = checked_stacks(world.aws, world.settings)
    world.has_ledger = "ledger" in listing[0]
    plan = None
    if not (moving(world.settings, listing, services) and is_taken(world, services)):
        plan = _planned(world, services, forced, settled(world, listing, services))
    if plan and plan.path is Path.NONE:
        return unchanged(world, plan)
    with locked(world, services, plan.reason if plan else "") as lock:
        if plan is None or (lock and not lock.seen_before(world.state.fences)):
            plan = _planned(world, services, forced, settled(world, None, services))
            if plan.path is Path.NONE:
                return unchanged(world, plan)
        return _carried_out(world, plan)


def _planned(world: World, services: Sequence[str], forced: Path | None, listing: Listing) -> Plan:
    plan = look(world, services, listing=listing)
    if forced:
        plan = force(plan, forced)
    plan = as_asked(world, plan)
    world.events.emit("plan", **as_facts(plan))
    unknown = [s.service for s in plan.changed if s.image_tag is None]
    if unknown:
        raise Failed(
            f"a base image of {', '.join(unknown)} is not on this machine", where="analyze", remedy="./poe doctor --fix"
        )
    if plan.path is not Path.NONE and world.settings.target.budget is not None:
        from scripts.engine.costs.budget import check_budget

        check_budget(world, plan)
    return plan


def as_asked(world: World, plan: Plan) -> Plan:
    """The plan with the shifts that were asked for; raises Refused where that cannot be."""
    if world.shifting is None or plan.path is Path.NONE:
        return plan
    from scripts.engine.traffic.planning import shifted

    return shifted(plan, world.settings, world.shifting)


def unchanged(world: World, plan: Plan) -> Outcome:
    """The outcome where nothing has to be done."""
    if world.proving:
        text = "nothing changes, so there is nothing to prove"
        world.events.emit("notice", code="nothing_to_prove", text=text)
    learn_urls(world)
    return Outcome(Verdict.UNCHANGED, plan)


def _carried_out(world: World, plan: Plan) -> Outcome:
    commits = read_commits(world, [service.service for service in plan.services])
    newer = newer_live(world, plan, commits)
    if isinstance(newer, Refused):
        raise newer
    with recorded(world, plan, Background(commits)) as finish:
        outcome = Outcome(Verdict.SUPERSEDED, plan, {"": newer}) if newer else execute(world, plan)
        for service in plan.changed:
            if service.service not in outcome.errors and service.service in world.contexts and service.image_tag:
                remember(world.settings, world.contexts[service.service], service.image_tag)
        finish(outcome)
    return outcome


def execute(world: World, plan: Plan) -> Outcome:
    """Run the steps of a plan, under its lock."""
    outcome = _executed(world, plan)
    loss = world.lock.loss if world.lock else None
    if loss is None:
        return outcome
    # Another deploy asked this one to end, or took over: what was stopped was not stopped by a user.
    errors = {name: loss if isinstance(error, Cancelled) else error for name, error in outcome.errors.items()}
    return Outcome(verdict_of(worst(errors.values())) if errors else outcome.verdict, plan, errors)


def _executed(world: World, plan: Plan) -> Outcome:
    world.images.cache_from = {s.service: s.previous_tag for s in plan.changed if s.previous_tag}
    steps = with_proof(schedule(plan)) if world.proving else schedule(plan)
    try:
        _learn_baselines(world, plan)
        if world.proving and "platform" in world.state.stacks:
            learn_urls(world)
        prepare(steps.before, world)
        learn_urls(world)
    except SlipwayError as error:
        errors = {"": error}
        zero_loss.close(world)
        with suppress(SlipwayError):
            world.may_change()  # what another deploy makes of the stacks is not ours to tell
            errors |= after_failed_update(world, [s.service for s in plan.changed])
        return Outcome(verdict_of(worst(errors.values())), plan, errors)
    errors = roll(steps.rolling, world) if steps.rolling else {}
    zero_loss.close(world)
    errors |= zero_loss.losses(world, errors)
    for service in plan.changed:
        if service.service in world.proven:
            _try_to_protect(world, service)
    verdict = verdict_of(worst(errors.values())) if errors else Verdict.LIVE
    return Outcome(verdict, plan, errors)


def _amount_of(contexts: Mapping[str, Context]) -> str:
    files = sum(context.files for context in contexts.values())
    size = sum(context.size for context in contexts.values())
    return f"{files} file{'s'[: files != 1]}, {amount(size)}"


def _learn_baselines(world: World, plan: Plan) -> None:
    """What runs now, so that the rollout can be told from what was there, and be undone."""
    for service in plan.changed:
        if service.path is Path.POLICY:
            continue
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
    world.may_change()
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
