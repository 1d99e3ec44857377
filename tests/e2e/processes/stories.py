"""Stories of services with a release command, a worker and a schedule, each on a lane of its own."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.running import Result, until
from tests.e2e.workshop import Lane

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
