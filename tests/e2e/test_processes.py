"""Release commands and workers: what runs once before a version, and what comes live and goes back with it."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.project import Project
from tests.e2e.running import Result, until
from tests.e2e.workshop import SERVICE, Lane, Workshop

CLUSTER = "slipway-local"
MORE = """desired = 1
min = 1
max = 1
release = "python3 work.py release"
release_timeout = 30

[services.{name}.workers.mailer]
command = "python3 work.py worker"

[services.{name}.schedules.nightly]
command = "python3 work.py schedule"
schedule = "cron(0 3 * * ? *)"
"""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A cloud with services that have a release command, a worker and a schedule."""
    made = Workshop(Project.copy(tmp_path_factory.mktemp("processes")), ("amber", "birch", "cedar"), MORE)
    try:
        opened = made.open()
        assert opened.report["verdict"] == "live", opened
        yield made
    finally:
        made.pool.shutdown(cancel_futures=True)
        made.project.remove()


def release_tasks(lane: Lane) -> list[dict[str, Any]]:
    """Tasks of the lane's release command, oldest first."""
    ecs, family = lane.project.client("ecs"), f"slipway-local-{lane.name}-release"
    arns = [
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(cluster=CLUSTER, family=family, desiredStatus=status)["taskArns"]
    ]
    found = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
    return sorted(found, key=lambda task: task["createdAt"])


def runs_of(lane: Lane, tag: str) -> list[dict[str, Any]]:
    """Release tasks of one version."""
    return [task for task in release_tasks(lane) if task["containers"][0]["image"].endswith(f":{tag}")]


def worker_digests(lane: Lane) -> set[str]:
    """Image digests of the running tasks of the worker."""
    tasks = lane.project.tasks(f"{lane.name}-mailer")
    return {task["containers"][0].get("imageDigest", "") for task in tasks if task["lastStatus"] == "RUNNING"}


def update_texts(result: Result) -> list[str]:
    """What the steps of stage `update` said, in order."""
    return [event["text"] for event in result.kind("stage_done") if event["stage"] == "update" and event["service"]]


# ------------------------------------------------------------------------ stories, each on a lane of its own


@dataclass(frozen=True)
class Found:
    """What a story saw."""

    results: tuple[Result, ...]
    before: str
    held: str
    runs: tuple[int, ...]
    """How many release tasks each version had, in the order of the results."""
    misses: int
    versions: set[str]
    web: set[str]
    worker: set[str]


def story(lane: Lane, *acts: Callable[[Lane], Result]) -> Found:
    """Play the acts while the service is asked."""
    before = lane.tag
    with lane.observed() as seen:
        results = tuple(act(lane) for act in acts)
    return Found(
        results=results,
        before=before,
        held=lane.tag,
        runs=tuple(len(runs_of(lane, tag_of(result, lane))) for result in results),
        misses=len(seen.misses),
        versions=seen.versions,
        web=lane.digests(),
        worker=worker_digests(lane),
    )


def tag_of(result: Result, lane: Lane) -> str:
    """The tag of the plan that was carried out: the last, where another one was made under the lock."""
    return str(result.kind("plan")[-1]["services"][lane.name]["image_tag"])


def deploys(mode: str) -> Callable[[Lane], Result]:
    """Deploy a new version of that mode."""

    def act(lane: Lane) -> Result:
        lane.make(mode)
        return lane.deploy(expect=None)

    return act


def again(lane: Lane) -> Result:
    """Deploy what is there."""
    return lane.deploy(expect=None)


def with_a_setting(lane: Lane) -> Result:
    """Deploy the same version with another environment."""
    lane.change_setting()
    return lane.deploy(expect=None)


def stopped(mode: str, number: signal.Signals) -> Callable[[Lane], Result]:
    """Deploy a new version, and stop the deploy while its release command runs."""

    def act(lane: Lane) -> Result:
        lane.make(mode)
        command = lane.start()
        command.wait_for(lambda event: event["event"] == "notice" and event["code"] == "release")
        until(lambda: [task["lastStatus"] for task in release_tasks(lane)], lambda found: found[-1:] == ["RUNNING"], 30)
        command.send(number)
        return command.finish(expect=None)

    return act


def when_it_has_ended(lane: Lane) -> Result:
    """Deploy what is there once no release command runs."""
    until(lambda: [task["lastStatus"] for task in release_tasks(lane)], lambda found: set(found) == {"STOPPED"}, 60)
    return lane.deploy(expect=None)


STORIES: Mapping[str, tuple[Callable[[Lane], Result], ...]] = {
    "once": (deploys("fine"), again, with_a_setting),
    "fails": (deploys("release-fails"), again, deploys("fine")),
    "hangs": (deploys("release-hangs"), deploys("fine")),
    "killed": (stopped("release-slow", signal.SIGKILL), again),
    "killed-late": (stopped("release-slow", signal.SIGKILL), when_it_has_ended),
    "cancelled": (stopped("release-slow", signal.SIGINT), again),
    "overtaken": (stopped("release-slow", signal.SIGKILL), deploys("fine"), when_it_has_ended),
    "worker-crash": (deploys("worker-crash"), deploys("fine")),
    "worker-dies": (deploys("worker-dies"), deploys("fine")),
    "web-crash": (deploys("crash"), deploys("fine")),
}


@pytest.fixture(scope="module")
def stories(workshop: Workshop, request: pytest.FixtureRequest) -> Mapping[str, Future[Found]]:
    """Every chosen story, side by side."""
    chosen = [name for name in STORIES if any(f"[{name}]" in item.name for item in request.session.items)]
    futures = workshop.side_by_side(chosen, lambda lane, name: story(lane, *STORIES[name]))
    return dict(zip(chosen, futures, strict=True))


@pytest.fixture
def found(request: pytest.FixtureRequest, stories: Mapping[str, Future[Found]]) -> Found:
    """The story that the test was chosen with."""
    return stories[request.param].result()


def told(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("found", [name], indirect=True)


def assert_live(found: Found) -> None:
    """The last version serves, in the worker too, and nobody went without an answer."""
    last = found.results[-1].report
    assert last["verdict"] == "live", found.results[-1]
    row = next(row for row in last["services"].values() if row["verdict"] == "live")
    assert (found.held, found.web, found.worker) == (row["image_tag"], {row["digest"]}, {row["digest"]})


def assert_untouched(found: Found) -> None:
    """Until the last deploy, nothing but the version from before answered."""
    assert found.misses == 0
    assert found.versions <= {found.before, found.held}


@told("once")
def test_it_runs_once_a_version(found: Found) -> None:
    first, second, third = found.results
    assert first.report["verdict"] == "live", first
    release, update = update_texts(first)
    assert release == "release command: exit code 0"
    assert update.startswith("ImageTag src-")
    assert second.report["verdict"] == "unchanged", second
    assert second.report["mutating_calls"] == 0
    assert third.report["path"] == "full"
    assert any(text.startswith("release command: ran in 20") for text in update_texts(third)), update_texts(third)
    assert found.runs == (1, 1, 1)
    assert found.misses == 0
    assert_live(found)


@told("fails")
def test_one_that_fails_stops_the_deploy_with_its_log(found: Found) -> None:
    for failed in found.results[:2]:
        assert (failed.code, failed.report["verdict"]) == (4, "failed"), failed
        assert failed.error["what"].endswith("the release command ended with exit code 3")
        assert "relation users exists already" in failed.only("evidence")["logs"]
        assert len(update_texts(failed)) == 1
    assert found.runs == (2, 2, 1), "what failed runs again, what succeeded does not"
    assert_untouched(found)
    assert_live(found)


@told("hangs")
def test_one_that_hangs_is_stopped(found: Found) -> None:
    hung = found.results[0]
    assert (hung.code, hung.report["verdict"]) == (7, "timed_out"), hung
    assert "did not end within its release_timeout of 30 s" in hung.error["what"]
    assert any("step 2" in line for line in hung.only("evidence")["logs"])
    assert_untouched(found)
    assert_live(found)


@told("killed")
def test_the_next_deploy_waits_for_that_of_a_killed_one(found: Found) -> None:
    killed, finished = found.results
    assert killed.code == -signal.SIGKILL
    assert finished.report["verdict"] == "live", finished
    assert update_texts(finished)[0] == "release command: exit code 0"
    assert found.runs == (1, 1)
    assert_untouched(found)
    assert_live(found)


@told("killed-late")
def test_one_that_ended_after_its_deploy_was_killed_is_not_repeated(found: Found) -> None:
    finished = found.results[-1]
    assert update_texts(finished)[0].startswith("release command: ran in 20")
    assert found.runs == (1, 1)
    assert_live(found)


@told("cancelled")
def test_a_cancel_leaves_it_running(found: Found) -> None:
    cancelled, finished = found.results
    assert (cancelled.code, cancelled.report["verdict"]) == (130, "stopped"), cancelled
    assert "goes on as task" in cancelled.error["what"]
    assert "--process release" in cancelled.error["remedy"]
    assert finished.report["verdict"] == "live", finished
    assert found.runs == (1, 1)
    assert_untouched(found)
    assert_live(found)


@told("overtaken")
def test_another_version_does_not_run_beside_it(found: Found) -> None:
    refused = found.results[1]
    assert (refused.code, refused.error["exit_code"]) == (3, 3), refused
    assert "the release command of another version" in refused.error["what"]
    assert "aws ecs stop-task --cluster slipway-local --task " in refused.error["remedy"]
    assert_untouched(found)
    assert_live(found)


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
def newborn(workshop: Workshop, stories: Mapping[str, Future[Found]]) -> tuple[Lane, Result, bool, Result]:
    """A service whose very first release command fails, what there is of it then, and its second deploy."""
    for future in stories.values():
        future.exception()
    lane = Lane(workshop.project, "newborn")
    lane.make("release-fails")
    known = workshop.project.read("slipway.toml")
    workshop.project.write("slipway.toml", known + (SERVICE + MORE).format(name=lane.name, port=8190))
    failed = lane.deploy(expect=None)
    ecs = workshop.project.client("ecs")
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
