"""A service is taken away step by step, from wherever an earlier removal ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine.cdk import Cdk
from scripts.engine.errors import BadInput, Refused, Superseded
from scripts.engine.events import Event
from scripts.engine.removal import Removal, look, remove
from scripts.engine.world import World
from settings import Settings
from tests.unit.engine.clouds import Cloud, Refusal
from tests.unit.engine.projects import live, project, stack
from tests.unit.engine.worlds import session

NO_STACK = Refusal("ValidationError", "Stack with id x does not exist")
IMAGES = {"imageIds": [{"imageDigest": "sha256:a", "imageTag": "1"}, {"imageDigest": "sha256:a", "imageTag": "live-1"}]}


def rows(settings: Settings, *keys: str) -> dict[str, Any]:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    return {
        "Stacks": [
            {"StackName": settings.stack_name(key), "StackStatus": "CREATE_COMPLETE", "CreationTime": made}
            for key in keys
        ]
    }


@pytest.fixture
def heard() -> list[Event]:
    return []


@pytest.fixture
def world(cloud: Cloud, heard: list[Event], monkeypatch: pytest.MonkeyPatch) -> World:
    """Two services; nothing is synthesised."""
    made = session(cloud, heard)
    made.has_ledger = False
    monkeypatch.setattr(Cdk, "synth", lambda self, inline: None)
    deployed: list[Any] = []
    monkeypatch.setattr(Cdk, "deploy", lambda self, stacks, tags, tell: deployed.append((self.settings, stacks)))
    made.cdk.deployed = deployed  # type: ignore[attr-defined]
    cloud.answers |= {
        "sts:GetCallerIdentity": {"Account": made.settings.target.account},
        "ecr:ListImages": IMAGES,
        "cloudformation:DeleteStack": {},
        "ecs:DescribeServices": {"services": []},
        "cloudformation:DescribeStacks": rows(made.settings, "registry", "platform", "service-hello"),
    }
    return made


def test_what_goes(world: World) -> None:
    found = look(world, "hello")
    assert found.parts == (
        "stack shop-staging-service-hello",
        "1 image and their repository",
        "[services.hello] in slipway.toml",
    )


def test_one_that_was_never_here(world: World, cloud: Cloud) -> None:
    cloud.answers["ecr:ListImages"] = Refusal("RepositoryNotFoundException")
    with pytest.raises(BadInput, match="there is no service 'nobody'"):
        look(world, "nobody")


def test_the_gateway_while_others_are_behind_it(world: World) -> None:
    world.settings = project("gateway", "hello")
    with pytest.raises(Refused, match="reached through it"):
        look(world, "gateway")


def test_the_last_one(world: World) -> None:
    world.settings = project("hello")
    with pytest.raises(Refused, match="last service"):
        look(world, "hello")


def test_one_that_the_file_forgot_goes_on(world: World) -> None:
    world.settings = project("gateway", "other")
    found = look(world, "hello")
    assert (found.is_known, list(found.stacks)) == (False, ["service-hello"])


def test_stacks_then_the_section_then_the_images(world: World, cloud: Cloud) -> None:
    order: list[str] = []

    def delete(_: dict[str, Any]) -> dict[str, Any]:
        order.append("stack")
        return {}

    cloud.answers["cloudformation:DeleteStack"] = delete
    cloud.answers["cloudformation:DescribeStacks"] = NO_STACK
    found = Removal("hello", {"service-hello": stack(world.settings, "service-hello")}, 3, is_known=True)
    smaller = project("gateway")

    def forget() -> Settings:
        order.append("section")
        return smaller

    remove(world, found, forget)
    ((settings, stacks),) = world.cdk.deployed  # type: ignore[attr-defined]
    assert order == ["stack", "section"]
    assert (settings.services, stacks) == (smaller.services, ["shop-staging-registry"])


def test_nothing_is_deployed_where_there_are_no_images(world: World) -> None:
    remove(world, Removal("hello", {}, None, is_known=True), lambda: project("gateway"))
    assert world.cdk.deployed == []  # type: ignore[attr-defined]


def test_nothing_changes_without_the_lock(world: World, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise Superseded("another one has it")

    monkeypatch.setattr(world, "may_change", lost)
    found = replace(look(world, "hello"), stacks=live(world.settings).stacks)
    with pytest.raises(Superseded):
        remove(world, found, pytest.fail)
    assert cloud.parameters("cloudformation:DeleteStack") == []


def test_a_second_version_goes_first(world: World, cloud: Cloud, heard: list[Event]) -> None:
    """What it uses belongs to the stack."""
    row = {"serviceName": "hello_next", "status": "ACTIVE", "taskDefinition": "x/shop-staging-hello_next:1"}
    cloud.answers |= {
        "ecs:DescribeServices": {"services": [row]},
        "ecs:DeleteService": {},
        "ecs:DeregisterTaskDefinition": {},
        "cloudformation:DescribeStacks": [rows(world.settings, "platform", "service-hello"), NO_STACK],
    }
    remove(world, look(world, "hello"), lambda: world.settings)
    changed = [call for call in world.aws.mutating_calls if not call.startswith("ecr:")]
    assert changed == ["ecs:DeleteService", "ecs:DeregisterTaskDefinition", "cloudformation:DeleteStack"]
    (asked,) = cloud.parameters("ecs:DeleteService")
    assert (asked["service"], asked["force"]) == ("hello_next", True)
