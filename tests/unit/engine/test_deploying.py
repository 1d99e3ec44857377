"""A deploy from its first look to its last call, on a target that answers as AWS does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine.deploying import deploy
from scripts.engine.events import Event
from scripts.engine.items import unpack
from scripts.engine.model import Path as DeployPath
from scripts.engine.model import Verdict
from scripts.engine.outcome import report
from scripts.engine.rollout import Baseline
from scripts.engine.world import World
from settings.fingerprint import fingerprints
from tests.unit.engine.clouds import Refusal
from tests.unit.engine.shells import FakeShell
from tests.unit.engine.targets import PROOF, Target, definition_arn, docker_verbs, edit


def lines(heard: list[Event]) -> list[tuple[str, str | None, str]]:
    done = [event for event in heard if event["event"] == "stage_done"]
    return [(event["stage"], event["service"], event["text"]) for event in done]


def test_nothing_changed(world: World, heard: list[Event]) -> None:
    outcome = deploy(world, [])
    assert (outcome.verdict, outcome.exit_code) == (Verdict.UNCHANGED, 0)
    assert world.aws.mutating_calls == []
    assert docker_verbs(world) == []
    assert lines(heard)[1:] == [("source", None, "4 files, 58 B"), ("analyze", None, "none: nothing changed")]
    assert report(world, outcome)["services"]["hello"]["url"] == "http://lb/hello"


def test_one_line_takes_the_fast_path(world: World, target: Target, heard: list[Event]) -> None:
    tag = edit(target.settings)
    outcome = deploy(world, [])
    assert (outcome.verdict, outcome.plan.path) == (Verdict.LIVE, DeployPath.FAST)
    assert docker_verbs(world) == ["image", "build", "push", "image"]
    assert without_records(world) == ["cloudformation:UpdateStack", "ecr:PutImage"]
    assert target.tags["hello"] == tag
    assert target.cloud.parameters("ecr:PutImage")[0]["imageTag"] == f"live-{tag}"
    assert lines(heard)[3:] == [
        ("build", "hello", tag),
        ("push", "hello", "1 layer, 7 B"),
        ("update", "hello", f"ImageTag {tag}"),
        ("rollout", "hello", "2 of 2 tasks run it, 2 healthy"),
        ("verify", "hello", PROOF.text),
    ]
    found = report(world, outcome)
    assert (found["services"]["hello"]["digest"], found["pushed_bytes"]) == (f"sha256:{tag}", 7)
    assert found["services"]["gateway"]["verdict"] == "unchanged"


def test_the_second_deploy_of_the_same_changes_nothing(world: World, target: Target) -> None:
    tag = edit(target.settings)
    deploy(world, [])
    target.pushed.add(f"hello:{tag}")
    world.aws.calls.clear()
    assert deploy(world, []).verdict is Verdict.UNCHANGED
    assert world.aws.mutating_calls == []


def test_the_plan_says_how_many_files_changed_since_the_deploy_before(world: World, target: Target) -> None:
    edit(target.settings, "print('once')\n")
    deploy(world, [])
    edit(target.settings, "print('twice')\n")
    (target.settings.root / "apps" / "hello" / "next.py").touch()
    assert deploy(world, []).plan.services[1].reason.startswith("2 files changed: src-")


def test_a_tag_that_was_pushed_before_is_not_built_again(world: World, target: Target) -> None:
    target.pushed.add(f"hello:{edit(target.settings)}")
    assert deploy(world, []).verdict is Verdict.LIVE
    assert docker_verbs(world) == []


def test_an_image_that_the_engine_holds_is_pushed_and_not_built(world: World, target: Target) -> None:
    edit(target.settings)
    assert isinstance(world.shell, FakeShell)
    world.shell.rows = world.shell.rows[1:]
    deploy(world, [])
    assert docker_verbs(world) == ["image", "push", "image"]


def test_every_deploy_is_recorded_and_its_lock_given_back(world: World, target: Target) -> None:
    edit(target.settings)
    deploy(world, [])
    taken = [asked["Key"]["pk"]["S"] for asked in target.cloud.parameters("dynamodb:UpdateItem")]
    assert taken == ["lock#gateway", "lock#hello"] * 2
    items = [unpack(item) for item in target.cloud.put()]
    assert [item["data"]["verdict"] for item in items if item["sk"] == "head"] == ["running", "live"]
    assert [(target.table.lock(name)["until"], target.table.lock(name)["fence"]) for name in ("gateway", "hello")] == [
        (0, 1),
        (0, 1),
    ]


def test_only_the_chosen_service_is_deployed(world: World, target: Target) -> None:
    edit(target.settings)
    assert deploy(world, ["gateway"]).verdict is Verdict.UNCHANGED
    assert world.aws.mutating_calls == []


def _task_definition() -> dict[str, Any]:
    return {
        "LogicalResourceId": "TaskDefinition",
        "ResourceType": "AWS::ECS::TaskDefinition",
        "PhysicalResourceId": definition_arn("hello", 2),
        "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
        "ResourceStatus": "UPDATE_COMPLETE",
    }


def test_an_update_that_cloudformation_does_not_need_is_left_to_ecs(world: World, target: Target) -> None:
    """Another deploy gave the stack the same tag since this one looked."""
    tag = edit(target.settings)

    def deploy_again(asked: Any) -> Any:
        row = {"ParameterKey": "ImageTag", "ParameterValue": tag}
        target.update({"StackName": "shop-staging-service-hello", "Parameters": [row]})
        return {}

    target.cloud.answers |= {
        "cloudformation:UpdateStack": Refusal("ValidationError", "No updates are to be performed."),
        "cloudformation:DescribeStackResources": {"StackResources": [_task_definition()]},
        "ecs:UpdateService": deploy_again,
    }
    assert deploy(world, []).verdict is Verdict.LIVE
    assert "ecs:UpdateService" in world.aws.mutating_calls


def without_records(world: World) -> list[str]:
    """The calls that changed something, besides lock and record."""
    return [call for call in world.aws.mutating_calls if not call.startswith("dynamodb:")]


def test_a_rollout_under_way_is_watched_to_its_end(world: World, target: Target) -> None:
    def rolling(asked: Any) -> Any:
        found = target.services(asked)
        for row in found["services"]:
            if row["serviceName"] == "hello":
                row["deployments"][0]["rolloutState"] = "IN_PROGRESS"
                row["deployments"].append({"id": "d0", "status": "ACTIVE", "taskDefinition": "hello:0"})
        return found

    target.cloud.answers["ecs:DescribeServices"] = rolling
    outcome = deploy(world, [])
    assert outcome.plan.reason == f"hello: a rollout of {target.tags['hello']} is still under way"
    assert outcome.verdict is Verdict.LIVE
    assert without_records(world) == ["ecr:PutImage"]
    assert world.baselines["hello"] == Baseline(frozenset({"d0"}), "hello:0")


def test_a_service_that_lost_a_task_is_deployed_again(world: World, target: Target) -> None:
    def one_of_hello_is_gone(asked: Any) -> Any:
        names = target.task_names(asked)["taskArns"]
        return {"taskArns": [name for name in names if name != "task/hello-1-2"]}

    def again(asked: Any) -> Any:
        target.deployments["hello"] += 1
        return {}

    target.cloud.answers |= {"ecs:ListTasks": one_of_hello_is_gone, "ecs:UpdateService": again}
    outcome = deploy(world, [])
    assert outcome.plan.reason.endswith("but only 1 of 2 tasks run it")
    assert outcome.verdict is Verdict.LIVE
    assert without_records(world) == ["ecs:UpdateService", "ecr:PutImage"]
    assert target.cloud.parameters("ecs:UpdateService")[0]["taskDefinition"] == definition_arn("hello", 1)


def test_an_empty_target_is_set_up(world: World, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    full = dict(target.cloud.answers)
    missing = Refusal("RepositoryNotFoundException")
    target.cloud.answers |= {
        "cloudformation:DescribeStacks": {"Stacks": []},
        "ecs:DescribeServices": Refusal("ClusterNotFoundException"),
        "ecr:DescribeRepositories": {"repositories": []},
        "ecr:DescribeImages": missing,
    }
    order: list[str] = []

    def cdk_deploy(stacks: list[str], tags: dict[str, str], on_line: Any) -> None:
        target.cloud.answers |= full
        order.append("deploy")

    monkeypatch.setattr(world.cdk, "bootstrap", lambda on_line: order.append("bootstrap"))
    monkeypatch.setattr(world.cdk, "synth", lambda inline: order.append(f"synth {sorted(inline)}"))
    monkeypatch.setattr(world.cdk, "deploy", cdk_deploy)
    outcome = deploy(world, [])
    assert (outcome.verdict, outcome.plan.path) == (Verdict.LIVE, DeployPath.BOOTSTRAP)
    assert order == ["bootstrap", "synth ['gateway', 'hello']", "deploy"]
    assert world.urls == {"gateway": "http://lb/", "hello": "http://lb/hello"}
    assert sorted(docker_verbs(world)) == ["build", "build", "image", "image"]
    heads = [item for row in target.cloud.put() if (item := unpack(row))["sk"] == "head"]
    assert [head["data"]["verdict"] for head in heads] == ["live"]


def test_changed_infrastructure_takes_the_full_path(
    world: World, target: Target, monkeypatch: pytest.MonkeyPatch, heard: list[Event]
) -> None:
    (target.settings.root / "app.py").write_text("print(2)\n")
    target.cloud.answers["cloudformation:GetTemplate"] = {"TemplateBody": "{}"}
    done: list[tuple[list[str], dict[str, str]]] = []

    def cdk_deploy(stacks: list[str], tags: dict[str, str], on_line: Any) -> None:
        target.prints = fingerprints(target.settings)
        done.append((stacks, tags))

    monkeypatch.setattr(world.cdk, "deploy", cdk_deploy)
    outcome = deploy(world, [])
    assert (outcome.verdict, outcome.plan.path) == (Verdict.LIVE, DeployPath.FULL)
    names = [target.settings.stack_name(key) for key in target.settings.stack_keys]
    tags = {target.settings.stack_name(f"service-{name}"): tag for name, tag in target.tags.items()}
    assert done == [(names, tags)]
    assert docker_verbs(world) == []
    assert deploy(world, []).verdict is Verdict.UNCHANGED


def test_an_image_that_cannot_be_protected_does_not_undo_a_live_deploy(
    world: World, target: Target, heard: list[Event]
) -> None:
    edit(target.settings)
    target.cloud.answers["ecr:PutImage"] = Refusal("AccessDeniedException", "not you")
    outcome = deploy(world, [])
    assert (outcome.verdict, outcome.exit_code) == (Verdict.LIVE, 0)
    assert [event["text"] for event in heard if event["event"] == "warning"] == [
        "its image may expire: cannot protect the image of hello (PutImage): AccessDeniedException: not you"
    ]


@pytest.mark.parametrize("code", ["ImageAlreadyExistsException", "ImageTagAlreadyExistsException"])
def test_an_image_that_is_protected_already(world: World, target: Target, heard: list[Event], code: str) -> None:
    edit(target.settings)
    target.cloud.answers["ecr:PutImage"] = Refusal(code)
    assert deploy(world, []).verdict is Verdict.LIVE
    assert not [event for event in heard if event["event"] == "warning"]
