"""A session on an AWS target: where its calls go, as whom, and what contradicts it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts import session
from scripts.engine.errors import Failed, Refused
from scripts.local import base_images, docker_engine
from scripts.local.docker_engine import Builder
from settings import Service, Settings, Target

ON_AWS = session._aws
"""Taken before conftest.py puts a refusal in its place."""
SETTINGS = Settings(
    root=Path("/nowhere"),
    name="shop",
    target=Target("staging", "111111111111", "eu-central-1", profile="team", registry_host="registry"),
    services=(Service("hello", "hello"),),
)


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(docker_engine, "find_builder", lambda cache: Builder(("docker",), (("DOCKER_BUILDKIT", "1"),)))
    monkeypatch.setattr(base_images, "pull_official", lambda *_, **__: None)


def ignore(text: str) -> None:
    """Nobody listens."""


def in_region(region: str) -> Settings:
    return replace(SETTINGS, target=replace(SETTINGS.target, region=region))


def test_calls_are_made_with_the_targets_profile_and_the_deploy_role() -> None:
    made = ON_AWS(SETTINGS, ignore, look_only=False)
    assert (made.account, made.region, made.profile, made.endpoint_url) == (
        "111111111111",
        "eu-central-1",
        "team",
        None,
    )
    assert made.deploy_role_arn == (
        "arn:aws:iam::111111111111:role/cdk-hnb659fds-deploy-role-111111111111-eu-central-1"
    )
    assert (made.docker, made.docker_env) == (("docker",), (("DOCKER_BUILDKIT", "1"),))
    assert (made.registry_login, made.registry_cache) == (True, True)
    assert dict(made.cdk_env)["CDK_DEFAULT_REGION"] == "eu-central-1"


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-central-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-east-1", "aws")],
)
def test_the_deploy_role_is_of_the_regions_partition(region: str, partition: str) -> None:
    role = ON_AWS(in_region(region), ignore, look_only=True).deploy_role_arn
    assert role is not None
    assert role.startswith(f"arn:{partition}:iam::")


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_another_region_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "us-east-1")
    with pytest.raises(Refused) as caught:
        ON_AWS(SETTINGS, ignore, look_only=True)
    assert (caught.value.where, caught.value.what, caught.value.remedy, caught.value.exit_code) == (
        "region",
        f"{name} is us-east-1, but target 'staging' is in eu-central-1",
        f"unset {name}, or choose another target",
        3,
    )
    monkeypatch.setenv(name, "eu-central-1")
    assert ON_AWS(SETTINGS, ignore, look_only=True).region == "eu-central-1"


def test_looking_needs_no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(cache: Path) -> Builder:
        raise Failed("no Docker client")

    monkeypatch.setattr(docker_engine, "find_builder", nothing)
    assert ON_AWS(SETTINGS, ignore, look_only=True).docker == ("docker",)
    with pytest.raises(Failed, match="no Docker client"):
        ON_AWS(SETTINGS, ignore, look_only=False)


def test_an_endpoint_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert ON_AWS(SETTINGS, ignore, look_only=True).endpoint_url == "http://127.0.0.1:1"
