"""Takes a version that became live back: the one before is put in its place and watched until it serves."""

from __future__ import annotations

import time

from scripts.engine.errors import Cancelled, Failed, RolledBack, SlipwayError, Superseded, TimedOut, Transient
from scripts.engine.history import good_records
from scripts.engine.model import Verdict
from scripts.engine.rollout import Baseline, Goal
from scripts.engine.state import read_digest, read_stack
from scripts.engine.verdict import restore
from scripts.engine.versions import good_versions, previous
from scripts.engine.watch import Watcher
from scripts.engine.world import World
from settings.model import service_key

RECORDS = 50
"""Records in which the version before is looked for, where the target does not tell it."""


def go_back(world: World, service: str, tag: str, *, why: str, there: Baseline) -> SlipwayError:
    """Bring the version before back and watch it until it serves; the error that tells how that ended.

    `there` is what ECS runs now, and goes on with until CloudFormation has told it otherwise.
    """
    try:
        before = _before(world, service, tag)
        if before is None:
            return Failed(
                f"{why}; there is no earlier version to go back to, so it still runs",
                where="bake",
                remedy="correct the application, then ./poe deploy",
            )
        _await_stack(world, service)
        world.may_change()
        restore(world, service, before)
        if before.image_tag == tag:
            _await_stack(world, service)  # only the template goes back, which no image tells
        verdict = _serves(world, service, before.image_tag or "", there)
    except Transient as error:
        remedy = f"./poe status shows what runs, ./poe rollback {service} goes back"
        return Transient(f"{why}; it may not have been taken back: {error.what}", where="bake", remedy=remedy)
    return _told(service, before.image_tag or "", why, verdict)


def _told(service: str, tag: str, why: str, verdict: Verdict | None) -> SlipwayError:
    next_step = f"./poe logs {service} shows more; correct the application, then ./poe deploy"
    if verdict is Verdict.LIVE:
        return RolledBack(why, where="bake", remedy=f"{tag} serves again. {next_step}")
    if verdict is Verdict.SUPERSEDED:
        return Superseded(f"{why}; another deploy took over", where="bake", remedy="./poe status")
    if verdict is Verdict.TIMED_OUT:
        return TimedOut(f"{why}; {tag} was put back, but is not up yet", where="bake", remedy=next_step)
    return Failed(f"{why}; and {tag} did not come up again", where="bake", remedy="./poe status")


def _before(world: World, service: str, tag: str) -> Baseline | None:
    """What to go back to: what ran before this deploy; or, where that was this version too, the last good one."""
    before = world.baselines.get(service, Baseline())
    has_changed = before.image_tag != tag or before.template is not None
    if before.task_definition and before.image_tag and has_changed:
        return before
    records = good_records(world.aws, world.settings, service, RECORDS)
    found = previous(good_versions(records, service), tag)
    if found is None or not read_digest(world.aws, world.settings, service, found.tag):
        return None
    return Baseline(image_tag=found.tag, task_definition=before.task_definition or "")


def _await_stack(world: World, service: str) -> None:
    """CloudFormation may still drain what was there before: until it is done it takes no update."""
    end = time.monotonic() + world.settings.target.rollout_timeout
    while (stack := read_stack(world.aws, world.settings, service_key(service))) and stack.is_moving:
        text = f"waiting for the stack to settle ({stack.status}), to go back"
        world.events.emit("progress", stage="verify", service=service, text=text)
        if time.monotonic() > end:
            raise TimedOut(f"{service} is bad, but its stack still moves", where="bake", remedy="./poe rollback")
        if world.cancelled(1.0):
            raise Cancelled("stopped before going back", where="bake", remedy=f"./poe rollback {service}")


def _serves(world: World, service: str, tag: str, there: Baseline) -> Verdict | None:
    """How the version that was put back came up; `there` is what was to be replaced."""
    settings = world.settings
    digest = read_digest(world.aws, settings, service, tag) or ""
    goal = Goal(service, settings.image(service, tag), digest, there, certain=False)

    def tell(text: str) -> None:
        world.events.emit("progress", stage="verify", service=service, text=f"{tag}: {text}")

    judgement, _ = Watcher(world.aws, settings, service).watch(
        goal,
        timeout=settings.target.rollout_timeout,
        tell=lambda found: tell(found.text),
        cancelled=world.cancelled,
    )
    return judgement.verdict
