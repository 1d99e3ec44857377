"""What survives when the embedded cloud is stopped, killed, or finds its port taken."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.local import cloud, leftovers
from tests.e2e.local.helpers import Emulator, docker, server, until
from tests.e2e.local.service import Service

MakeService = Callable[[Emulator], Service]


@pytest.fixture
def serving(own: Emulator) -> Service:
    """A service that answers on an emulator of its own, and whose state is saved."""
    own.start()
    one = Service(own, "kept", own.push("app"))
    one.create(VERSION="kept")
    until(lambda: one.is_steady() and one.is_healthy())
    own.client("dynamodb").create_table(
        TableName="kept",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    own.client("dynamodb").put_item(TableName="kept", Item={"id": {"S": "1"}})
    until(lambda: '"kept"' in _saved(own, "dynamodb") and '"kept"' in _saved(own, "ecs"))
    return one


def _saved(emulator: Emulator, service: str) -> str:
    path = emulator.state / f"snapshots/current/{service}.json"
    return path.read_text("utf-8") if path.exists() else ""


def test_killed_cloud_comes_back_as_it_was(serving: Service) -> None:
    own = serving.emulator
    tag = own.client("ecr").describe_images(repositoryName="app")["imageDetails"][0]
    own.kill()
    assert len(leftovers.containers(own.state, running=True)) == 2
    started = time.monotonic()
    own.start()
    until(lambda: serving.is_steady() and serving.is_healthy())
    assert time.monotonic() - started < 20
    assert serving.answer() == (200, "kept /")
    assert len(leftovers.containers(own.state)) == 2
    assert own.client("dynamodb").scan(TableName="kept")["Count"] == 1
    assert (
        own.client("ecr").describe_images(repositoryName="app")["imageDetails"][0]["imageDigest"] == tag["imageDigest"]
    )
    docker("rmi", "-f", serving.image)
    docker("pull", "-q", serving.image)


def test_kill_in_the_middle_of_a_rollout_leaves_one_version(serving: Service) -> None:
    own = serving.emulator
    serving.update(VERSION="next")
    time.sleep(0.2)
    own.kill()
    own.start()
    until(lambda: serving.is_steady() and serving.is_healthy())
    answers = {serving.answer() for _ in range(20)}
    assert answers in ({(200, "kept /")}, {(200, "next /")})
    assert len(leftovers.containers(own.state)) == 2
    serving.update(VERSION="last")
    until(lambda: serving.answer() == (200, "last /"))


def test_kill_in_the_middle_of_a_stack_operation_goes_back_to_before(own: Emulator) -> None:
    own.start()
    stacks = own.client("cloudformation")
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "before", "Type": "String", "Value": "x"}}
    stacks.create_stack(StackName="one", TemplateBody=json.dumps({"Resources": {"Before": parameter}}))
    until(lambda: _status(own, "one") == "CREATE_COMPLETE")
    until(lambda: "CREATE_COMPLETE" in _saved(own, "cloudformation"))
    waiting = {
        "Type": "AWS::CloudFormation::WaitCondition",
        "Properties": {"Count": 1, "Handle": {"Ref": "Handle"}, "Timeout": "300"},
    }
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    template = {"Resources": {"Before": parameter, "Handle": handle, "Waiting": waiting}}
    stacks.update_stack(StackName="one", TemplateBody=json.dumps(template))
    until(lambda: _status(own, "one") == "UPDATE_IN_PROGRESS")
    time.sleep(2)
    own.kill()
    own.start()
    assert _status(own, "one") == "CREATE_COMPLETE"


def _status(emulator: Emulator, stack: str) -> str:
    found = emulator.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return str(found["StackStatus"])


def test_stopped_cloud_removes_its_containers_and_comes_back(serving: Service) -> None:
    own = serving.emulator
    assert cloud.stop(own.folder)
    assert leftovers.containers(own.state) == ()
    assert not cloud.stop(own.folder)
    own.start()
    until(lambda: serving.is_steady() and serving.is_healthy())
    assert serving.answer() == (200, "kept /")


def test_taken_port_is_left_to_its_owner_and_services_come_back_on_another(serving: Service) -> None:
    own = serving.emulator
    first = own.port
    cloud.stop(own.folder)
    with server("127.0.0.1", first):
        running = own.start()
        assert running.port != first
        moved = f"port {first} is taken by another program; the embedded cloud moves to {running.port}"
        assert own.said[-2] == moved
        assert own.start() == running
        until(serving.is_healthy)
        assert serving.answer() == (200, "kept /")


@pytest.mark.parametrize("plain", [True, False])
def test_tasks_of_before_are_not_listed_as_running(
    serving: Service, plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if plain:
        monkeypatch.setenv("SLIPWAY_EMULATOR_WITHOUT", "ecs-restored-tasks ecs-stopped-tasks")
    serving.emulator.kill()
    serving.emulator.start()
    until(lambda: serving.is_steady() and serving.is_healthy())
    states = [task["lastStatus"] for task in serving.running()]
    assert states.count("RUNNING") == 2
    assert ("STOPPED" in states) is plain


def test_services_come_back_with_the_container_engine(
    own: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine is lost together with its containers, and found again."""
    engine = tmp_path / "docker.sock"
    engine.symlink_to("/var/run/docker.sock")
    with monkeypatch.context() as patch:
        patch.setenv("DOCKER_HOST", f"unix://{engine}")
        own.start()
    one = Service(own, "kept", own.push("app"))
    one.create(VERSION="kept")
    until(lambda: one.is_steady() and one.is_healthy())
    engine.unlink()
    docker("rm", "-f", *leftovers.containers(own.state))
    time.sleep(4)
    engine.symlink_to("/var/run/docker.sock")
    until(lambda: one.answer() == (200, "kept /"))
    until(lambda: one.is_steady() and one.is_healthy())
    assert len(leftovers.containers(own.state, running=True)) == 2


@pytest.mark.parametrize("plain", [True, False])
def test_stopped_tasks_are_listed_for_an_hour(own: Emulator, plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if plain:
        monkeypatch.setenv("SLIPWAY_EMULATOR_WITHOUT", "ecs-stopped-tasks")
    own.start()
    one = Service(own, "old", own.push("app"))
    ecs = own.client("ecs")
    ecs.create_cluster(clusterName="old")
    task = ecs.run_task(cluster="old", taskDefinition=one.define(MODE="crash"))["tasks"][0]["taskArn"]
    until(one.stopped)
    cloud.stop(own.folder)
    saved = own.state / "snapshots/current/ecs.json"
    text = saved.read_text("utf-8")
    stopped_at = json.loads(_task_text(text, task))["stoppedAt"]
    saved.write_text(text.replace(stopped_at, "2020" + stopped_at[4:]), "utf-8")
    own.start()
    time.sleep(6)
    assert bool(one.stopped()) is plain


def _task_text(state: str, arn: str) -> str:
    tasks = json.loads(state)["payload"]["tasks"]["data"]
    return json.dumps(next(task for key, task in tasks.items() if arn in key))
