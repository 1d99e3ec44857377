"""The plain side's command lines."""

from __future__ import annotations

from scripts.bench import commands
from scripts.engine.connection import Connection

LINK = Connection(
    account="000000000000",
    region="us-east-1",
    registry_host="localhost:5000",
    docker=("/usr/bin/docker",),
    build_secrets=(("ca", "/etc/ca.crt"),),
)


def test_one_stack_with_its_tag() -> None:
    assert commands.deploy(commands.PLAIN, "shop-here-service-hello", "plain-1").argv == (
        "npx", "cdk", "deploy", "shop-here-service-hello", "--require-approval", "never",
        "--parameters", "shop-here-service-hello:ImageTag=plain-1",
    )  # fmt: skip


def test_without_a_tag_the_deployed_one_stays() -> None:
    words = commands.deploy(commands.PLAIN, "shop-here-service-hello").argv
    assert words == ("npx", "cdk", "deploy", "shop-here-service-hello", "--require-approval", "never")


def test_all_stacks_name_none() -> None:
    assert commands.deploy(commands.ALL, "stack").argv == (
        "npx",
        "cdk",
        "deploy",
        "--all",
        "--require-approval",
        "never",
    )


def test_image_with_the_same_client_and_secrets() -> None:
    build, push = commands.image(LINK, "localhost:5000/hello:plain-1", "examples/hello")
    assert build.argv == (
        "/usr/bin/docker", "build", "--secret=id=ca,src=/etc/ca.crt",
        "--tag", "localhost:5000/hello:plain-1", "examples/hello",
    )  # fmt: skip
    assert push.argv == ("/usr/bin/docker", "push", "localhost:5000/hello:plain-1")


def test_shown_without_what_is_special_to_the_machine() -> None:
    hidden = {"localhost:5000": "REGISTRY", "/usr/bin/docker": "docker", "/etc/ca.crt": "CA_BUNDLE"}
    assert commands.shown(commands.image(LINK, "localhost:5000/hello:plain-1", "examples/hello"), hidden) == [
        "docker build --secret=id=ca,src=CA_BUNDLE --tag REGISTRY/hello:plain-1 examples/hello",
        "docker push REGISTRY/hello:plain-1",
    ]
