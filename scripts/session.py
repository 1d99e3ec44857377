"""Opens a session on a target: settings, connection and everything that the engine works with."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from scripts.engine.aws import Aws
from scripts.engine.cdk import Cdk
from scripts.engine.connection import Connection
from scripts.engine.errors import Refused
from scripts.engine.events import Events
from scripts.engine.images import Images
from scripts.engine.looking import chosen_services
from scripts.engine.shell import Shell
from scripts.engine.state import check_account
from scripts.engine.world import World
from settings import Settings, SlipwayError, Target, load

ROOT = Path(__file__).resolve().parent.parent
QUALIFIER = "hnb659fds"
"""Default qualifier of the CDK bootstrap's resources."""
PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def settings_for(target: str | None) -> Settings:
    """The settings of a target; raises SettingsError."""
    return load(ROOT, target=target)


def open_world(settings: Settings, events: Events, shell: Shell, *, look_only: bool = False) -> World:
    """A session on the settings' target.

    Starts the embedded cloud where the target is one, and provides the base images that its services build on;
    with `look_only` no image is provided and a cloud that was never started is not started either.
    """

    def say(text: str) -> None:
        events.emit("notice", code="session", text=text)

    make = _embedded if settings.target.embedded else _aws
    connection = make(settings, say, look_only=look_only)
    for notice in connection.notices:
        say(notice)
    # The embedded cloud chooses its port when it starts, so the registry's name is settled only now.
    settings = replace(settings, target=replace(settings.target, registry_host=connection.registry_host))
    aws = Aws(connection)
    if not settings.target.embedded and not look_only:
        _pull(settings, aws, say)
    return World(
        settings=settings,
        connection=connection,
        aws=aws,
        shell=shell,
        events=events,
        images=Images(settings, connection, shell, aws),
        cdk=Cdk(settings, connection, shell),
    )


def _pull(settings: Settings, aws: Aws, say: Callable[[str], None]) -> None:
    """Provide official base images; before the first is pulled the account is checked, as before any change."""
    from scripts.local.base_images import pull_official
    from scripts.local.docker_engine import Builder

    builder = Builder(aws.connection.docker, aws.connection.docker_env)
    pull_official(settings, builder, say, first=lambda: check_account(aws, settings))


def look_at(target: str | None, services: Sequence[str] = ()) -> World:
    """A quiet session for verbs that only look; raises BadInput for an unknown service before it opens."""
    settings = settings_for(target)
    chosen_services(settings, services)
    return open_world(settings, Events(), Shell(), look_only=True)


def _embedded(settings: Settings, say: Callable[[str], None], *, look_only: bool) -> Connection:
    from scripts.local import connect, was_started

    if look_only and not was_started(settings):
        target = settings.target
        return Connection(target.account, target.region, target.registry_host, exists=False)
    return connect(settings, say, build=not look_only)


def _aws(settings: Settings, say: Callable[[str], None], *, look_only: bool) -> Connection:
    from scripts.local.docker_engine import Builder, find_builder

    target = settings.target
    _check_region(target)
    try:
        builder = find_builder(settings.state_dir / "builder.json")
    except SlipwayError:
        if not look_only:
            raise
        builder = Builder(("docker",))
    partition = partition_of(target.region)
    role = f"arn:{partition}:iam::{target.account}:role/cdk-{QUALIFIER}-deploy-role-{target.account}-{target.region}"
    return Connection(
        account=target.account,
        region=target.region,
        registry_host=target.registry_host,
        docker=builder.docker,
        docker_env=builder.environment,
        profile=target.profile,
        deploy_role_arn=role,
        endpoint_url=os.environ.get("AWS_ENDPOINT_URL"),
        load_balancer_url="https://{dns}" if target.certificate_arn else "http://{dns}",
        cdk_env=(
            ("AWS_REGION", target.region),
            ("AWS_DEFAULT_REGION", target.region),
            ("CDK_DEFAULT_ACCOUNT", target.account),
            ("CDK_DEFAULT_REGION", target.region),
        ),
    )


def partition_of(region: str) -> str:
    """The partition that a region belongs to, as ARNs name it. Source: IAM user guide, "Amazon Resource Names"."""
    return next((name for start, name in PARTITIONS.items() if region.startswith(start)), "aws")


def _check_region(target: Target) -> None:
    """A region in the environment that contradicts the target is a mistake, not an override."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        region = os.environ.get(name)
        if region and region != target.region:
            raise Refused(
                f"{name} is {region}, but target {target.name!r} is in {target.region}",
                where="region",
                remedy=f"unset {name}, or choose another target",
            )
