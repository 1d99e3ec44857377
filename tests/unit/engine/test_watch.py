"""Watching a rollout: how often it looks, what it tells, when it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from scripts.engine.errors import Cancelled, Failed, Transient
from scripts.engine.model import Verdict
from scripts.engine.rollout import Judgement, Snapshot
from scripts.engine.watch import Watcher
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.moments import BACK, FAILED, GOAL, LIVE, OLD_TASKS, crashed, seen, task
from tests.unit.engine.projects import project

SETTINGS = project()
BEGUN = seen()
HALF = seen(tasks=(*OLD_TASKS, task("n3")))
ROLLED_BACK = seen(deployments=(replace(FAILED, primary=False), BACK), stack_status="UPDATE_COMPLETE")
LOST = Transient("Throttling: Rate exceeded", where="cannot look")


class Watch:
    """A watch over given looks, on a clock that only its own pauses move."""

    def __init__(self, cloud: Cloud, *looks: Snapshot | Exception, stop_after: int = 1000, jitter: float = 0.5) -> None:
        self.now, self.looked, self.stop_after = 0.0, 0, stop_after
        self.told: list[Judgement] = []
        self.pauses: list[float] = []
        self.watcher = Watcher(cloud.aws, SETTINGS, "hello", clock=lambda: self.now, jitter=lambda: jitter)
        self.watcher.look = self._looker(looks)  # type: ignore[method-assign]

    def _looker(self, looks: tuple[Snapshot | Exception, ...]) -> Callable[[], Snapshot]:
        rows: Iterator[Snapshot | Exception] = iter(looks)
        last: list[Snapshot | Exception] = []

        def look() -> Snapshot:
            self.looked += 1
            last[:] = [next(rows, last[0] if last else LIVE)]
            if isinstance(last[0], Exception):
                raise last[0]
            return last[0]

        return look

    def cancelled(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.now += seconds
        return len(self.pauses) >= self.stop_after

    def run(self, timeout: float = 60.0) -> tuple[Judgement, Snapshot]:
        return self.watcher.watch(GOAL, timeout=timeout, tell=self.told.append, cancelled=self.cancelled)

    @property
    def texts(self) -> list[str]:
        return [judgement.text for judgement in self.told]


def test_it_looks_until_there_is_a_verdict(cloud: Cloud) -> None:
    watch = Watch(cloud, BEGUN, HALF, LIVE)
    assert watch.run() == (Judgement("2 of 2 tasks run it, 2 healthy", Verdict.LIVE), LIVE)
    assert watch.looked == 3


def test_only_what_changed_is_told(cloud: Cloud) -> None:
    watch = Watch(cloud, BEGUN, BEGUN, HALF, HALF, HALF, LIVE)
    watch.run()
    assert watch.texts == [
        "0 of 2 tasks run it, 0 healthy",
        "1 of 2 tasks run it, 0 healthy",
        "2 of 2 tasks run it, 2 healthy",
    ]


def test_another_failed_task_is_told_though_the_text_is_the_same(cloud: Cloud) -> None:
    first = seen(tasks=(crashed("n3"),))
    second = seen(tasks=(crashed("n4"),))
    watch = Watch(cloud, first, second, LIVE)
    watch.run()
    assert [tuple(t.id for t in judgement.failed) for judgement in watch.told] == [("n3",), ("n4",), ()]


@pytest.mark.parametrize(("jitter", "pause"), [(0.0, 0.4), (0.5, 0.6), (1.0, 0.8)])
def test_it_looks_about_twice_a_second_with_jitter(cloud: Cloud, jitter: float, pause: float) -> None:
    watch = Watch(cloud, BEGUN, BEGUN, LIVE, jitter=jitter)
    watch.run()
    assert watch.pauses == pytest.approx([pause, pause])


def test_a_verdict_needs_no_pause(cloud: Cloud) -> None:
    watch = Watch(cloud, ROLLED_BACK)
    assert watch.run()[0].verdict is Verdict.ROLLED_BACK
    assert watch.pauses == []


def test_it_ends_when_the_time_is_over_with_what_it_saw_last(cloud: Cloud) -> None:
    watch = Watch(cloud, HALF)
    judgement, snapshot = watch.run(timeout=3.0)
    assert judgement == Judgement("1 of 2 tasks run it, 0 healthy", Verdict.TIMED_OUT)
    assert snapshot == HALF
    assert 3.0 <= watch.now < 4.0


def test_it_looks_at_least_once(cloud: Cloud) -> None:
    assert Watch(cloud, LIVE).run(timeout=0.0)[0].verdict is Verdict.LIVE
    assert Watch(cloud, BEGUN).run(timeout=0.0)[0].verdict is Verdict.TIMED_OUT


def test_a_cancel_leaves_the_rollout_to_ecs(cloud: Cloud) -> None:
    with pytest.raises(Cancelled) as caught:
        Watch(cloud, BEGUN, stop_after=2).run()
    assert (caught.value.what, caught.value.remedy, caught.value.exit_code) == (
        "stopped watching hello; ECS goes on with the rollout",
        "./poe status shows it; ./poe deploy finishes it",
        130,
    )


def test_a_lost_look_is_no_verdict(cloud: Cloud) -> None:
    watch = Watch(cloud, HALF, LOST, LOST, HALF, LIVE)
    assert watch.run()[0].verdict is Verdict.LIVE
    assert watch.texts == [
        "1 of 2 tasks run it, 0 healthy",
        "cannot look: Throttling: Rate exceeded",
        "1 of 2 tasks run it, 0 healthy",
        "2 of 2 tasks run it, 2 healthy",
    ]


def test_looks_that_stay_lost_end_in_time(cloud: Cloud) -> None:
    judgement, _ = Watch(cloud, LOST).run(timeout=2.0)
    assert judgement == Judgement("cannot look: Throttling: Rate exceeded", Verdict.TIMED_OUT)


def test_a_target_that_stays_out_of_reach_is_given_up(cloud: Cloud) -> None:
    watch = Watch(cloud, HALF, LOST)
    with pytest.raises(Transient) as caught:
        watch.run(timeout=600.0)
    assert (caught.value.where, caught.value.what, caught.value.remedy, caught.value.exit_code) == (
        "rollout",
        "hello: no answer for 20 s: Throttling: Rate exceeded",
        "what was begun goes on without us; ./poe deploy looks again and finishes it",
        75,
    )
    assert 20.0 < watch.now < 21.5


def test_one_look_in_between_is_enough_to_go_on(cloud: Cloud) -> None:
    looks = [LOST] * 30 + [HALF] + [LOST] * 30 + [LIVE]
    assert Watch(cloud, *looks).run(timeout=600.0)[0].verdict is Verdict.LIVE


def test_failed_tasks_are_remembered_over_a_lost_look(cloud: Cloud) -> None:
    watch = Watch(cloud, seen(tasks=(crashed("n3"),)), LOST)
    judgement, _ = watch.run(timeout=2.0)
    assert [t.id for t in judgement.failed] == ["n3"]


def test_other_errors_rise(cloud: Cloud) -> None:
    with pytest.raises(Failed, match="expired"):
        Watch(cloud, BEGUN, Failed("expired")).run()


def test_every_look_is_noticed(cloud: Cloud) -> None:
    watch = Watch(cloud, BEGUN, LOST, LIVE)
    noticed: list[Snapshot] = []
    watch.watcher.watch(
        GOAL, timeout=60, tell=lambda judgement: None, cancelled=watch.cancelled, noticed=noticed.append
    )
    assert noticed == [BEGUN, Snapshot(), LIVE]
