"""Chooses the shortest safe path from facts. Pure: what was found and what is wanted go in, a frozen plan comes out.

Per service the first row of `CHOICES` that matches wins, widest path first; its sentence becomes the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from scripts.engine.errors import Refused
from scripts.engine.model import Action, Path, Plan, Running, ServicePlan, Stack, TargetState, Wanted
from scripts.engine.together import runs_other
from settings import Settings
from settings.model import release_key, second_name, service_key


@dataclass(frozen=True)
class Facts:
    """What choosing the path of one service looks at."""

    service: str
    registry: bool
    repository: bool
    stack: Stack | None
    fingerprint: str
    tag: str | None
    digest: str | None
    running: Running
    changed_files: int | None = None
    workers: Mapping[str, Running] = field(default_factory=dict)
    """By the name of their ECS service."""
    release: bool | None = None
    """Whether its release command's stack is up to date; None without a release command."""
    policies: bool = False
    """Whether it is the gateway and enforces other policies than the project has."""
    leftover: bool = False
    """Whether a second version is there, though nobody shifts."""

    @property
    def processes(self) -> dict[str, Running]:
        """What runs of the service and its workers, by the name of the ECS service."""
        return {self.service: self.running, **self.workers}

    @property
    def deploying(self) -> bool:
        """Whether a rollout of any of them is under way."""
        return any(running.deploying for running in self.processes.values())

    @property
    def count(self) -> int:
        """How many tasks run, those of workers included."""
        return sum(len(running.digests) for running in self.processes.values())

    @property
    def stray(self) -> str | None:
        """The first of them that does not run what it should."""
        return next((name for name, found in self.processes.items() if runs_other(found, self.digest)), None)

    @property
    def deployed_fingerprint(self) -> str | None:
        """Fingerprint that the stack was synthesised from."""
        return self.stack.outputs.get("Fingerprint") if self.stack else None

    @property
    def deployed_tag(self) -> str | None:
        """Tag that the stack intends to run."""
        return self.stack.image_tag if self.stack else None


Choice = tuple[Path, Callable[[Facts], bool], Callable[[Facts], str]]


def _stack(facts: Facts) -> Stack:
    assert facts.stack is not None
    return facts.stack


def _image_change(facts: Facts) -> str:
    if facts.tag is None:
        return "a base image is not on this machine yet, so the tag is settled when it is"
    if facts.changed_files:
        return (
            f"{facts.changed_files} file{'s'[: facts.changed_files > 1]} changed: {facts.deployed_tag} to {facts.tag}"
        )
    return f"image content changed: {facts.deployed_tag} to {facts.tag}"


def _runs_other_reason(facts: Facts) -> str:
    stray = facts.stray or facts.service
    running = facts.processes[stray]
    right = sum(found == facts.digest for found in running.digests)
    whose = "" if stray == facts.service else f" of {stray}"
    return f"the stack wants {facts.tag}, but only {right} of {_tasks(running.desired)}{whose} run it"


def _tasks(count: int) -> str:
    return f"{count} task{'s'[: count != 1]}"


CHOICES: tuple[Choice, ...] = (
    (Path.BOOTSTRAP, lambda f: not f.registry, lambda f: "the target has no image repositories yet"),
    (Path.FULL, lambda f: f.stack is None, lambda f: "the service has no stack yet"),
    (Path.FULL, lambda f: not f.repository, lambda f: "the service has no image repository"),
    (Path.FULL, lambda f: not _stack(f).is_settled, lambda f: f"its stack is in state {_stack(f).status}"),
    (Path.FULL, lambda f: f.deployed_tag is None, lambda f: "its stack was deployed without an image tag"),
    (
        Path.FULL,
        lambda f: f.deployed_fingerprint != f.fingerprint,
        lambda f: "stack code, settings or CDK version changed since it was deployed",
    ),
    (Path.FULL, lambda f: f.release is False, lambda f: "its release command changed since it was deployed"),
    (Path.FAST, lambda f: f.tag != f.deployed_tag, _image_change),
    (
        Path.FAST,
        lambda f: f.deploying and f.digest is not None,
        lambda f: f"a rollout of {f.tag} is still under way",
    ),
    (Path.FAST, lambda f: f.digest is None, lambda f: f"the registry does not hold {f.tag} any more"),
    (Path.FAST, lambda f: f.stray is not None, _runs_other_reason),
    (Path.FAST, lambda f: f.leftover, lambda f: "a second version is left from a deploy that ended"),
    (Path.POLICY, lambda f: f.policies, lambda f: "its policies changed"),
    (Path.NONE, lambda f: True, lambda f: f"{f.tag} runs in {_tasks(f.count)}, settings unchanged"),
)


def plan(settings: Settings, state: TargetState, wanted: Wanted, services: Iterable[str]) -> Plan:
    """The plan for these services; the foundation stacks go along when they differ."""
    facts = [_facts(settings, state, wanted, name) for name in services]
    chosen = tuple(replace(_service_plan(one, state), bake=settings.service(one.service).bake) for one in facts)
    foundation = [key for key in settings.foundation if _differs(state.stacks.get(key), wanted.fingerprints[key])]
    path = max((service.path for service in chosen), key=lambda p: p.width, default=Path.NONE)
    if foundation and path.width < Path.FULL.width:
        path = Path.FULL
    return Plan(
        target=settings.target.name,
        path=path,
        reason=_reason(chosen, path, foundation),
        services=chosen,
        stacks=_cdk_stacks(chosen, path, [*foundation, *_release_stacks(chosen, facts)]),
        bootstrap_toolkit=not state.bootstrapped and path.width >= Path.FULL.width,
    )


def force(chosen: Plan, path: Path) -> Plan:
    """The same plan when it takes that path; raises Refused with the reason where the path would be wrong."""
    if chosen.path is path or (path is Path.FAST and chosen.path is Path.NONE):
        return chosen
    if path is Path.FAST:
        widest = next((s for s in chosen.services if s.path is chosen.path), None)
        who = f"{widest.service}: {widest.reason}" if widest else chosen.reason
        raise Refused(
            f"the fast path only changes images, but {who}",
            where="deploy-fast",
            remedy="./poe diff shows the change; ./poe deploy takes it",
        )
    raise Refused(
        "the target has image repositories already",
        where="deploy-bootstrap",
        remedy="./poe deploy chooses the right path",
    )


def _facts(settings: Settings, state: TargetState, wanted: Wanted, name: str) -> Facts:
    key, own = service_key(name), settings.service(name)
    release = release_key(name)
    is_gateway = wanted.policies is not None and settings.gateway == own
    workers = {own.ecs_name(worker.name): Running(desired=worker.desired) for worker in own.workers}
    return Facts(
        service=name,
        registry="registry" in state.stacks,
        repository=name in state.repositories,
        stack=state.stacks.get(key),
        fingerprint=wanted.fingerprints[key],
        tag=wanted.tags[name],
        digest=state.digests.get(name),
        running=state.running.get(name, Running()),
        changed_files=wanted.changed_files.get(name),
        workers={worker: state.running.get(worker, missing) for worker, missing in workers.items()},
        release=not _differs(state.stacks.get(release), wanted.fingerprints[release]) if own.release else None,
        policies=is_gateway and state.policies != wanted.policies,
        leftover=second_name(name) in state.running,
    )


def _service_plan(facts: Facts, state: TargetState) -> ServicePlan:
    path, reason = next((path, why(facts)) for path, holds, why in CHOICES if holds(facts))
    inline = path.width >= Path.FULL.width and not facts.repository
    action = _action(facts, path)
    return ServicePlan(
        service=facts.service,
        path=path,
        reason=reason,
        image_tag=facts.tag,
        previous_tag=facts.deployed_tag,
        build=facts.digest is None,
        inline=inline,
        action=action,
        release=facts.release is not None and path is not Path.NONE and action is Action.UPDATE,
        policies=facts.policies,
        leftover=facts.leftover,
    )


def _action(facts: Facts, path: Path) -> Action:
    if path is not Path.FAST or facts.tag != facts.deployed_tag:
        return Action.UPDATE
    if facts.deploying and facts.digest:
        return Action.WATCH
    return Action.RETIRE if facts.digest and facts.stray is None else Action.REASSERT


def _differs(stack: Stack | None, fingerprint: str) -> bool:
    return stack is None or not stack.is_settled or stack.outputs.get("Fingerprint") != fingerprint


def _reason(services: tuple[ServicePlan, ...], path: Path, foundation: list[str]) -> str:
    if path is Path.NONE:
        return "nothing changed"
    for service in services:
        if service.path is path:
            return service.reason if path is Path.BOOTSTRAP else f"{service.service}: {service.reason}"
    return f"the {' and '.join(foundation)} {'stack' if len(foundation) == 1 else 'stacks'} changed"


def _release_stacks(services: tuple[ServicePlan, ...], facts: Iterable[Facts]) -> list[str]:
    """Stacks of release commands that differ, or through which the CDK publishes the image before it is used."""
    pairs = zip(services, facts, strict=True)
    return [release_key(s.service) for s, f in pairs if s.release and (f.release is False or s.inline)]


def _cdk_stacks(services: tuple[ServicePlan, ...], path: Path, first: list[str]) -> tuple[str, ...]:
    """On the widest paths every service that changes at all goes through the one `cdk deploy`."""
    if path.width < Path.FULL.width:
        return ()
    return (*first, *(service_key(s.service) for s in services if s.path.width > Path.POLICY.width))
