"""A deploy that is stopped in any of its stages: one version serves, and the next deploy finishes."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

import pytest

from scripts.engine.events import STAGES
from tests.e2e.observer import Answer
from tests.e2e.running import Event, Result
from tests.e2e.workshop import Lane, Workshop

INT, TERM, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGKILL
CANCELLED = 130


@dataclass(frozen=True)
class Case:
    """Which signal, and at the beginning of which stage; of the full path's two updates the second, `cdk deploy`."""

    number: signal.Signals
    stage: str
    full: bool = False
    """Whether settings changed too, so that the whole of synthesis and `cdk deploy` takes part."""

    @property
    def name(self) -> str:
        """Name of the test."""
        return f"{self.number.name}-{self.stage}{'-full' if self.full else ''}"


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    before: str
    killed: Result
    settled: list[Answer]
    """Answers once ECS had nothing more to do; empty where the next deploy came at once."""
    finished: Result
    wanted: str
    held: str
    digests: set[str]
    misses: list[Answer]
    versions: set[str]
    afterwards: list[Answer]


CASES = (
    *(Case(INT, stage) for stage in STAGES),
    *(Case(KILL, stage) for stage in STAGES),
    Case(TERM, "push"),
    Case(TERM, "rollout"),
    Case(INT, "update", full=True),
    Case(KILL, "update", full=True),
    Case(KILL, "rollout", full=True),
)


@pytest.fixture(scope="module")
def outcomes(workshop: Workshop, request: pytest.FixtureRequest) -> Mapping[str, Future[Outcome]]:
    """Every chosen case, run side by side."""
    chosen = workshop.chosen(request)
    return dict(zip([case.name for case in chosen], workshop.side_by_side(chosen, kill_and_finish), strict=True))


def kill_and_finish(lane: Lane, case: Case) -> Outcome:
    """Stop a deploy of a new version, then deploy again.

    After a SIGKILL the next deploy comes at once, whatever the killed one left running.
    """
    before = lane.tag
    lane.make()
    if case.full:
        lane.change_setting()
    with lane.observed() as seen:
        command = lane.start()
        command.wait_for(begins(case))
        command.send(case.number)
        killed = command.finish(expect=None)
        settled = [] if case.number is KILL else lane.settled_answers()
        finished = lane.deploy(expect=None)
    wanted = finished.report["services"][lane.name]["image_tag"]
    return Outcome(
        before=before,
        killed=killed,
        settled=settled,
        finished=finished,
        wanted=wanted,
        held=lane.tag,
        digests=lane.digests(),
        misses=seen.misses,
        versions=seen.versions,
        afterwards=lane.answers(),
    )


def begins(case: Case) -> Callable[[Event], bool]:
    """Whether an event is the awaited one, asked of every event once."""
    left = 2 if case.full and case.stage == "update" else 1

    def wanted(event: Event) -> bool:
        nonlocal left
        left -= bool(event["event"] == "stage" and event["stage"] == case.stage)
        return left == 0

    return wanted


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_version_serves_and_the_next_deploy_finishes(case: Case, outcomes: Mapping[str, Future[Outcome]]) -> None:
    found = outcomes[case.name].result()
    assert_stopped(case, found.killed)
    assert not found.misses, found.misses
    assert found.versions <= {found.before, found.wanted}
    assert found.before != found.wanted
    if case.number is not KILL:
        assert len({answer.version for answer in found.settled}) == 1, found.settled
    assert found.finished.code == 0, found.finished
    assert found.finished.report["verdict"] in ("live", "unchanged")
    assert found.held == found.wanted
    assert found.digests == {next(iter(found.finished.report["services"].values()))["digest"]}
    assert {answer.version for answer in found.afterwards} == {found.wanted}


def assert_stopped(case: Case, killed: Result) -> None:
    """A killed command says nothing more; a stopped one says so, and how to go on."""
    plan = killed.kind("plan")
    assert not plan or plan[0]["path"] == ("full" if case.full else "fast"), plan
    if case.stage == "verify" and killed.code == 0:
        return  # Three answers came before the signal.
    if case.number is KILL:
        assert killed.code == -KILL
        return
    assert killed.code == CANCELLED, killed
    assert "Traceback" not in killed.err
    assert killed.error["remedy"]
    assert not killed.kind("report") or killed.report["verdict"] == "stopped"
