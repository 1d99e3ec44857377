"""The tasks of a second version: started, looked at, and what was seen of those that fell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from scripts.engine import diagnose
from scripts.engine.diagnose import Cause
from scripts.engine.errors import RolledBack
from scripts.engine.rollout import Baseline, Goal, Judgement, Snapshot, Task, has_fallen, judge
from scripts.engine.traffic.second import Second
from scripts.engine.world import World, wanted_digest
from settings.model import second_name


class Tasks:
    """The second version of one service as it runs."""

    def __init__(self, world: World, service: str, tag: str) -> None:
        self.world, self.service, self.name = world, service, second_name(service)
        self.own = world.settings.service(service)
        self.second = Second(world.aws, world.settings, service)
        image, digest = world.settings.image(service, tag), wanted_digest(world, service, tag)
        self.goal = Goal(self.name, image, digest, Baseline(), certain=False)
        self.snapshot = Snapshot()
        self.desired = 0
        self._definition = ""
        self._running: dict[str, float] = {}

    def start(self, deployment: str) -> None:
        """Start as many as the main version has now."""
        image, pause = self.goal.image, self.world.cancelled
        self._definition, self.desired = self.second.start(image, deployment=deployment, pause=pause)

    def look(self) -> Judgement:
        """What one look means; good are those that run the wanted image steadily."""
        seen = self.second.look(self._definition, self.goal.image)
        running = [task.id for task in seen.tasks if task.status == "RUNNING"]
        self._running = {task: self._running.get(task, seen.now) for task in running}
        self.snapshot = replace(seen, healthy_since=self._running, steady=self.own.steady)
        return judge(self.snapshot, self.goal)

    @property
    def fallen(self) -> tuple[Task, ...]:
        """Those that ran and ended by themselves."""
        return tuple(task for task in self.snapshot.tasks if self._has_run(task) and has_fallen(task))

    def _has_run(self, task: Task) -> bool:
        return task.status == "STOPPED" and task.task_definition == self._definition and task.started > 0

    def did_not_start(self, why: str, failed: Sequence[Task]) -> RolledBack:
        """The error of a version that never got a request, after its evidence was told."""
        found = self._gathered(failed, () if failed else (why,))
        cause = diagnose.likely_cause(found, self.own)
        self.world.events.emit("evidence", service=self.service, **diagnose.as_event(found, cause))
        return RolledBack(
            f"the second version of {self.service} did not come up: {why}; likely cause: {cause.sentence}",
            where="rollout",
            remedy=f"it got no request. {cause.remedy[0].upper()}{cause.remedy[1:]}, then ./poe deploy",
        )

    def tell(self, failed: Sequence[Task], said: Sequence[str], cause: Cause) -> None:
        """The evidence of a version that turned bad."""
        found = self._gathered(failed, said)
        self.world.events.emit("evidence", service=self.service, **diagnose.as_event(found, cause))

    def _gathered(self, failed: Sequence[Task], said: Sequence[str]) -> diagnose.Evidence:
        aws, cluster = self.world.aws, self.world.settings.cluster
        return diagnose.gather(aws, cluster, self.own, failed=failed, seen=self.snapshot, unhealthy=said)


def in_short(task: Task) -> str:
    """Why a task ended."""
    code = "" if task.exit_code is None else f" (exit code {task.exit_code})"
    return f"task {task.id[:8]} of the new version stopped: {task.stopped_reason}{code}"
