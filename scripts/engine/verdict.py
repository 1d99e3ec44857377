"""From a watched rollout to a verdict: proof when it is live; evidence and the previous version when it is not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from scripts.engine import diagnose
from scripts.engine.addresses import health_url
from scripts.engine.errors import Cancelled, Failed, RolledBack, SlipwayError, Superseded, TimedOut
from scripts.engine.model import Verdict
from scripts.engine.rollout import FAILED_STACK, Baseline, Goal, Judgement, Snapshot, has_fallen
from scripts.engine.state import read_digest, read_stack, read_stacks
from scripts.engine.together import baseline, looks, process_of, tasks_of
from scripts.engine.update import put_back
from scripts.engine.verify import answers, ask
from scripts.engine.watch import Watcher
from scripts.engine.world import World, wanted_digest
from settings.model import service_key

PROOF_SECONDS = 20.0
NOT_REACHED = {
    False: "check the listener rule, `path` in slipway.toml and what else routes to this address",
    True: "./poe logs gateway says what it routes to; check that it runs, and `port` and `health_path` in slipway.toml",
}
"""Whether a gateway is in between -> what to do."""


def see_through(world: World, service: str, tag: str, *, certain: bool) -> str:
    """Watch the rollout to its verdict; raises RolledBack, Failed, Superseded or TimedOut."""
    settings = world.settings
    before = world.baselines.get(service, Baseline())
    goal = Goal(service, settings.image(service, tag), wanted_digest(world, service, tag), before, certain)
    watcher = Watcher(world.aws, settings, service)
    failed: dict[str, object] = {}
    unhealthy: list[str] = []

    def tell(judgement: Judgement) -> None:
        world.events.emit("progress", stage="rollout", service=service, text=judgement.text)
        for task in judgement.failed:
            if task.id not in failed:
                failed[task.id] = task
                world.events.emit("warning", service=service, text=f"task {task.id[:8]} stopped: {task.stopped_reason}")

    judgement, seen = watcher.watch(
        goal,
        timeout=settings.target.rollout_timeout,
        tell=tell,
        cancelled=world.cancelled,
        noticed=lambda snapshot: unhealthy.extend(diagnose.unhealthy_words(snapshot)),
    )
    if judgement.verdict is Verdict.LIVE:
        if seen.stack_status.endswith("_IN_PROGRESS"):
            world.settling.add(service)
        return judgement.text
    raise ended(world, service, judgement, seen=seen, unhealthy=unhealthy)


def prove(world: World, name: str) -> str:
    """Three good answers through the load balancer; otherwise the previous version is put back."""
    url = health_url(world.settings, name, world.urls)
    if url is None:
        return "no tasks wanted, nothing to ask"
    proof = answers(
        url,
        timeout=PROOF_SECONDS,
        cancelled=world.cancelled,
        get=partial(ask, via=world.load_balancer),
    )
    if proof.good:
        return proof.text
    if world.cancelled(0):
        raise Cancelled(f"stopped asking {name}; its new version runs", remedy="./poe status shows it")
    world.events.emit(
        "evidence",
        service=name,
        tasks=[],
        targets=[proof.text],
        logs=[],
        cause="not_reachable",
        sentence=f"the tasks are healthy, but {url} answers {proof.text}",
        remedy=NOT_REACHED[world.settings.is_behind_gateway(world.settings.service(name))],
    )
    before = world.baselines.get(name, Baseline())
    if restore(world, name, before):
        raise RolledBack(
            f"{name} does not answer through the load balancer: {proof.text}",
            where="verify",
            remedy="the previous version serves again; correct it and deploy again",
        )
    raise Failed(f"{name} does not answer through the load balancer: {proof.text}", where="verify")


def after_failed_update(world: World, services: Sequence[str]) -> dict[str, SlipwayError]:
    """What became of the services whose stack CloudFormation rolled back: evidence told, service -> error.

    On AWS an update of a whole stack waits for ECS, so that a version which does not come up ends there and not in
    the rollout stage. Empty when no stack was rolled back by this deploy.
    """
    if not world.updating:
        return {}
    stacks, _ = read_stacks(world.aws, world.settings)
    errors: dict[str, SlipwayError] = {}
    for service in services:
        stack, before = stacks.get(service_key(service)), world.baselines.get(service, Baseline())
        if stack is None or stack.status not in FAILED_STACK:
            continue
        seen = Watcher(world.aws, world.settings, service).look()
        known = before.tasks.union(*(worker.tasks for worker in before.workers.values()))
        failed = tuple(t for t in tasks_of(seen) if t.status == "STOPPED" and t.id not in known and has_fallen(t))
        known = before.deployments.union(*(worker.deployments for worker in before.workers.values()))
        is_untouched = not failed and {d.id for look in looks(seen) for d in look.deployments} <= known
        if stack.status == before.stack_status and is_untouched:
            continue  # rolled back by an earlier deploy; this one did not come to it
        verdict = Verdict.ROLLED_BACK if before.task_definition else Verdict.FAILED
        worker = failed[0].container if failed and failed[0].container != service else ""
        judgement = Judgement(f"CloudFormation: {stack.status}", verdict, failed, worker)
        errors[service] = ended(world, service, judgement, seen=seen, unhealthy=diagnose.unhealthy_words(seen))
    return errors


def restore(world: World, service: str, before: Baseline) -> bool:
    """Make stack and tasks be what they were before this deploy; False where there was no version before.

    CloudFormation does it by itself when an update fails. It does not when ECS alone went back after the update was
    complete, so the stack is asked what it holds.
    """
    if before.image_tag is None or before.task_definition is None:
        return False
    stack = read_stack(world.aws, world.settings, service_key(service))
    if stack is None:
        return False
    if stack.is_moving:
        return True
    template_changed = before.template is not None and stack.status == "UPDATE_COMPLETE"
    if stack.image_tag == before.image_tag and not template_changed:
        return True
    world.may_change()
    with world.events.stage("update", service, "putting the previous version back"):
        there = baseline(Watcher(world.aws, world.settings, service).look())
        if put_back(world.aws, stack, before.image_tag, before.template):
            _await_previous(world, service, before.image_tag, there)
    return True


def _await_previous(world: World, service: str, tag: str, there: Baseline) -> None:
    """Until it serves; `there` is what it replaces, which ECS goes on with until CloudFormation has told it."""
    watcher = Watcher(world.aws, world.settings, service)
    image = world.settings.image(service, tag)
    digest = read_digest(world.aws, world.settings, service, tag) or ""
    goal = Goal(service, image, digest, there, certain=False)
    watcher.watch(goal, timeout=60, tell=lambda judgement: None, cancelled=world.cancelled)


def ended(world: World, service: str, judgement: Judgement, *, seen: Snapshot, unhealthy: list[str]) -> SlipwayError:
    """The error for a rollout that did not become live, after its evidence was told."""
    verdict, text = judgement.verdict, f"{service}: {judgement.text}"
    if verdict is Verdict.SUPERSEDED:
        return Superseded(text, where="rollout", remedy="./poe status shows what runs now")
    own, worker = process_of(world.settings.service(service), judgement.worker), judgement.worker
    evidence = diagnose.gather(
        world.aws,
        world.settings.cluster,
        own,
        failed=[task for task in judgement.failed if task.container in ("", own.name)],
        seen=seen.workers.get(worker, seen),
        unhealthy=() if worker else unhealthy,
    )
    cause = diagnose.likely_cause(evidence, own, worker=worker.removeprefix(f"{service}-"))
    world.events.emit("evidence", service=service, process=worker or service, **diagnose.as_event(evidence, cause))
    if verdict is Verdict.TIMED_OUT:
        return TimedOut(
            f"{text} after {world.settings.target.rollout_timeout} s",
            where="rollout",
            remedy=f"{cause.remedy}; ./poe status shows what runs",
        )
    restored = restore(world, service, world.baselines.get(service, Baseline()))
    if verdict is Verdict.ROLLED_BACK or restored:
        return RolledBack(
            f"{text}; likely cause: {cause.sentence}",
            where="rollout",
            remedy=f"the previous version serves. {cause.remedy[0].upper()}{cause.remedy[1:]}, then ./poe deploy",
        )
    return Failed(
        f"{text}; likely cause: {cause.sentence}", where="rollout", remedy=f"{cause.remedy}, then ./poe deploy"
    )
