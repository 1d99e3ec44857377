"""Pushes, logins and base images: Docker's words, and what is made of its answers."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from scripts.engine.errors import Failed, SlipwayError, Transient
from scripts.engine.images import Pushed
from scripts.engine.shell import Result
from tests.unit.engine.clouds import CONNECTION, Cloud
from tests.unit.engine.dockers import HELLO, IMAGE, PLAIN, docker, docker_words
from tests.unit.engine.projects import REGISTRY
from tests.unit.engine.shells import FakeShell, said

MANIFEST = {"layers": [{"size": 1000}, {"size": 200}, {"size": 30}]}
DIFF_IDS = ["sha256:" + letter * 64 for letter in "abc"]
PUSH = said(
    "The push refers to repository [x]",
    "cccccccccccc: Preparing",
    "aaaaaaaaaaaa: Layer already exists",
    "bbbbbbbbbbbb: Pushed",
    "cccccccccccc: Pushed",
    "src-1: digest: sha256:feed size: 1",
)


def hold(cloud: Cloud, manifest: Any = MANIFEST) -> None:
    image = {"imageId": {"imageDigest": "sha256:feed"}, "imageManifest": json.dumps(manifest)}
    token = base64.b64encode(b"AWS:pass:word").decode()
    cloud.answers |= {
        "ecr:BatchGetImage": {"images": [image]},
        "ecr:GetAuthorizationToken": {"authorizationData": [{"authorizationToken": token}]},
    }


def pushing(push: Result = PUSH) -> FakeShell:
    return FakeShell(("push", push), ("inspect", said(json.dumps(DIFF_IDS))))


def test_a_push_tells_the_digest_and_the_bytes_that_were_sent(cloud: Cloud) -> None:
    hold(cloud)
    shell = pushing()
    assert docker(shell, cloud).push(HELLO, "src-1") == Pushed("sha256:feed", layers=2, size=230)
    assert docker_words(shell)[0] == ("docker", "push", IMAGE)
    assert cloud.parameters("ecr:BatchGetImage") == [
        {"repositoryName": "shop-staging/hello", "imageIds": [{"imageTag": "src-1"}]}
    ]


def test_a_push_of_what_the_registry_has(cloud: Cloud) -> None:
    hold(cloud)
    shell = pushing(said("aaaaaaaaaaaa: Layer already exists", "src-1: digest: sha256:feed size: 1"))
    assert docker(shell, cloud).push(HELLO, "src-1") == Pushed("sha256:feed", layers=0, size=0)


def test_an_index_without_layers_has_no_known_size(cloud: Cloud) -> None:
    hold(cloud, {"manifests": []})
    assert docker(pushing(), cloud).push(HELLO, "src-1") == Pushed("sha256:feed", layers=2, size=0)


def test_a_registry_that_lost_the_image_is_noticed(cloud: Cloud) -> None:
    cloud.answers["ecr:BatchGetImage"] = {"images": [], "failures": []}
    with pytest.raises(Failed, match="the registry does not hold the image that was just pushed"):
        docker(pushing(), cloud).push(HELLO, "src-1")


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        ("dial tcp 127.0.0.1:1: connect: connection refused", Transient),
        ("received unexpected HTTP status: 503 Service Unavailable", Transient),
        ("read tcp: i/o timeout", Transient),
        ("unexpected EOF", Transient),
        ("toomanyrequests: Rate exceeded", Transient),
        ("denied: Your authorization token has expired. Reauthenticate and try again.", Failed),
        ("tag invalid: The image tag 'src-1' already exists in the repository and is immutable.", Failed),
        ("name unknown: The repository does not exist", Failed),
    ],
)
def test_a_push_that_fails(cloud: Cloud, last: str, kind: type[SlipwayError]) -> None:
    with pytest.raises(SlipwayError) as caught:
        docker(FakeShell(("push", said("aaaaaaaaaaaa: Pushed", last, "", code=1))), cloud).push(HELLO, "src-1")
    assert type(caught.value) is kind
    assert (caught.value.where, caught.value.what) == ("push hello", last)
    assert caught.value.remedy == "nothing was deployed; run the command again"


def test_the_password_goes_through_standard_input_alone_and_once(cloud: Cloud) -> None:
    hold(cloud)
    shell = pushing()
    registry = docker(shell, cloud, CONNECTION)
    registry.push(HELLO, "src-1")
    registry.push(HELLO, "src-1")
    logins = [command for command in shell.commands if "login" in command.argv]
    assert [(command.argv, command.stdin) for command in logins] == [
        (("docker", "login", "--username", "AWS", "--password-stdin", REGISTRY), "pass:word")
    ]
    assert not any("pass:word" in word for c in shell.commands for word in (*c.argv, *c.env.values()))


def inspected(*rows: dict[str, Any], code: int = 0) -> FakeShell:
    return FakeShell(("inspect", Result(code, json.dumps(rows), ())))


PYTHON = {"Id": "sha256:id", "RepoTags": ["python:3.12"], "RepoDigests": ["python@sha256:d"]}
LOCAL = {"Id": "sha256:own", "RepoTags": ["base:latest"], "RepoDigests": []}


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("python:3.12", "sha256:d"),
        ("docker.io/library/python:3.12", "sha256:d"),
        ("docker.io/python:3.12", "sha256:d"),
        ("library/python:3.12", "sha256:d"),
        ("python@sha256:d", "sha256:d"),
        ("python:3.12@sha256:d", "sha256:d"),
        ("docker.io/library/python:3.12@sha256:d", "sha256:d"),
        ("base", "sha256:own"),
        ("base:latest", "sha256:own"),
        ("python", None),
        ("python:3.13", None),
        ("python@sha256:other", None),
        ("ghcr.io/library/python:3.12", None),
    ],
)
def test_the_identity_of_a_base_image_however_it_is_named(cloud: Cloud, name: str, identity: str | None) -> None:
    found = docker(inspected(PYTHON, LOCAL), cloud).identities([name])
    assert found == ({name: identity} if identity else {})


def test_images_that_are_not_here_have_no_identity(cloud: Cloud) -> None:
    shell = inspected(LOCAL, code=1)
    assert docker(shell, cloud).identities(["base", "gone"]) == {"base": "sha256:own"}
    assert docker_words(shell) == [("docker", "image", "inspect", "base", "gone")]


def test_an_engine_that_does_not_answer_is_not_a_missing_image(cloud: Cloud) -> None:
    words = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
    shell = FakeShell(("inspect", said(words, code=1)))
    with pytest.raises(Failed) as caught:
        docker(shell, cloud).identities(["base"])
    assert (caught.value.where, caught.value.what, caught.value.remedy) == (
        "docker",
        "the Docker engine does not answer",
        "./poe doctor --fix",
    )


def test_no_bases_and_no_cloud_need_no_docker(cloud: Cloud) -> None:
    shell = FakeShell()
    assert docker(shell, cloud).identities([]) == {}
    assert docker(shell, cloud, replace(PLAIN, exists=False)).identities(["base"]) == {}
    assert shell.commands == []


def test_a_base_image_that_cannot_be_pulled_is_transient(cloud: Cloud) -> None:
    shell = FakeShell(("pull", said("manifest unknown", code=1)))
    with pytest.raises(Transient, match=r"^base image python:9: manifest unknown$"):
        docker(shell, cloud).pull(["python:9"])
    assert docker_words(shell) == [("docker", "pull", "--quiet", "python:9")]
