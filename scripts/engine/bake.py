"""Watches a version that just became live for as long as its service wants, and goes back when it turns bad.

Once a second the service is asked through the load balancer; every few seconds ECS is looked at and, once there may be
any, the numbers of all users are read, as the load balancer or the gateway counted them. `baking.trouble` judges.
Everything happens under the deploy's lock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from scripts.engine import balancer, diagnose
from scripts.engine.addresses import health_url
from scripts.engine.baking import Check, Seen, in_words, numbers, trouble
from scripts.engine.balancer import Counter
from scripts.engine.diagnose import Cause
from scripts.engine.errors import Cancelled, SlipwayError, Transient
from scripts.engine.model import Verdict
from scripts.engine.request import address, send
from scripts.engine.rollout import Baseline, Goal, Snapshot, Task, has_fallen
from scripts.engine.state import read_stacks
from scripts.engine.together import baseline, judge_together, process_of, tasks_of
from scripts.engine.verdict import ended
from scripts.engine.watch import Watcher
from scripts.engine.way_back import go_back
from scripts.engine.world import World, wanted_digest
from settings.model import service_key

CHECK_SECONDS = 1.0
LOOK_SECONDS = 5.0
METRICS_SECONDS = 15.0
TARGET_GROUPS = ("TargetGroupArn", "AlternateTargetGroupArn")
"""Outputs of a service's stack; the second where ECS shifts requests between two."""
PATIENCE = 5.0
"""Seconds that a check waits for an answer."""


@dataclass(frozen=True)
class Clocks:
    """Seconds that only go on, and those since the epoch, as the load balancer's numbers have them."""

    steady: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


def bake(world: World, service: str, tag: str, seconds: int, *, clocks: Clocks | None = None) -> str:
    """Watch until the time is over; raises RolledBack, Failed, TimedOut, Superseded or Cancelled."""
    url = health_url(world.settings, service, world.urls)
    if url is None:
        return "no tasks wanted, nothing to bake"
    text = f"{service} is live; watched for {seconds} s, and rolled back when it turns bad"
    world.events.emit("notice", code="baking", text=text)
    oven = Oven(world, service, tag, url=url, clocks=clocks or Clocks())
    try:
        why = oven.watch(seconds)
    finally:
        world.bakes[service] = {"seconds": round(oven.elapsed, 1), "of": seconds, **numbers(oven.seen)}
    if why is None:
        return "; ".join((f"good for {seconds} s", *in_words(oven.seen)))
    told = f"{service} turned bad {oven.elapsed:.0f} s after it was live: {why}"
    world.bakes[service]["trouble"] = why
    world.proven.discard(service)
    oven.tell(why)
    raise go_back(world, service, tag, why=told, there=baseline(oven.snapshot))


class Oven:
    """One version while it is watched."""

    def __init__(self, world: World, service: str, tag: str, *, url: str, clocks: Clocks) -> None:
        self.world, self.service, self.clock, self.wall = world, service, clocks.steady, clocks.wall
        self.own = world.settings.service(service)
        self.begin, self.live = self.clock(), self.wall()
        self.seen, self.snapshot = Seen(), Snapshot()
        digest = wanted_digest(world, service, tag)
        before = world.baselines.get(service, Baseline())
        self.goal = Goal(service, world.settings.image(service, tag), digest, before, certain=False)
        self._watcher = Watcher(world.aws, world.settings, service)
        self._where = address(url, world.load_balancer)
        self._known: frozenset[str] | None = None
        self._counters: tuple[Counter, ...] = ()
        self._reads = True
        self._looked = self._read = float("-inf")

    @property
    def elapsed(self) -> float:
        """Seconds since it is live."""
        return self.clock() - self.begin

    def watch(self, seconds: int) -> str | None:
        """Ask and look until the time is over; why it is bad, or None."""
        self._look()
        while self.elapsed < seconds:
            began = self.clock()
            self.seen = replace(self.seen, checks=(*self.seen.checks, self._check()))
            if began - self._looked >= LOOK_SECONDS:
                self._look()
                self._read_metrics(began)
                self._progress(seconds)
            if (why := trouble(self.seen, self.own.bake_p95)) and self._is_reachable():
                return why
            if self.world.cancelled(max(0.0, CHECK_SECONDS - (self.clock() - began))):
                raise Cancelled(
                    f"stopped watching {self.service} after {self.elapsed:.0f} of {seconds} s; its new version stays",
                    where="bake",
                    remedy=f"./poe status shows it; ./poe rollback {self.service} goes back",
                )
        return None

    def tell(self, why: str) -> None:
        """The evidence: numbers, stopped tasks and the last log lines."""
        failed = self._fallen()
        own = process_of(self.own, failed[0].container) if failed else self.own
        found = diagnose.gather(
            self.world.aws,
            self.world.settings.cluster,
            own,
            failed=[task for task in failed if task.container in ("", own.name)],
            seen=self.snapshot.workers.get(own.name, self.snapshot),
            unhealthy=diagnose.unhealthy_words(self.snapshot),
        )
        found = replace(found, targets=(*in_words(self.seen), *found.targets))
        cause = Cause("bad_while_baking", why, "the log lines above may say why; correct the application")
        self.world.events.emit("evidence", service=self.service, **diagnose.as_event(found, cause))

    def _check(self) -> Check:
        reply = send(self._where, PATIENCE)
        # What the way from here to the load balancer costs is not the version's.
        took = max(0.0, reply.milliseconds - reply.round_trip)
        return Check(self.clock(), reply.good, reply.text, took)

    def _is_reachable(self) -> bool:
        """Whether the target's API answers; where it does not, the way there failed and not the version."""
        if self._look():
            return True
        self.seen = replace(self.seen, checks=tuple(check for check in self.seen.checks if check.good))
        return False

    def _look(self) -> bool:
        """Whether it is still our version, under our lock, and which of its tasks ended; False for a lost look.

        Raises Superseded, or what became of a version that ECS or CloudFormation gave up.
        """
        self._looked = self.clock()
        try:
            self.world.may_change()
            self.snapshot = self._watcher.look()
        except Transient:
            return False
        judgement = judge_together(self.snapshot, self.goal)
        if judgement.verdict and judgement.verdict is not Verdict.LIVE:
            self.world.proven.discard(self.service)
            unhealthy = diagnose.unhealthy_words(self.snapshot)
            raise ended(self.world, self.service, judgement, seen=self.snapshot, unhealthy=unhealthy)
        if self._known is None:
            self._known = frozenset(task.id for task in tasks_of(self.snapshot) if task.status == "STOPPED")
        self.seen = replace(self.seen, stopped=tuple(map(_words, self._fallen())))
        return True

    def _fallen(self) -> tuple[Task, ...]:
        return tuple(filter(self._is_new_failure, tasks_of(self.snapshot)))

    def _is_new_failure(self, task: Task) -> bool:
        """A task of this version that ran and ended by itself, or was found unhealthy, since it is live."""
        is_ours = task.digest == self.goal.digest and task.status == "STOPPED" and task.started > 0
        return is_ours and has_fallen(task) and task.id not in (self._known or ())

    def _read_metrics(self, now: float) -> None:
        """The numbers of all users; where they cannot be read our own checks have to do, which is said once."""
        start = balancer.first_minute(self.live)
        if not self._reads or now - self._read < METRICS_SECONDS or self.wall() < start:
            return
        self._read = now
        try:
            self._counters = self._counters or self._who_counts()
            if self._counters:
                aws, now = self.world.aws, self.wall()
                several = [balancer.read_minutes(aws, one, start=start, now=now) for one in self._counters]
                self.seen = replace(self.seen, minutes=balancer.merged(several), counter=self._counters[0].name)
        except Transient:
            return
        except SlipwayError as error:
            self._reads = False
            self.world.events.emit("warning", service=self.service, text=f"judged by our own checks alone: {error}")

    def _who_counts(self) -> tuple[Counter, ...]:
        settings = self.world.settings
        if settings.is_behind_gateway(self.own):
            return (balancer.of_gateway(settings.prefix, self.service),)
        stacks, _ = read_stacks(self.world.aws, settings)
        platform, own = stacks.get("platform"), stacks.get(service_key(self.service))
        load_balancer = platform.outputs.get("LoadBalancerArn") if platform else None
        groups = [own.outputs.get(name) for name in TARGET_GROUPS] if own else []
        return tuple(balancer.of_load_balancer(load_balancer, group) for group in groups if load_balancer and group)

    def _progress(self, seconds: int) -> None:
        text = "; ".join((f"baking, {self.elapsed:.0f} of {seconds} s", *in_words(self.seen)))
        self.world.events.emit("progress", stage="verify", service=self.service, text=text)


def _words(task: Task) -> str:
    code = "" if task.exit_code is None else f" (exit code {task.exit_code})"
    return f"task {task.id[:8]} stopped: {task.stopped_reason}{code}"
