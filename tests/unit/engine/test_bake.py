"""Watching a live version: what is asked and looked at, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine import bake as baking
from scripts.engine import way_back
from scripts.engine.bake import Clocks, bake
from scripts.engine.errors import Cancelled, Failed, RolledBack, SlipwayError, Superseded, TimedOut, Transient
from scripts.engine.events import Event
from scripts.engine.model import Verdict
from scripts.engine.request import Reply
from scripts.engine.rollout import Baseline, Deployment, Judgement, Snapshot
from scripts.engine.world import World
from tests.unit.engine.clouds import Cloud, Refusal
from tests.unit.engine.endings import told, updating
from tests.unit.engine.moments import BEFORE, LIVE, OTHER_TD, crashed, seen
from tests.unit.engine.projects import REGISTRY

GOOD, BAD = Reply("ok", "HTTP 200", 9.0, 2.0), Reply("5xx", "HTTP 500", 9.0, 2.0)
IMAGES = {definition: f"{REGISTRY}/shop-staging/{image.partition('/')[2]}" for definition, image in LIVE.images.items()}
STEADY = replace(LIVE, images=IMAGES, tasks=tuple(replace(task, digest="sha256:hello") for task in LIVE.tasks))
DIED = replace(STEADY, tasks=(*STEADY.tasks, replace(crashed("n9"), digest="sha256:hello")))


class Watch:
    """Clock, answers and looks of one bake; waiting takes no time."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.replies, self.looks = 1000.0, [GOOD], [STEADY]
        self.errors: list[SlipwayError | None] = []
        self.ending = Verdict.LIVE
        self.restored: list[Baseline] = []
        self.clocks = Clocks(lambda: self.now, lambda: self.now)
        monkeypatch.setattr(world, "cancelled", self.wait)
        monkeypatch.setattr(baking, "send", lambda where, timeout: self.next(self.replies))
        for module in (baking, way_back):
            monkeypatch.setattr(module, "Watcher", lambda *_: self)
        monkeypatch.setattr(way_back, "restore", lambda world, service, before: self.restored.append(before))

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False

    @staticmethod
    def next(rows: list[Any]) -> Any:
        return rows.pop(0) if len(rows) > 1 else rows[0]

    def look(self) -> Snapshot:
        if self.errors and (error := self.errors.pop(0)):
            raise error
        found: Snapshot = self.next(self.looks)
        return found

    def watch(self, *_: object, tell: Callable[[Judgement], None], **__: object) -> tuple[Judgement, Snapshot]:
        tell(Judgement("2 of 2 tasks run it"))
        return Judgement("", self.ending), STEADY


@pytest.fixture
def world(cloud: Cloud, heard: list[Event]) -> World:
    made = updating(cloud, heard)
    made.load_balancer = "http://lb"
    made.digests["hello"] = "sha256:hello"
    made.proven.add("hello")
    cloud.answers["cloudwatch:GetMetricData"] = {"MetricDataResults": []}
    return made


@pytest.fixture
def watch(world: World, monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(world, monkeypatch)


def baked(world: World, watch: Watch, seconds: int = 30) -> str:
    return bake(world, "hello", "src-new", seconds, clocks=watch.clocks)


def test_good_to_the_end(world: World, watch: Watch, heard: list[Event]) -> None:
    assert baked(world, watch) == "good for 30 s; 30 checks, 0 failed, p95 7 ms"
    assert world.bakes["hello"]["seconds"] == world.bakes["hello"]["of"] == 30
    assert (world.proven, watch.restored) == ({"hello"}, [])
    assert [event["code"] for event in told(heard, "notice")] == ["baking"]
    assert told(heard, "progress")[-1]["text"].startswith("baking, 25 of 30 s; 26 checks")


def test_bad_is_told_and_taken_back(world: World, watch: Watch, heard: list[Event]) -> None:
    watch.replies = [GOOD] * 5 + [BAD]
    with pytest.raises(RolledBack) as caught:
        baked(world, watch)
    assert caught.value.what == "hello turned bad 7 s after it was live: 3 checks in a row failed: HTTP 500"
    assert caught.value.remedy.startswith("src-old serves again. ")
    assert (watch.restored, world.proven) == ([BEFORE], set())
    (evidence,) = told(heard, "evidence")
    assert (evidence["cause"], evidence["targets"][0]) == ("bad_while_baking", "8 checks, 3 failed, p95 7 ms")
    assert world.bakes["hello"]["trouble"] == "3 checks in a row failed: HTTP 500"


@pytest.mark.parametrize(
    ("ending", "kind"), [(Verdict.TIMED_OUT, TimedOut), (Verdict.FAILED, Failed), (Verdict.SUPERSEDED, Superseded)]
)
def test_a_version_before_that_does_not_come_up(
    world: World, watch: Watch, ending: Verdict, kind: type[SlipwayError]
) -> None:
    watch.replies, watch.ending = [BAD], ending
    with pytest.raises(kind):
        baked(world, watch)


def test_a_way_back_that_is_cut_off_says_what_may_still_run(
    world: World, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise Transient("the network is down")

    monkeypatch.setattr(way_back, "restore", cut)
    watch.replies = [BAD]
    with pytest.raises(Transient, match="it may not have been taken back: the network is down") as caught:
        baked(world, watch)
    assert "./poe rollback hello" in caught.value.remedy


def test_a_stack_that_still_drains_is_waited_for(
    world: World, watch: Watch, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    moving = ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]
    row = {"StackName": "shop-staging-service-hello", "CreationTime": 0, "Parameters": []}
    cloud.answers["cloudformation:DescribeStacks"] = [{"Stacks": [{**row, "StackStatus": status}]} for status in moving]
    watch.replies = [BAD]
    with pytest.raises(RolledBack):
        baked(world, watch)
    assert len(cloud.parameters("cloudformation:DescribeStacks")) == 3
    assert watch.restored == [BEFORE]


def test_a_first_version_has_nowhere_to_go(world: World, watch: Watch, cloud: Cloud) -> None:
    cloud.answers["dynamodb:Query"] = {"Items": []}
    world.baselines["hello"] = Baseline()
    watch.replies = [BAD]
    with pytest.raises(Failed, match="there is no earlier version to go back to, so it still runs"):
        baked(world, watch)
    assert watch.restored == []


def test_a_task_that_ends_by_itself(world: World, watch: Watch, heard: list[Event]) -> None:
    watch.looks = [STEADY, DIED]
    with pytest.raises(RolledBack, match=r"task n9 stopped: Essential container in task exited \(exit code 1\)"):
        baked(world, watch)
    assert told(heard, "evidence")[0]["logs"] == ["KeyError: 'X'"]


def test_one_that_had_ended_before_it_was_live_does_not_count(world: World, watch: Watch) -> None:
    watch.looks = [DIED]
    assert baked(world, watch).startswith("good for 30 s")


def test_one_that_ecs_scaled_away_does_not_count(world: World, watch: Watch) -> None:
    gone = replace(
        crashed("n9"), digest="sha256:hello", stop_code="ServiceSchedulerInitiated", stopped_reason="Scaling"
    )
    watch.looks = [STEADY, replace(STEADY, tasks=(*STEADY.tasks, gone))]
    assert baked(world, watch).startswith("good for 30 s")


def test_another_deploy_takes_over(world: World, watch: Watch) -> None:
    other = Deployment("d9", primary=True, task_definition=OTHER_TD)
    watch.looks = [STEADY, replace(seen(deployments=(other,)), images=IMAGES)]
    with pytest.raises(Superseded, match="another deploy took over with src-other"):
        baked(world, watch)
    assert watch.restored == []


def test_a_look_that_fails_is_no_verdict(world: World, watch: Watch) -> None:
    watch.errors = [Transient("throttled"), Transient("throttled")]
    assert baked(world, watch).startswith("good for 30 s")


def test_a_network_that_fails_here_is_not_the_versions_fault(world: World, watch: Watch) -> None:
    """The checks fail, and AWS does not answer either; then both do again."""
    watch.replies = [GOOD, *[Reply("refused", "no route to host")] * 3, GOOD]
    watch.errors = [None, Transient("no route to host")]
    assert baked(world, watch) == "good for 30 s; 27 checks, 0 failed, p95 7 ms"
    assert (world.proven, watch.restored) == ({"hello"}, [])


def test_ctrl_c_leaves_the_version(world: World, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "cancelled", lambda seconds: True)
    with pytest.raises(Cancelled, match="its new version stays"):
        baked(world, watch)
    assert (world.proven, watch.restored) == ({"hello"}, [])


def test_who_has_no_tasks_is_not_baked(world: World, watch: Watch) -> None:
    del world.urls["hello"]
    assert baked(world, watch) == "no tasks wanted, nothing to bake"
    assert world.bakes == {}


def test_numbers_that_cannot_be_read_are_said_once(
    world: World, watch: Watch, cloud: Cloud, heard: list[Event]
) -> None:
    cloud.answers["cloudwatch:GetMetricData"] = Refusal("AccessDenied", "not you")
    assert baked(world, watch, 300).startswith("good for 300 s; 300 checks")
    (warning,) = told(heard, "warning")
    assert warning["text"].startswith("judged by our own checks alone: cannot read the gateway's metrics")


@pytest.mark.parametrize(
    "of", [(("gateway", "hello"), "gateway", "Service"), (("hello",), "load balancer", "TargetGroup")]
)
def test_errors_of_users_are_read_where_they_are_counted(
    world: World, watch: Watch, cloud: Cloud, of: tuple[tuple[str, ...], str, str]
) -> None:
    names, counter, dimension = of
    own = tuple(service for service in world.settings.services if service.name in names)
    world.settings = replace(world.settings, services=own)
    at = datetime.fromtimestamp(1020, UTC)
    stacks = [
        {"StackName": f"shop-staging-{key}", "StackStatus": "UPDATE_COMPLETE", "CreationTime": 0, "Outputs": [output]}
        for key, output in (
            ("platform", {"OutputKey": "LoadBalancerArn", "OutputValue": "arn:x:loadbalancer/app/a/1"}),
            ("service-hello", {"OutputKey": "TargetGroupArn", "OutputValue": "arn:x:targetgroup/b/2"}),
        )
    ]
    rows = [
        {"Id": name, "Timestamps": [at], "Values": [value], "StatusCode": "Complete"}
        for name, value in (("requests", 100.0), ("errors", 10.0))
    ]
    cloud.answers |= {
        "cloudformation:DescribeStacks": {"Stacks": stacks},
        "cloudwatch:GetMetricData": {"MetricDataResults": rows},
    }
    with pytest.raises(RolledBack, match=f"10 of 100 requests in a minute at the {counter} failed"):
        baked(world, watch, 300)
    asked = cloud.parameters("cloudwatch:GetMetricData")[0]["MetricDataQueries"][0]["MetricStat"]["Metric"]
    assert dimension in {one["Name"] for one in asked["Dimensions"]}


def test_the_same_version_again_goes_back_to_the_last_good_one(
    world: World, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [
        {"id": f"2026010{day}T000000Z-aaaaaa", "verdict": "live", "services": {"hello": {"image_tag": tag}}}
        for day, tag in ((3, "src-new"), (2, "src-older"), (1, "src-oldest"))
    ]
    monkeypatch.setattr(way_back, "good_records", lambda *_: records)
    world.baselines["hello"] = replace(BEFORE, image_tag="src-new")
    watch.replies = [BAD]
    with pytest.raises(RolledBack) as caught:
        baked(world, watch)
    assert caught.value.remedy.startswith("src-older serves again")
    assert [before.image_tag for before in watch.restored] == ["src-older"]
