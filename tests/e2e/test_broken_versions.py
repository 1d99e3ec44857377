"""Versions that cannot serve: each ends in its verdict with its likely cause, and the old version goes on serving."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

import pytest

from tests.e2e.observer import Answer
from tests.e2e.running import Event, Result
from tests.e2e.workshop import Lane, Workshop

PROMISE, NOISE = 15.0, 10.0
"""Seconds from the update to the evidence, and what busy machines get on top."""
FOREIGN = struct.pack("<4sBBBB8xHHI", b"\x7fELF", 2, 1, 1, 0, 2, 0xB7, 1).ljust(120, b"\0")
"""The header of an ELF program for AArch64. Source: elf.h, EM_AARCH64."""
NO_COMMAND = 'FROM python:3.11-slim-bookworm\nCOPY mode /\nCMD ["no-such-command"]\n'
NO_BUILD = "FROM python:3.11-slim-bookworm\nCOPY mode /\nRUN echo the compiler is missing && false\n"
SCRATCH = 'FROM scratch\nCOPY mode program /\nCMD ["/program"]\n'


@dataclass(frozen=True)
class Case:
    """A way to break a version and what must come of it."""

    name: str
    breaks: Callable[[Lane], None]
    cause: str
    sentence: str
    lossless: bool = True
    """Whether no request may be lost; false where the new version is healthy before it dies."""


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    before: str
    result: Result
    held: str
    digests: set[str]
    misses: list[Answer]
    versions: set[str]
    afterwards: list[Answer]
    healed: Result


def mode(name: str) -> Callable[[Lane], None]:
    """Break the application."""
    return lambda lane: lane.make(name)


def dying(lane: Lane) -> None:
    """Healthy at first, and dead before it is steady."""
    lane.steady(10)
    lane.make("dies")


def dockerfile(text: str) -> Callable[[Lane], None]:
    """Break the image."""
    return lambda lane: lane.make(dockerfile=text)


def foreign(lane: Lane) -> None:
    """A program of another processor architecture."""
    lane.make(dockerfile=SCRATCH)
    program = lane.project.root / "lanes" / lane.name / "program"
    program.write_bytes(FOREIGN)
    program.chmod(0o755)


CASES = (
    Case("crash", mode("crash"), "crash_at_start", "ends by itself soon after it starts (exit code 1)"),
    Case("command", dockerfile(NO_COMMAND), "missing_command", "the container's command cannot be started"),
    Case("port", mode("port"), "wrong_port", "nothing answers on port"),
    Case("missing", mode("404"), "health_path", "the health check /health is answered with 404"),
    Case("error", mode("500"), "health_path", "the health check /health is answered with 500"),
    Case("dies", dying, "crash_at_start", "ends by itself soon after it starts (exit code 1)", lossless=False),
    Case("memory", mode("memory"), "out_of_memory", "the container needs more than the 512 MiB that the task has"),
    Case("foreign", foreign, "wrong_architecture", "built for another processor architecture"),
)


@pytest.fixture(scope="module")
def outcomes(workshop: Workshop, request: pytest.FixtureRequest) -> Mapping[str, Future[Outcome]]:
    """Every chosen case, run side by side."""
    chosen = workshop.chosen(request)
    return dict(zip([case.name for case in chosen], workshop.side_by_side(chosen, break_and_heal), strict=True))


def break_and_heal(lane: Lane, case: Case) -> Outcome:
    """Deploy the broken version, look, deploy a good one."""
    before = lane.tag
    case.breaks(lane)
    with lane.observed() as seen:
        result = lane.deploy(expect=None)
        held, digests, afterwards = lane.tag, lane.digests(), lane.answers()
    lane.steady(1)
    lane.make()
    healed = lane.deploy(expect=None)
    return Outcome(before, result, held, digests, seen.misses, seen.versions, afterwards, healed)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_broken_version_is_rolled_back(case: Case, outcomes: Mapping[str, Future[Outcome]]) -> None:
    found = outcomes[case.name].result()
    result = found.result
    assert (result.code, result.report["verdict"]) == (5, "rolled_back"), result
    evidence = result.only("evidence")
    assert (evidence["cause"], case.sentence in evidence["sentence"]) == (case.cause, True), evidence
    assert result.events.index(evidence) < result.events.index(result.report)
    assert since_update(result, evidence) < PROMISE + NOISE
    assert case.sentence in result.error["what"]
    assert "the previous version serves" in result.error["remedy"]
    assert found.held == found.before
    assert {answer.version for answer in found.afterwards} == {found.before}, found.afterwards
    assert len(found.digests) == 1
    assert found.before in found.versions
    assert not (case.lossless and found.misses), found.misses
    assert not case.lossless or found.versions == {found.before}
    assert found.healed.code == 0, found.healed
    assert found.healed.report["verdict"] == "live"


def since_update(result: Result, evidence: Event) -> float:
    """Seconds from the change to the evidence."""
    update = next(event for event in result.kind("stage") if event["stage"] == "update")
    return float(evidence["at"] - update["at"])


def test_what_the_application_said_is_part_of_the_evidence(outcomes: Mapping[str, Future[Outcome]]) -> None:
    evidence = outcomes["crash"].result().result.only("evidence")
    assert "the database password is missing" in evidence["logs"]
    assert evidence["tasks"][0]["exit_code"] == 1


def test_a_dockerfile_that_does_not_build_changes_nothing(workshop: Workshop) -> None:
    with workshop.lane() as lane:
        before, arns = lane.tag, {task["taskArn"] for task in lane.project.tasks(lane.name)}
        lane.make(dockerfile=NO_BUILD)
        with lane.observed() as seen:
            result = lane.deploy(expect=4)
        assert result.report["verdict"] == "failed"
        assert result.error["where"] == f"build {lane.name}"
        assert "Dockerfile" in result.error["remedy"]
        assert "the compiler is missing" in "\n".join(result.only("evidence")["logs"])
        assert "nothing was deployed" in result.error["remedy"]
        assert lane.tag == before
        assert {task["taskArn"] for task in lane.project.tasks(lane.name)} == arns
        assert seen.versions == {before}
        assert not seen.misses
        lane.make()
        assert lane.deploy().report["verdict"] == "live"
