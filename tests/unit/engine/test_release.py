"""The release command: what is registered and run, when it is not, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.engine import one_off
from scripts.engine.errors import Cancelled, Failed, Refused, Superseded, TimedOut, Transient
from scripts.engine.events import Event
from scripts.engine.lock import Lock
from scripts.engine.release import Release
from scripts.engine.world import World
from tests.unit.engine.clouds import Answer, Cloud, Refusal
from tests.unit.engine.projects import REGISTRY, project, with_processes
from tests.unit.engine.tables import Table
from tests.unit.engine.worlds import session

SETTINGS = with_processes(project())
FAMILY = "shop-staging-hello-release"
ARN = f"arn:aws:ecs:eu-central-1:111111111111:task-definition/{FAMILY}:"
IMAGE = f"{REGISTRY}/shop-staging/hello:"
THEN = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
NEW = Release("hello", "src-new")


def definition(tag: str, revision: int) -> Answer:
    container = {
        "name": "hello",
        "image": IMAGE + tag,
        "entryPoint": ["python"],
        "command": ["manage.py", "migrate"],
        "environment": [{"name": "PORT", "value": "8080"}, {"name": "SLIPWAY_IMAGE_TAG", "value": tag}],
        "secrets": [{"name": "DATABASE_URL", "valueFrom": "arn:secret"}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-stream-prefix": "p"}},
    }
    return {
        "taskDefinitionArn": f"{ARN}{revision}",
        "family": FAMILY,
        "revision": revision,
        "status": "ACTIVE",
        "taskRoleArn": "arn:task",
        "executionRoleArn": "arn:execution",
        "networkMode": "awsvpc",
        "containerDefinitions": [container],
        "volumes": [],
        "requiresCompatibilities": ["FARGATE"],
        "compatibilities": ["EC2", "FARGATE"],
        "requiresAttributes": [{"name": "x"}],
        "cpu": "256",
        "memory": "512",
        "runtimePlatform": {"cpuArchitecture": "X86_64"},
        "registeredBy": "somebody",
    }


def row(name: str, revision: int = 2, **changes: Any) -> Answer:
    """A task that runs; `exit` ends it."""
    made: Answer = {
        "taskArn": f"arn:aws:ecs:eu-central-1:111111111111:task/shop-staging/{name}",
        "taskDefinitionArn": f"{ARN}{revision}",
        "lastStatus": "RUNNING",
        "startedBy": "20260101T000000Z-aaaaaa",
        "createdAt": at(0),
        "startedAt": at(1),
        "containers": [{"name": "hello"}],
    }
    return {**made, **changes}


def ended(name: str, code: int | None = 0, revision: int = 2, **changes: Any) -> Answer:
    """A task that ended by itself."""
    container = {"name": "hello", **({"exitCode": code} if code is not None else {})}
    stopped = {"lastStatus": "STOPPED", "stopCode": "EssentialContainerExited", "stoppedAt": at(4.5)}
    return row(name, revision, **{"containers": [container], **stopped, **changes})


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(THEN + seconds, UTC)


@dataclass
class Ecs:
    """ECS with the stack of the release command, which was deployed with src-old as revision 1."""

    cloud: Cloud
    looks: list[Answer]
    """What the started task looks like, one after the other."""
    tasks: list[Answer] = field(default_factory=list)
    definitions: dict[str, Answer] = field(default_factory=lambda: {f"{ARN}1": definition("src-old", 1)})

    def __post_init__(self) -> None:
        outputs = {
            "TaskDefinition": f"{ARN}1",
            "SecurityGroup": "sg-1",
            "Subnets": "subnet-1,subnet-2",
            "AssignPublicIp": "ENABLED",
            "ContainerName": "hello",
        }
        stack = {
            "StackName": "shop-staging-release-hello",
            "StackStatus": "UPDATE_COMPLETE",
            "CreationTime": at(0),
            "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
        }
        self.cloud.answers |= {
            "cloudformation:DescribeStacks": {"Stacks": [stack]},
            "ecs:DescribeTaskDefinition": lambda asked: {"taskDefinition": self.definitions[asked["taskDefinition"]]},
            "ecs:RegisterTaskDefinition": self.register,
            "ecs:DeregisterTaskDefinition": {},
            "ecs:ListTasks": lambda asked: {
                "taskArns": [
                    task["taskArn"]
                    for task in self.tasks
                    if (task["lastStatus"] == "STOPPED") is (asked["desiredStatus"] == "STOPPED")
                ]
            },
            "ecs:RunTask": {"tasks": [row("new", lastStatus="PROVISIONING")]},
            "ecs:StopTask": {},
            "ecs:DescribeTasks": self.describe,
            "logs:GetLogEvents": {"events": [{"message": "relation users exists already\n"}]},
        }

    def register(self, asked: Answer) -> Answer:
        made = {**asked, "taskDefinitionArn": f"{ARN}2", "revision": 2}
        self.definitions[f"{ARN}2"] = made
        return {"taskDefinition": made}

    def describe(self, asked: Answer) -> Answer:
        known = [task for task in self.tasks if task["taskArn"] in asked["tasks"]]
        if known:
            return {"tasks": known}
        return {"tasks": [self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]]}


@pytest.fixture
def world(cloud: Cloud, heard: list[Event]) -> World:
    made = session(cloud, heard, settings=SETTINGS)
    made.deployment = "20260102T000000Z-bbbbbb"
    made.cancelled = lambda seconds: False  # type: ignore[method-assign]
    return made


@pytest.fixture
def table(cloud: Cloud) -> Table:
    return Table(cloud)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that only pass when somebody asks for the time: one a question."""
    now = [0.0]

    def monotonic() -> float:
        now[0] += 1.0
        return now[0]

    monkeypatch.setattr(one_off, "time", SimpleNamespace(monotonic=monotonic))
    return now


def calls(cloud: Cloud) -> list[str]:
    changing = ("ecs:Register", "ecs:Run", "ecs:Deregister", "ecs:Stop", "dynamodb:Put")
    return [name for name, _ in cloud.asked if name.startswith(changing)]


def test_a_copy_with_the_new_image_runs_once(world: World, cloud: Cloud, table: Table, heard: list[Event]) -> None:
    Ecs(cloud, [row("new"), ended("new")])
    assert NEW.run(world) == "release command: exit code 0"
    assert calls(cloud) == [
        "ecs:RegisterTaskDefinition",
        "ecs:RunTask",
        "ecs:DeregisterTaskDefinition",
        "dynamodb:PutItem",
    ]
    (registered,) = cloud.parameters("ecs:RegisterTaskDefinition")
    old = definition("src-old", 1)
    kept = {key: registered[key] for key in registered if key != "containerDefinitions"}
    assert kept == {key: old[key] for key in kept}
    assert set(old) - set(kept) == {
        *("taskDefinitionArn", "revision", "status", "volumes", "compatibilities", "requiresAttributes"),
        *("registeredBy", "containerDefinitions"),
    }
    assert registered["containerDefinitions"] == definition("src-new", 2)["containerDefinitions"]
    (run,) = cloud.parameters("ecs:RunTask")
    assert len(run.pop("clientToken")) == 64
    assert run == {
        "cluster": "shop-staging",
        "taskDefinition": f"{ARN}2",
        "launchType": "FARGATE",
        "count": 1,
        "group": "release:hello",
        "startedBy": "20260102T000000Z-bbbbbb",
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": ["subnet-1", "subnet-2"],
                "securityGroups": ["sg-1"],
                "assignPublicIp": "ENABLED",
            }
        },
    }
    (notice,) = [event for event in heard if event["event"] == "notice"]
    assert notice["text"].startswith("hello: release command runs as task new; ./poe logs hello --process release")
    said = [event["text"] for event in heard if event["event"] == "progress"]
    assert said == ["release command: running relation users exists already"]


def test_what_ran_is_not_repeated(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [ended("new")])
    NEW.run(world)
    before = len(cloud.asked)
    assert NEW.run(world) == "release command: ran in 20260101T000000Z-aaaaaa"
    assert [name for name, _ in cloud.asked[before:]] == ["dynamodb:GetItem"]


@pytest.mark.parametrize("change", ["command", "tag"])
def test_another_command_or_another_tag_runs(world: World, cloud: Cloud, table: Table, change: str) -> None:
    ecs = Ecs(cloud, [ended("new")])
    NEW.run(world)
    if change == "command":
        services = tuple(replace(s, release="python other.py") if s.release else s for s in SETTINGS.services)
        world.settings = replace(SETTINGS, services=services)
    ecs.looks = [ended("newer", stoppedAt=at(60))]
    Release("hello", "src-newer" if change == "tag" else "src-new").run(world)
    assert len(cloud.parameters("ecs:RunTask")) == 2


def test_the_stacks_own_definition_is_run_when_its_image_is_the_wanted_one(
    world: World, cloud: Cloud, table: Table
) -> None:
    Ecs(cloud, [ended("new", revision=1)])
    Release("hello", "src-old").run(world)
    assert calls(cloud) == ["ecs:RunTask", "dynamodb:PutItem"]
    assert cloud.parameters("ecs:RunTask")[0]["taskDefinition"] == f"{ARN}1"


def test_that_of_a_killed_deploy_is_waited_for(world: World, cloud: Cloud, table: Table) -> None:
    ecs = Ecs(cloud, [])
    ecs.definitions[f"{ARN}5"] = definition("src-new", 5)
    ecs.tasks = [row("left", 5)]
    looked = [0]

    def describe(asked: Answer) -> Answer:
        looked[0] += 1
        return {"tasks": [row("left", 5) if looked[0] < 3 else ended("left", 0, 5)]}

    cloud.answers["ecs:DescribeTasks"] = describe
    assert NEW.run(world) == "release command: exit code 0"
    assert calls(cloud) == ["dynamodb:PutItem"]
    assert table.rows("last")[0]["deployment"] == "20260101T000000Z-aaaaaa"


def test_that_of_a_killed_deploy_which_ended_well_counts(world: World, cloud: Cloud, table: Table) -> None:
    ecs = Ecs(cloud, [])
    ecs.definitions[f"{ARN}5"] = definition("src-new", 5)
    ecs.tasks = [ended("left", 0, 5)]
    assert NEW.run(world) == "release command: ran in 20260101T000000Z-aaaaaa"
    assert calls(cloud) == ["dynamodb:PutItem"]


@pytest.mark.parametrize(
    "left",
    [
        ended("left", 1, 5),
        ended("left", 0, 5, stopCode="UserInitiated"),
        ended("left", None, 5, stopCode="TaskFailedToStart"),
        ended("left", 0, 1),
    ],
)
def test_one_that_did_not_end_well_runs_again(world: World, cloud: Cloud, table: Table, left: Answer) -> None:
    """It failed, somebody stopped it, it never began, or it was another version's."""
    ecs = Ecs(cloud, [ended("new")])
    ecs.definitions[f"{ARN}5"] = definition("src-new", 5)
    ecs.tasks = [left]
    NEW.run(world)
    assert len(cloud.parameters("ecs:RunTask")) == 1


def test_an_old_success_does_not_count_once_a_newer_version_ran(world: World, cloud: Cloud, table: Table) -> None:
    """Going back and forth within the hour that ECS remembers is no different from doing so later."""
    ecs = Ecs(cloud, [ended("new", stoppedAt=at(100))])
    NEW.run(world)
    ecs.tasks = [ended("first", 0, 1, stoppedAt=at(50))]
    ecs.looks = [ended("again", 0, 1, stoppedAt=at(200))]
    Release("hello", "src-old").run(world)
    assert len(cloud.parameters("ecs:RunTask")) == 2


def test_another_versions_is_neither_ended_nor_run_beside(world: World, cloud: Cloud, table: Table) -> None:
    ecs = Ecs(cloud, [])
    ecs.tasks = [row("left", 1)]
    with pytest.raises(Refused) as caught:
        NEW.run(world)
    assert "task left of 20260101T000000Z-aaaaaa" in caught.value.what
    assert "aws ecs stop-task --cluster shop-staging --task left" in caught.value.remedy
    assert calls(cloud) == []


ENDINGS: dict[str, tuple[Answer, str]] = {
    "exit code": (ended("new", 3), "hello: the release command ended with exit code 3"),
    "memory": (
        ended("new", 137, containers=[{"name": "hello", "exitCode": 137, "reason": "OutOfMemoryError"}]),
        "hello: the release command ended with exit code 137 (OutOfMemoryError)",
    ),
    "no start": (
        ended("new", None, stopCode="TaskFailedToStart", startedAt=at(0), stoppedReason="CannotPullContainerError: x")
        | {"startedAt": datetime.fromtimestamp(0, UTC)},
        "hello: the release command did not start: CannotPullContainerError: x",
    ),
    "stopped": (
        ended("new", 0, stopCode="UserInitiated", stoppedReason="enough"),
        "hello: the release command was stopped: enough",
    ),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_one_that_fails(world: World, cloud: Cloud, table: Table, case: str) -> None:
    look, what = ENDINGS[case]
    Ecs(cloud, [look])
    with pytest.raises(Failed) as caught:
        NEW.run(world)
    assert (caught.value.what, caught.value.exit_code) == (what, 4)
    assert caught.value.evidence == ("relation users exists already",)
    assert "./poe deploy hello runs it again" in caught.value.remedy
    assert table.rows("last") == []


def test_without_a_log_the_reason_is_the_evidence(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [ended("new", None, stopCode="TaskFailedToStart", stoppedReason="ResourceInitializationError: secret")])
    cloud.answers["logs:GetLogEvents"] = Refusal("ResourceNotFoundException")
    with pytest.raises(Failed) as caught:
        NEW.run(world)
    assert caught.value.evidence == ("ResourceInitializationError: secret",)


def test_what_ecs_does_not_take(world: World, cloud: Cloud, table: Table) -> None:
    """The copy goes, whatever happened."""
    Ecs(cloud, [])
    cloud.answers["ecs:RunTask"] = {"tasks": [], "failures": [{"reason": "RESOURCE:ENI"}]}
    with pytest.raises(Failed, match="ECS did not start the task: RESOURCE:ENI"):
        NEW.run(world)
    cloud.answers["ecs:RunTask"] = Refusal("ThrottlingException", "slow down")
    with pytest.raises(Transient):
        NEW.run(world)
    assert calls(cloud) == ["ecs:RegisterTaskDefinition", "ecs:RunTask", "ecs:DeregisterTaskDefinition"] * 2


def test_a_copy_that_cannot_be_deregistered_stops_nothing(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [ended("new")])
    cloud.answers["ecs:DeregisterTaskDefinition"] = Refusal("AccessDeniedException")
    NEW.run(world)


def test_one_that_hangs_is_stopped(world: World, cloud: Cloud, table: Table, clock: list[float]) -> None:
    Ecs(cloud, [*[row("new")] * 300, ended("new", 137, stopCode="UserInitiated")])
    services = tuple(replace(service, release_timeout=20) for service in SETTINGS.services)
    world.settings = replace(SETTINGS, services=services)
    with pytest.raises(TimedOut) as caught:
        NEW.run(world)
    assert "did not end within its release_timeout of 20 s" in caught.value.what
    assert caught.value.evidence == ("relation users exists already",)
    assert cloud.parameters("ecs:StopTask") == [
        {"cluster": "shop-staging", "task": "new", "reason": "Slipway: release_timeout of 20 s"}
    ]
    assert table.rows("last") == []


def test_a_cancel_leaves_it_running(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [row("new")])
    world.cancelled = lambda seconds: True  # type: ignore[method-assign]
    with pytest.raises(Cancelled, match="the release command of hello goes on as task new"):
        NEW.run(world)
    assert "ecs:StopTask" not in calls(cloud)


def test_a_lost_look_is_no_verdict(world: World, cloud: Cloud, table: Table) -> None:
    ecs = Ecs(cloud, [ended("new")])
    answers: list[Any] = [Refusal("ThrottlingException"), Refusal("InternalFailure", status=500), {"tasks": ecs.looks}]
    cloud.answers["ecs:DescribeTasks"] = answers
    assert NEW.run(world).startswith("release command: exit code 0")


def test_an_api_that_stays_away_is_transient(world: World, cloud: Cloud, table: Table, clock: list[float]) -> None:
    Ecs(cloud, [])
    cloud.answers["ecs:DescribeTasks"] = Refusal("ThrottlingException")
    with pytest.raises(Transient):
        NEW.run(world)
    assert "ecs:StopTask" not in calls(cloud)


def test_a_success_that_cannot_be_remembered_is_a_success(
    world: World, cloud: Cloud, table: Table, heard: list[Event]
) -> None:
    Ecs(cloud, [ended("new")])
    cloud.answers["dynamodb:PutItem"] = Refusal("ThrottlingException", "slow down")
    NEW.run(world)
    (warning,) = [event for event in heard if event["event"] == "warning"]
    assert warning["text"].startswith("its release command may run again")


def test_a_ledger_out_of_reach_stops_before_anything_runs(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [ended("new")])
    cloud.answers["dynamodb:GetItem"] = Refusal("InternalFailure", status=500)
    with pytest.raises(Transient):
        NEW.run(world)
    assert calls(cloud) == []


@pytest.mark.parametrize("stacks", [[], [{"StackName": "x", "StackStatus": "CREATE_COMPLETE", "CreationTime": at(0)}]])
def test_without_its_stack_nothing_runs(world: World, cloud: Cloud, table: Table, stacks: list[Answer]) -> None:
    Ecs(cloud, [])
    cloud.answers["cloudformation:DescribeStacks"] = {"Stacks": stacks}
    with pytest.raises(Failed, match="hello has no stack for its release command"):
        NEW.run(world)


def test_who_lost_the_lock_runs_nothing(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [row("new")])
    world.lock = Lock(world.aws, SETTINGS, ["hello"])
    world.lock.loss = Superseded("hello: another deploy took over")
    with pytest.raises(Superseded):
        NEW.run(world)
    assert calls(cloud) == []


def test_who_loses_the_lock_meanwhile_leaves_it_running(world: World, cloud: Cloud, table: Table) -> None:
    Ecs(cloud, [row("new")])
    world.lock = Lock(world.aws, SETTINGS, ["hello"])
    found = world.lock

    def lose(seconds: float) -> bool:
        found.loss = Superseded("hello: another deploy took over")
        return True

    world.cancelled = lose  # type: ignore[method-assign]
    with pytest.raises(Superseded):
        NEW.run(world)
    assert "ecs:StopTask" not in calls(cloud)


def test_what_fargate_clears_away_after_the_end_is_not_waited_for(world: World, cloud: Cloud, table: Table) -> None:
    """The task is not `STOPPED` before its network interface is gone; another deploy does not take it for running."""
    leaving = ended("new", lastStatus="DEPROVISIONING", executionStoppedAt=at(3)) | {"desiredStatus": "STOPPED"}
    leaving.pop("stoppedAt")
    ecs = Ecs(cloud, [row("new"), leaving])
    assert NEW.run(world) == "release command: exit code 0"
    ecs.tasks, ecs.looks = [leaving], [ended("next", stoppedAt=at(60))]
    assert Release("hello", "src-next").run(world).startswith("release command: exit code 0")
