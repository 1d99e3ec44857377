"""Goes back to a version that was live: nothing is built, synthesised or pushed, and no source is read.

The ledger says which version that is, the registry that its image is still there; then the image tag goes the way of
every fast deploy: UpdateStack, rollout, verify, and putting back what ran before when it does not come up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scripts.engine.deploying import execute, unchanged
from scripts.engine.errors import BadInput, Refused
from scripts.engine.events import Event
from scripts.engine.history import good_records, history, read_deployment
from scripts.engine.looking import chosen_services
from scripts.engine.model import Action, Path, Plan, ServicePlan, Stack
from scripts.engine.outcome import Outcome, as_facts
from scripts.engine.overtaken import changed_meanwhile, overtaken, refuse_what_was_overtaken
from scripts.engine.recording import Background, recorded
from scripts.engine.settling import is_taken, moving, settled
from scripts.engine.state import Listing, checked_stacks, read_digest, read_state, service_stack
from scripts.engine.together import runs_other
from scripts.engine.turns import locked
from scripts.engine.versions import GOOD, Version, good_versions, present, previous, version_of
from scripts.engine.world import World
from settings.model import second_name

LOOKED_BACK = 50
"""Records in which a version is looked for: the registry keeps no more images with a `live-` tag."""
WIDE = (Path.FULL, Path.BOOTSTRAP)


@dataclass(frozen=True)
class Return:
    """One service's way back."""

    service: str
    stack: Stack
    now: Version | None
    """What it leaves; None where no record tells."""
    to: Version
    older: tuple[Version, ...] = ()
    """Good versions before that one, newest first."""
    crossed: tuple[str, ...] = ()
    """Deployments since then that changed more than the image; what they changed stays."""


@dataclass(frozen=True)
class Choice:
    """The plan, and what stands behind it."""

    plan: Plan
    returns: tuple[Return, ...]

    @property
    def background(self) -> Background:
        """What the record tells of it."""
        return Background(
            commits={one.service: one.to.commit for one in self.returns if one.to.commit},
            rollback_of={one.service: one.now.deployment for one in self.returns if one.now},
            rollback_to={one.service: one.to.origin for one in self.returns},
        )


def choose(world: World, names: Sequence[str], to: str | None, *, listing: Listing | None = None) -> Choice:
    """Look and decide; raises Refused where there is no way back, and changes nothing."""
    with world.events.stage("analyze") as told:
        stacks, bootstrapped = listing or checked_stacks(world.aws, world.settings)
        world.state = replace(world.state, stacks=stacks, bootstrapped=bootstrapped)
        if "ledger" not in stacks:
            raise Refused("nothing was deployed here yet", where="rollback", remedy="./poe deploy")
        row = _deployment(world, to) if to else None
        returns = tuple(_return(world, name, row) for name in _services(world, names, row))
        tags = {one.service: one.to.tag for one in returns}
        world.state = read_state(world.aws, world.settings, tags, listing=(stacks, bootstrapped))
        for one in returns:
            _check_image(world, one)
        plan = _plan(world, returns)
        told["text"] = plan.reason
    for one in returns:
        _tell_crossed(world, one)
    return Choice(plan, returns)


def rollback(world: World, names: Sequence[str], to: str | None = None) -> Outcome:
    """Bring the earlier version live; raises SlipwayError when it ends before anything was changed."""
    if world.manners.supersede and not names:
        raise BadInput("which services?", where="--supersede", remedy="name them: ./poe rollback --supersede SERVICE")
    with world.events.stage("prepare", text="looking at the target"):
        listing = checked_stacks(world.aws, world.settings)
    world.has_ledger = "ledger" in listing[0]
    services = chosen_services(world.settings, names)
    choice = None
    if not (names and moving(world.settings, listing, services) and is_taken(world, services)):
        choice = _chosen(world, names, to, settled(world, listing, services))
        if choice.plan.path is Path.NONE:
            return unchanged(world, choice.plan)
        services = tuple(service.service for service in choice.plan.services)
    with locked(world, services, choice.plan.reason if choice else "rollback") as lock:
        if choice is None or (lock and (lock.waited or not lock.seen_before(world.state.fences))):
            first, choice = choice, _chosen(world, names, to, settled(world, None, services))
            if choice.plan.path is Path.NONE:
                return unchanged(world, choice.plan)
            if not to and not world.manners.supersede:
                refuse_what_was_overtaken(world, listing, choice.plan)
                if first and first.background.rollback_of != choice.background.rollback_of:
                    raise changed_meanwhile(choice.plan.services[0].service, None)
        with recorded(world, choice.plan, choice.background) as finish:
            outcome = overtaken(world, choice.plan) or execute(world, choice.plan)
            finish(outcome)
    return outcome


def _chosen(world: World, names: Sequence[str], to: str | None, listing: Listing) -> Choice:
    choice = choose(world, names, to, listing=listing)
    world.events.emit("plan", **as_facts(choice.plan))
    return choice


def _deployment(world: World, deployment: str) -> Event:
    row = read_deployment(world.aws, world.settings, deployment)
    if row is None:
        raise BadInput(f"there is no deployment {deployment!r}", where="--to", remedy="./poe history lists them")
    return row


def _services(world: World, names: Sequence[str], row: Event | None) -> tuple[str, ...]:
    """Those that were named; else what the deployment of `--to` brought, or the newest one whose version is there."""
    if names:
        return chosen_services(world.settings, names)
    for found in [row] if row else history(world.aws, world.settings, limit=LOOKED_BACK):
        if brought := [name for name in _brought(world, found) if row or _holds(world, name, found)]:
            return chosen_services(world.settings, brought)
    raise Refused(
        "no record tells which deployment brought what is there now",
        where="rollback",
        remedy="./poe history, then ./poe rollback SERVICE --to ID",
    )


def _brought(world: World, row: Event) -> list[str]:
    known = {service.name for service in world.settings.services}
    return [name for name, own in row["services"].items() if name in known and own["path"] != Path.NONE]


def _holds(world: World, service: str, row: Event) -> bool:
    stack, tag = service_stack(world.state, service), row["services"][service].get("image_tag")
    return stack is not None and tag is not None and stack.image_tag == tag


def _return(world: World, name: str, row: Event | None) -> Return:
    stack = service_stack(world.state, name)
    if stack is None or stack.image_tag is None:
        raise Refused(f"{name} is not deployed", where="rollback", remedy=f"./poe deploy {name}")
    if not stack.is_settled:
        raise Refused(
            f"{name}: its stack is in state {stack.status}", where="CloudFormation", remedy=f"./poe deploy {name}"
        )
    versions = good_versions(good_records(world.aws, world.settings, name, LOOKED_BACK), name)
    to = _named(name, row) if row else previous(versions, stack.image_tag)
    if to is None:
        raise Refused(
            f"no good version of {name} before {stack.image_tag} is on record",
            where="rollback",
            remedy=f"./poe history {name} lists what is known; ./poe deploy {name} brings the working tree live",
        )
    return Return(
        service=name,
        stack=stack,
        now=present(versions, stack.image_tag),
        to=to,
        older=tuple(v for v in versions if v.deployment < to.origin and v.tag not in (to.tag, stack.image_tag)),
        crossed=tuple(v.deployment for v in versions if v.deployment > to.origin and v.path in WIDE),
    )


def _named(service: str, row: Event) -> Version:
    version = version_of(row, service)
    remedy = f"./poe history {service} --verdict live lists versions that were"
    if version is None:
        raise Refused(f"{row['id']} did not deploy {service}", where="--to", remedy=remedy)
    if version.verdict not in GOOD:
        raise Refused(f"{service} did not become live in {row['id']}: {version.verdict}", where="--to", remedy=remedy)
    return version


def _check_image(world: World, one: Return) -> None:
    if one.service in world.state.digests:
        return
    name, commit = one.service, one.to.commit
    further = next((v for v in one.older if read_digest(world.aws, world.settings, name, v.tag)), None)
    if further:
        remedy = f"./poe rollback {name} --to {further.deployment} goes further back, to {further.tag}"
    elif commit and not commit.get("dirty"):
        remedy = f"check out commit {commit['id'][:12]}, then ./poe deploy {name} builds it again"
    else:
        remedy = f"./poe deploy {name} builds the working tree"
    raise Refused(
        f"the registry does not hold {one.to.tag} of {name} any more; nothing was changed",
        where="rollback",
        remedy=remedy,
    )


def _plan(world: World, returns: Sequence[Return]) -> Plan:
    services = tuple(_service_plan(world, one) for one in returns)
    first = next((service for service in services if service.path is Path.FAST), None)
    return Plan(
        target=world.settings.target.name,
        path=Path.FAST if first else Path.NONE,
        reason=f"{first.service}: {first.reason}" if first else "nothing to go back from",
        services=services,
    )


def _service_plan(world: World, one: Return) -> ServicePlan:
    tag, now = one.to.tag, one.stack.image_tag
    names = world.settings.service(one.service).ecs_names
    running = [world.state.running[name] for name in names if name in world.state.running]
    other = any(runs_other(found, world.state.digests[one.service]) for found in running)
    leftover = second_name(one.service) in world.state.running
    path, action, reason = Path.FAST, Action.UPDATE, f"rollback to {one.to.deployment}: {now} to {tag}"
    if tag == now and other:
        action = Action.REASSERT
        reason = f"rollback to {one.to.deployment}: the stack wants {tag} already, but not all tasks run it"
    elif tag == now and leftover:
        action, reason = Action.RETIRE, "a second version is left from a deploy that ended"
    elif tag == now:
        path, reason = Path.NONE, f"{tag} runs already"
    return ServicePlan(one.service, path, reason, tag, previous_tag=now, action=action, leftover=leftover)


def _tell_crossed(world: World, one: Return) -> None:
    if one.crossed:
        text = f"{one.service}: only the image goes back; settings and stack stay as {one.crossed[0]} left them"
        world.events.emit("notice", code="stack_stays", text=text)
