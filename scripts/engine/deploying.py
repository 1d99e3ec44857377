"""One deploy from beginning to end: look, plan, lock, execute, record, report."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from scripts.engine.aws import error_code, translated
from scripts.engine.content import Context
from scripts.engine.errors import (
    Cancelled, Failed, Refused, RolledBack, SlipwayError, Superseded, TimedOut,
)
from scripts.engine.events import Event
from scripts.engine.execute import prepare, roll, worst
from scripts.engine.ledger import Ledger, Lock, actor, new_id
from scripts.engine.looking import Source, chosen_services, make_plan, read_contexts, read_source, remember
from scripts.engine.model import EXIT_CODES, Path, Plan, ServicePlan, TargetState, Verdict
from scripts.engine.planner import force
from scripts.engine.rollout import Baseline, Watcher, baseline
from scripts.engine.state import read_stacks, read_state, service_stack
from scripts.engine.steps import World, amount, schedule, wanted_digest
from scripts.engine.update import read_template

VERDICTS: tuple[tuple[type[SlipwayError], Verdict], ...] = (
    (RolledBack, Verdict.ROLLED_BACK), (Superseded, Verdict.SUPERSEDED), (TimedOut, Verdict.TIMED_OUT),
    (Cancelled, Verdict.STOPPED),
)


@dataclass
class Outcome:
    """What the report is made from."""

    verdict: Verdict
    plan: Plan
    errors: dict[str, SlipwayError] = field(default_factory=dict)

    @property
    def error(self) -> SlipwayError | None:
        """The error that decides the exit code."""
        return worst(self.errors.values()) if self.errors else None

    @property
    def exit_code(self) -> int:
        """As the contract has it."""
        return self.error.exit_code if self.error else EXIT_CODES[self.verdict]


def verdict_of(error: SlipwayError) -> Verdict:
    """The verdict that an error stands for."""
    return next((verdict for kind, verdict in VERDICTS if isinstance(error, kind)), Verdict.FAILED)


def look(world: World, names: Sequence[str]) -> tuple[Source, Plan]:
    """Stages `source` and `analyze`: read the tree and the target, and make the plan."""
    services = chosen_services(world.settings, names)
    with world.events.stage("source") as told:
        contexts = read_contexts(world.settings, services)
        told["text"] = _amount_of(contexts)
    for context in contexts.values():
        for warning in context.warnings:
            world.events.emit("warning", service=context.service, text=warning)
    with world.events.stage("analyze") as told:
        source = read_source(world.settings, world.images, services, contexts)
        world.contexts = contexts
        world.state = read_state(world.aws, world.settings, source.tags)
        plan = make_plan(world.settings, source, world.state)
        told["text"] = f"{plan.path}: {plan.reason}"
    return source, plan


def deploy(world: World, names: Sequence[str], forced: Path | None = None) -> Outcome:
    """Take the shortest safe path; raises SlipwayError when it ends before anything was changed."""
    _wait_for_settling(world)
    source, plan = look(world, names)
    if forced:
        plan = force(plan, forced)
    world.events.emit("plan", **as_facts(plan))
    if plan.path is Path.NONE:
        _learn_urls(world)
        return Outcome(Verdict.UNCHANGED, plan)
    unknown = [s.service for s in plan.changed if s.image_tag is None]
    if unknown:
        raise Failed(f"a base image of {', '.join(unknown)} is not on this machine", where="analyze", remedy="./poe doctor --fix")
    with _recorded(world, plan) as finish:
        outcome = _execute(world, plan)
        for service in plan.changed:
            if service.service not in outcome.errors and service.service in world.contexts and service.image_tag:
                remember(world.settings, world.contexts[service.service], service.image_tag)
        finish(outcome)
    return outcome


def _execute(world: World, plan: Plan) -> Outcome:
    _learn_baselines(world, plan)
    world.images.cache_from = {s.service: s.previous_tag for s in plan.changed if s.previous_tag}
    steps = schedule(plan)
    try:
        prepare(steps.before, world)
    except SlipwayError as error:
        return Outcome(verdict_of(error), plan, {"": error})
    _learn_urls(world)
    errors = roll(steps.rolling, world) if steps.rolling else {}
    if errors:
        return Outcome(verdict_of(worst(errors.values())), plan, errors)
    for service in plan.changed:
        _protect(world, service)
    return Outcome(Verdict.LIVE, plan)


def _amount_of(contexts: Mapping[str, Context]) -> str:
    files = sum(context.files for context in contexts.values())
    size = sum(context.size for context in contexts.values())
    return f"{files} file{'s'[:files != 1]}, {amount(size)}"


def _wait_for_settling(world: World) -> None:
    """A stack may still be moving from the deploy before, which returned as soon as its version was live."""
    end = time.monotonic() + world.settings.target.rollout_timeout
    told = False
    while True:
        with world.events.stage("prepare", text="looking at the target") if not told else _quiet():
            stacks, _ = read_stacks(world.aws, world.settings)
        moving = [stack.name for stack in stacks.values() if stack.is_moving]
        if not moving:
            return
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
        seen = Watcher(world.aws, world.settings, service.service, None).look()
        template = read_template(world.aws, stack) if plan.path is Path.FULL else None
        found = baseline(seen, stack.image_tag, template)
        if service.action == "watch":
            old = [d for d in seen.deployments if not d.primary]
            found = Baseline(frozenset(d.id for d in old), old[0].task_definition if old else None, None, None)
        world.baselines[service.service] = found


def _learn_urls(world: World) -> None:
    """Addresses of the services, from the outputs of the platform stack."""
    stack = world.state.stacks.get("platform")
    if stack is None or "LoadBalancerDns" not in stack.outputs:
        stacks, _ = read_stacks(world.aws, world.settings)
        world.state = TargetState(
            stacks=stacks, bootstrapped=True, digests=world.state.digests, running=world.state.running,
            repositories=world.state.repositories)
        stack = stacks.get("platform")
    world.urls = urls(world, stack.outputs if stack else {})


def urls(world: World, outputs: Any) -> dict[str, str]:
    """Service -> address through the load balancer."""
    if "LoadBalancerDns" not in outputs:
        return {}
    base = world.connection.load_balancer_url.format(
        dns=outputs["LoadBalancerDns"], name=outputs.get("LoadBalancerName", ""))
    return {service.name: base + (service.path if service.path != "/" else "/") for service in world.settings.services}


def _protect(world: World, service: ServicePlan) -> None:
    """Give the running image a `live-` tag, which the registry's lifecycle keeps longer than others."""
    ecr, tag = world.aws.client("ecr"), service.image_tag
    repository = world.settings.repository(service.service)
    with translated(f"protect the image of {service.service}"):
        image = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])["images"]
        if not image:
            return
        try:
            ecr.put_image(repositoryName=repository, imageManifest=image[0]["imageManifest"], imageTag=f"live-{tag}",
                          **({"imageManifestMediaType": kind} if (kind := image[0].get("imageManifestMediaType")) else {}))
        except ecr.exceptions.ClientError as error:
            if error_code(error) not in ("ImageAlreadyExistsException", "ImageTagAlreadyExistsException"):
                raise


@contextmanager
def _recorded(world: World, plan: Plan) -> Iterator[Any]:
    """Hold the locks and write the ledger while the block deploys; a target without a ledger yet gets its record after."""
    record = Recorder(world, plan)
    has_ledger = world.has_ledger = "ledger" in world.state.stacks
    services = [service.service for service in plan.services]
    lock = Lock(world.aws, world.settings, services, record.ledger.id)
    if has_ledger:
        lock.acquire()
        world.lock = lock
        record.start()
    try:
        yield lambda outcome: record.finish(outcome)
    finally:
        record.stop()
        if has_ledger:
            lock.release()


class Recorder:
    """Writes events to the ledger from a thread of its own, so that recording never slows a deploy down."""

    def __init__(self, world: World, plan: Plan) -> None:
        self.world, self.plan = world, plan
        self.ledger = Ledger(world.aws, world.settings, new_id(time.time()))
        self._queue: queue.Queue[Event | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._broken = False

    def start(self) -> None:
        """Open the record and follow the events."""
        self._try(lambda: self.ledger.open(self._head("running")))
        self._thread = threading.Thread(target=self._follow, daemon=True, name="slipway-ledger")
        self._thread.start()
        self.world.events.listeners.append(self._hear)

    def finish(self, outcome: Outcome) -> None:
        """Write how it ended."""
        self.stop()
        facts = {**self._head(outcome.verdict), "stages": self.world.events.stages,
                 "seconds": round(self.world.events.seconds, 3), "pushed_bytes": self.world.pushed_bytes,
                 "digests": dict(self.world.digests), "error": str(outcome.error) if outcome.error else None}
        if not self.world.has_ledger:
            self.world.has_ledger = "ledger" in read_stacks(self.world.aws, self.world.settings)[0]
        if self.world.has_ledger:
            self._try(lambda: self.ledger.close(facts))

    def stop(self) -> None:
        """Write what is left and end the thread."""
        if self._thread is None:
            return
        self.world.events.listeners.remove(self._hear)
        self._queue.put(None)
        self._thread.join()
        self._thread = None

    def _head(self, verdict: str) -> Event:
        return {"verdict": str(verdict), "actor": actor(), "path": str(self.plan.path), "reason": self.plan.reason,
                "services": {s.service: {"path": str(s.path), "reason": s.reason, "image_tag": s.image_tag,
                                         "previous_tag": s.previous_tag} for s in self.plan.services}}

    def _hear(self, event: Event) -> None:
        if event["event"] != "progress":
            self._queue.put(event)

    def _follow(self) -> None:
        while (event := self._queue.get()) is not None:
            self._try(lambda event=event: self.ledger.event(event))

    def _try(self, write: Any) -> None:
        """A ledger that cannot be written is said once; it does not stop a deploy."""
        if self._broken:
            return
        try:
            write()
        except SlipwayError as error:
            self._broken = True
            self.world.events.emit("warning", service=None, text=f"not recorded: {error}")


def as_facts(plan: Plan) -> dict[str, Any]:
    """The plan as plain data."""
    return {
        "target": plan.target, "path": str(plan.path), "reason": plan.reason, "stacks": list(plan.stacks),
        "services": {
            s.service: {"path": str(s.path), "reason": s.reason, "image_tag": s.image_tag,
                        "previous_tag": s.previous_tag, "build": s.build and s.path is not Path.NONE}
            for s in plan.services
        },
    }


def report(world: World, outcome: Outcome) -> Event:
    """The last event: what came out, all of it measured in this run."""
    services = {
        s.service: {
            "path": str(s.path), "reason": s.reason, "image_tag": s.image_tag,
            "digest": world.digests.get(s.service) or world.state.digests.get(s.service),
            "url": world.urls.get(s.service),
            "verdict": str(verdict_of(outcome.errors[s.service])) if s.service in outcome.errors else str(outcome.verdict),
        }
        for s in outcome.plan.services
    }
    return {
        "verdict": str(outcome.verdict), "target": world.settings.target.name, "path": str(outcome.plan.path),
        "seconds": round(world.events.seconds, 3), "services": services, "stages": world.events.stages,
        "mutating_calls": len(world.aws.mutating_calls), "pushed_bytes": world.pushed_bytes,
        **({"error": {"what": outcome.error.what, "where": outcome.error.where, "remedy": outcome.error.remedy,
                      "exit_code": outcome.error.exit_code}} if outcome.error else {}),
    }


def digests_known(world: World, plan: Plan) -> None:
    """Read the digest of every changed service that this deploy did not push."""
    for service in plan.changed:
        if service.image_tag:
            wanted_digest(world, service.service, service.image_tag)
