"""The embedded target: a cloud on this machine, started on demand, that answers the AWS API and runs real containers.

`connect` is the way in. It costs a few milliseconds when everything runs, so every command calls it; nothing here
imports an AWS SDK.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scripts.engine.connection import Connection
from scripts.local import base_images, cloud, docker_engine, engine_setup
from scripts.local.failures import told
from settings.model import Settings

DEPLOY_ROLE = "cdk-hnb659fds-deploy-role-{}-{}"
"""Of the CDK bootstrap. The emulator hands out its credentials, so that stacks are updated here as they are on AWS."""
CDK_DOCKER = Path(__file__).with_name("cdk_docker")
ANY_KEY = "local"
"""The emulator checks no signature."""


def connect(settings: Settings, say: Callable[[str], None], *, build: bool) -> Connection:
    """Engine and emulator running, as a connection; `build` when images may be built through it.

    The port may differ from the one that the settings were loaded with, after a start that found it taken: compare
    `registry_host` with `settings.target.registry_host`. Raises SlipwayError with the remedy when something is missing
    that cannot be provided.
    """
    with told():
        return _connected(settings, say, build=build)


def _connected(settings: Settings, say: Callable[[str], None], *, build: bool) -> Connection:
    folder = settings.state_dir
    engine_setup.ensure(folder, say)
    running = cloud.find(folder)
    if not running:
        running = cloud.ensure(folder, say, addresses=listen_addresses(), region=settings.target.region)
    builder = docker_engine.find_builder(folder / "builder.json")
    notices = []
    if running.code != cloud.code_version():
        notices.append(
            "the embedded cloud runs older code of this project; `./poe local down` lets the next start use today's"
        )
    if build:
        memory = folder / base_images.MEMORY
        stand_ins = base_images.ensure(base_images.needed(settings), builder, say, memory=memory)
        notices += [f"base image {image} is a stand-in made from Debian packages" for image in stand_ins]
    return connection(settings, running.port, builder, tuple(notices))


def was_started(settings: Settings) -> bool:
    """Whether this target's cloud was ever started, so that something may be deployed on it."""
    return cloud.Files(settings.state_dir).state.exists()


def listen_addresses() -> tuple[str, ...]:
    """Loopback, and the bridge on which containers reach this machine; never an address other machines can reach."""
    bridge = docker_engine.bridge_address()
    return ("127.0.0.1", bridge) if bridge else ("127.0.0.1",)


def connection(
    settings: Settings, port: int, builder: docker_engine.Builder, notices: tuple[str, ...] = ()
) -> Connection:
    """How to reach the emulator on a port."""
    endpoint, registry = f"http://127.0.0.1:{port}", f"localhost:{port}"
    target = settings.target
    return Connection(
        account=target.account,
        region=target.region,
        registry_host=registry,
        docker=builder.docker,
        docker_env=builder.environment,
        endpoint_url=endpoint,
        # The emulator takes a key of twelve digits as the account that it belongs to.
        access_key=target.account,
        secret_key=ANY_KEY,
        cdk_env=cdk_environment(settings, port, builder),
        deploy_role_arn=f"arn:aws:iam::{target.account}:role/{DEPLOY_ROLE.format(target.account, target.region)}",
        load_balancer_url=f"{endpoint}/_alb/{{name}}",
        registry_cache=False,
        registry_login=False,
        build_secrets=base_images.build_secrets(),
        notices=notices,
    )


def cdk_environment(settings: Settings, port: int, builder: docker_engine.Builder) -> tuple[tuple[str, str], ...]:
    """Environment that makes the CDK CLI talk to the emulator and build through our client."""
    target = settings.target
    return (
        ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}"),
        ("AWS_REGION", target.region),
        ("AWS_DEFAULT_REGION", target.region),
        ("AWS_ACCESS_KEY_ID", target.account),
        ("AWS_SECRET_ACCESS_KEY", ANY_KEY),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("CDK_DEFAULT_ACCOUNT", target.account),
        ("CDK_DEFAULT_REGION", target.region),
        ("CDK_DOCKER", str(CDK_DOCKER)),
        ("SLIPWAY_DOCKER", builder.docker[0]),
        ("SLIPWAY_REGISTRY_HOST", f"localhost:{port}"),
        *builder.environment,
    )
