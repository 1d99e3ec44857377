"""Shifts the requests of one service to its second version, watches both there, and goes back.

The traffic item is held, and its beat counted up, from before the second version starts until everything is on the main
version again. Whatever ends a shift before that takes the same way back: all requests to the main version, then the
second one away. Only who lost the service's lock leaves everything as it is: it is another deploy's by then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from scripts.engine.diagnose import Cause
from scripts.engine.errors import Cancelled, RolledBack, SlipwayError, TimedOut, Transient
from scripts.engine.model import Verdict
from scripts.engine.rollout import Judgement
from scripts.engine.traffic.enforcing import Enforced, Gateway, Pause, undisturbed
from scripts.engine.traffic.holding import Holder
from scripts.engine.traffic.judging import Counts, Tally, Window, in_words, missing_health, numbers, trouble
from scripts.engine.traffic.store import TaskReport
from scripts.engine.traffic.tasks import Tasks, in_short
from scripts.engine.watch import LOST_SECONDS
from scripts.engine.world import World

LOOK_SECONDS = 1.0
"""The gateway's tasks report that often while somebody shifts."""
TASKS_SECONDS = 5.0
"""Seconds between two looks at the second version's tasks, while it is watched."""
HEALTH_SECONDS = 30.0
"""How long the gateway may take to find tasks healthy that run steadily."""
MAIN_SECONDS = 120.0
"""How long tasks of the main version that were scaled in are waited for before it gets all requests."""
BACK = "all requests are on the version before"
AGAIN = f"{BACK}; ./poe deploy begins again"

Clock = Callable[[], float]


class Shift:
    """One service while it has two versions."""

    def __init__(
        self, world: World, service: str, tag: str, *, clock: Clock = time.monotonic, pause: Pause = undisturbed
    ) -> None:
        self.world, self.service, self.clock, self.pause = world, service, clock, pause
        self.own = world.settings.service(service)
        self.gateway = Gateway(world.aws, world.settings, clock=clock)
        self.me = world.deployment or ""
        self.holder = Holder(self.gateway.store, service, self.me)
        self.steps: list[dict[str, Any]] = []
        self.went_back: dict[str, Any] | None = None
        self.tasks = Tasks(world, service, tag)
        self.weight = 0
        """The highest that it had."""
        self._tally, self._reference = Tally(), Counts()

    @property
    def facts(self) -> dict[str, Any]:
        """For report and record."""
        return {"steps": self.steps, "went_back": self.went_back}

    def begin(self) -> str:
        """Start the second version and wait until every task of the gateway finds it healthy."""
        self.gateway.demand_tasks()
        self.world.may_change()
        held = self.gateway.store.take(self.service, self.me)
        self.world.undo[self.service] = self.go_back
        self.holder.start()
        self.gateway.await_revision(self.service, held.revision, self.world.cancelled)
        self.world.may_change()
        self.tasks.start(self.me)
        return self._await_good()

    def _await_good(self) -> str:
        begin = looked = self.clock()
        steady, told = float("inf"), ""
        while True:
            self._check()
            try:
                judgement, missing, looked = self.tasks.look(), self._missing(self.tasks.name), self.clock()
            except Transient as error:
                if self.clock() - looked > LOST_SECONDS:
                    raise
                judgement, missing = Judgement(f"cannot look: {error.what}"), "unknown"
            if (text := _state(judgement, missing)) != told:
                self._tell("rollout", told := text)
            if judgement.verdict is Verdict.LIVE and not missing:
                return f"second version: {judgement.text}, healthy at the gateway"
            if judgement.verdict not in (None, Verdict.LIVE):
                raise self.tasks.did_not_start(judgement.text, judgement.failed)
            steady = min(steady, self.clock()) if judgement.verdict else steady
            if self.clock() - steady > HEALTH_SECONDS:
                raise self.tasks.did_not_start(missing, ())
            self._pause_at_start(begin, text)

    def _pause_at_start(self, begin: float, text: str) -> None:
        if self.clock() - begin > self.world.settings.target.rollout_timeout:
            raise TimedOut(f"{self.service}: {text}", where="rollout", remedy=f"{BACK}; ./poe logs {self.service}")
        if self.world.cancelled(LOOK_SECONDS / 2):
            raise Cancelled(f"stopped while the second version of {self.service} started", remedy=AGAIN)

    def _missing(self, version: str) -> str:
        """What the gateway's tasks, each of them, do not find healthy yet."""
        tasks, reports = self.gateway.look()
        return missing_health([_row(reports.get(task), version) for task in tasks], self.tasks.desired)

    def step(self, weight: int, seconds: int) -> str:
        """Give the second version that weight and watch for that long; raises RolledBack when it is bad."""
        self._check()
        self.world.may_change()
        self._hear()
        self._tally = self._tally.afresh()
        enforced = self._give(weight, self.world.cancelled)
        seen = self._watch(Window(weight, reference=self._reference), seconds)
        self.steps.append(numbers(seen, enforced.seconds))
        self._reference = seen.reference
        why = trouble(seen, self.own.bake_p95)
        if why is None:
            return f"{in_words(seen)}, enforced after {enforced.seconds:.2f} s"
        raise self._bad(seen, why)

    def _give(self, weight: int, pause: Pause) -> Enforced:
        """From the write until every task of the gateway does so."""
        begin = self.clock()
        item = self.gateway.store.shift(self.service, self.me, weight)
        self.weight = max(self.weight, weight)
        enforced = self.gateway.await_revision(self.service, item.revision, pause)
        return replace(enforced, seconds=round(self.clock() - begin, 3))

    def _watch(self, seen: Window, seconds: int) -> Window:
        """Until the time is over, or it is bad."""
        begin = looked = heard = self.clock()
        while True:
            self._check()
            try:
                missing = self._hear()
                if self.clock() - looked >= TASKS_SECONDS:
                    self._look_under_lock()
                    looked = self.clock()
                heard = self.clock()
            except Transient:
                if self.clock() - heard > LOST_SECONDS:
                    raise
                missing = ""
            seen = seen.counted(self._tally.of(self.service), self._tally.of(self.tasks.name))
            seen = seen.lacking(missing, tuple(map(in_short, self.tasks.fallen)))
            elapsed = self.clock() - begin
            self._tell("verify", f"{in_words(seen)}; {elapsed:.0f} of {seconds} s")
            if elapsed >= seconds or trouble(seen, self.own.bake_p95):
                return seen
            if self.world.cancelled(min(LOOK_SECONDS, seconds - elapsed)):
                raise Cancelled(f"stopped with {in_words(seen)}", where="traffic", remedy=AGAIN)

    def _look_under_lock(self) -> None:
        self.world.may_change()
        self.tasks.look()

    def _hear(self) -> str:
        """Count what the gateway's tasks report; what those that know the second version lack of its health."""
        _, reports = self.gateway.look()
        for task, report in reports.items():
            self._tally = self._tally.heard(task, report.versions)
        rows = [report.versions[self.tasks.name] for report in reports.values() if self.tasks.name in report.versions]
        return missing_health(rows, self.tasks.desired) if rows else ""

    def _bad(self, seen: Window, why: str) -> RolledBack:
        """Back at once; the evidence is gathered when no request goes there any more."""
        what = f"{self.service} turned bad with {seen.weight} % of the requests: {why}"
        try:
            self._note(why, self._give(0, self.pause).seconds)
        except (Transient, TimedOut) as lost:
            raise type(lost)(f"{what}; and {lost.what}", where="traffic", remedy=lost.remedy) from lost
        cause = Cause("bad_while_shifting", why, "the log lines above may say why; correct the application")
        self.tasks.tell(self.tasks.fallen, (in_words(seen),), cause)
        return RolledBack(what, where="traffic", remedy=f"{BACK}; correct the application, then ./poe deploy")

    def finish(self) -> str:
        """All requests to the main version, which is the new one by now; then the second one away."""
        self._check()
        self.world.may_change()
        self._strengthen_main()
        seconds = self._close()
        self.world.undo.pop(self.service, None)
        return f"all requests on the main version after {seconds:.2f} s; the second one is retired"

    def _strengthen_main(self) -> None:
        """Autoscaling may have taken tasks from the main version while it had no requests: it gets them back first."""
        if self.tasks.second.raise_main(self.tasks.desired):
            self._tell("verify", f"the main version gets its {self.tasks.desired} tasks back")
        end = self.clock() + MAIN_SECONDS
        while self._missing(self.service) and self.clock() < end:
            if self.world.cancelled(LOOK_SECONDS / 2):
                raise Cancelled("stopped before the last shift", remedy="./poe status shows what runs")

    def go_back(self, error: SlipwayError) -> None:
        """The same for a shift that ended early."""
        lock = self.world.lock
        if self.holder.is_lost or (lock is not None and lock.loss is not None):
            self.holder.stop()
            return
        try:
            with self.world.events.stage("update", self.service, "all requests to the main version") as told:
                self.world.may_change()
                seconds = self._close()
                self.tasks.second.raise_main(self.tasks.desired)
                told["text"] = f"all requests on the main version after {seconds:.2f} s; the second one is gone"
            self._note(error.what, seconds)
        except SlipwayError as lost:
            text = f"its second version may be left: {lost}; the gateway soon sends nothing there by itself"
            self.world.events.emit("warning", service=self.service, text=f"{text}, ./poe deploy takes it away")
        finally:
            self.holder.stop()

    def _close(self) -> float:
        """Seconds until every gateway task sent nothing more to the second version."""
        enforced = self._give(0, self.pause)
        if self.weight:
            self.pause(self.own.deregistration_delay)  # requests under way may end, as behind the load balancer
        self.tasks.second.retire()
        self.holder.stop()
        self.gateway.store.release(self.service, self.me)
        return enforced.seconds

    def _note(self, why: str, seconds: float) -> None:
        self.went_back = self.went_back or {"why": why, "weight": self.weight, "seconds": round(seconds, 3)}

    def _check(self) -> None:
        """Raise when another deploy has the traffic or the lock."""
        self.holder.check()
        if self.world.lock is not None and self.world.lock.loss is not None:
            raise self.world.lock.loss

    def _tell(self, stage: str, text: str) -> None:
        self.world.events.emit("progress", stage=stage, service=self.service, text=text)


def _row(report: TaskReport | None, version: str) -> dict[str, Any]:
    return dict(report.versions.get(version, {})) if report else {}


def _state(judgement: Judgement, missing: str) -> str:
    return f"{judgement.text}; {missing}" if judgement.verdict and missing else judgement.text
