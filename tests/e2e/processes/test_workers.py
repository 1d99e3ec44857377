"""Workers and schedules: what comes live and goes back with a version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Future

import pytest

from tests.e2e.processes.stories import CLUSTER, MORE, Found, assert_live, assert_untouched, told
from tests.e2e.running import Result
from tests.e2e.workshop import SERVICE, Lane, Workshop


@pytest.mark.parametrize("found", ["worker-crash", "worker-dies"], indirect=True)
def test_a_worker_that_does_not_stay_up_takes_the_whole_service_back(found: Found) -> None:
    broken = found.results[0]
    assert (broken.code, broken.report["verdict"]) == (5, "rolled_back"), broken
    evidence = broken.only("evidence")
    assert evidence["process"].endswith("-mailer")
    assert evidence["cause"] == "crash_at_start"
    assert any("the queue" in line for line in evidence["logs"]), evidence
    assert "-mailer: " in broken.error["what"]
    assert_live(found)


@told("web-crash")
def test_a_service_that_does_not_come_up_takes_its_worker_back(found: Found) -> None:
    broken = found.results[0]
    assert (broken.code, broken.report["verdict"]) == (5, "rolled_back"), broken
    assert broken.only("evidence")["process"] == next(iter(broken.report["services"]))
    assert_untouched(found)
    assert_live(found)


@pytest.fixture(scope="module")
def newborn(processes: Workshop, stories: Mapping[str, Future[Found]]) -> tuple[Lane, Result, bool, Result]:
    """A service whose very first release command fails, what there is of it then, and its second deploy."""
    for future in stories.values():
        future.exception()
    lane = Lane(processes.project, "newborn")
    lane.make("release-fails")
    known = processes.project.read("slipway.toml")
    processes.project.write("slipway.toml", known + (SERVICE + MORE).format(name=lane.name, port=8190))
    failed = lane.deploy(expect=None)
    ecs = processes.project.client("ecs")
    exists = any(
        row["status"] == "ACTIVE" for row in ecs.describe_services(cluster=CLUSTER, services=[lane.name])["services"]
    )
    lane.make()
    return lane, failed, exists, lane.deploy(expect=None)


def test_before_the_first_version_there_is_nothing_but_the_command(newborn: tuple[Lane, Result, bool, Result]) -> None:
    lane, failed, exists, live = newborn
    assert (failed.code, failed.report["path"]) == (4, "full"), failed
    assert "relation users exists already" in failed.only("evidence")["logs"]
    assert not exists
    assert live.report["verdict"] == "live", live
    assert lane.answers(1)[0].version == lane.tag


def test_status_shows_workers_and_schedules(newborn: tuple[Lane, Result, bool, Result]) -> None:
    lane = newborn[0]
    row = json.loads(lane.project.run("status", "--json").out)["services"][lane.name]
    assert row["workers"]["mailer"]["state"] == "1 of 1 task"
    assert row["schedules"] == {"nightly": {"schedule": "cron(0 3 * * ? *)", "state": "ENABLED"}}
    text = lane.project.run("status").out
    assert "worker mailer: 1 of 1 task" in text
    assert "schedule nightly: cron(0 3 * * ? *), enabled" in text


def test_the_lines_of_one_process(newborn: tuple[Lane, Result, bool, Result]) -> None:
    lane = newborn[0]
    release = lane.project.run("logs", lane.name, "--process", "release").out
    assert f"migrating to {lane.tag}" in release
    worker = lane.project.run("logs", lane.name, "--process", "mailer").out
    assert f"mailer worker of {lane.tag}" in worker
    assert "migrating" not in worker
    unknown = lane.project.run("logs", lane.name, "--process", "nope", expect=2)
    assert "processes: web, mailer, nightly, release" in unknown.err
