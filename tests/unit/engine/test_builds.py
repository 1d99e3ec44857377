"""Every build command as its words, and how a build that fails reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scripts.engine import images
from scripts.engine.connection import Connection
from scripts.engine.content import Context
from scripts.engine.errors import BadInput, Failed
from settings import Service
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.dockers import HELLO, IMAGE, PLAIN, docker, docker_words
from tests.unit.engine.projects import REGISTRY
from tests.unit.engine.shells import FakeShell, said

CONTEXT = Context("hello", Path("/src"), Path("/src/Dockerfile"), "d", 1, 1, ())
NO_GIT = ("git", said("not a repository", code=128))
CREATED = "org.opencontainers.image.created=2026-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def _new_year(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Clock:
            return cls(2026, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(images, "datetime", Clock)


def build(shell: FakeShell, cloud: Cloud, connection: Connection = PLAIN, service: Service = HELLO) -> tuple[str, ...]:
    docker(shell, cloud, connection).build(service, CONTEXT, IMAGE, lambda line: None)
    return docker_words(shell)[-1]


def test_a_plain_build(cloud: Cloud) -> None:
    assert build(FakeShell(NO_GIT), cloud) == (
        "docker", "build", "--progress=plain", "--platform=linux/amd64", "--tag", IMAGE, "--label", CREATED,
        "--file", "/src/Dockerfile", "/src",
    )  # fmt: skip


def test_build_arguments_secrets_and_the_client_that_can_build(cloud: Cloud) -> None:
    shell = FakeShell(NO_GIT)
    connection = replace(
        PLAIN,
        docker=("/usr/bin/docker", "--context", "x"),
        docker_env=(("DOCKER_BUILDKIT", "1"),),
        build_secrets=(("ca", "/etc/ca.crt"),),
    )
    words = build(shell, cloud, connection, replace(HELLO, build_args=(("A", "1"), ("B", "$(id); 2"))))
    assert words == (
        "/usr/bin/docker", "--context", "x", "build", "--progress=plain", "--platform=linux/amd64",
        "--secret=id=ca,src=/etc/ca.crt", "--tag", IMAGE, "--build-arg", "A=1", "--build-arg", "B=$(id); 2",
        "--label", CREATED, "--file", "/src/Dockerfile", "/src",
    )  # fmt: skip
    assert shell.commands[-1].env == {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "DOCKER_BUILDKIT": "1"}


def test_layers_are_cached_in_the_registry(cloud: Cloud) -> None:
    shell = FakeShell(NO_GIT)
    registry = docker(shell, cloud, replace(PLAIN, registry_cache=True))
    registry.build(HELLO, CONTEXT, IMAGE, lambda line: None)
    registry.cache_from = {"hello": "src-0"}
    registry.build(HELLO, CONTEXT, IMAGE, lambda line: None)
    first, second = docker_words(shell)
    assert first[4:6] == ("--build-arg", "BUILDKIT_INLINE_CACHE=1")
    assert "--cache-from" not in first
    assert second[4:8] == (
        "--build-arg", "BUILDKIT_INLINE_CACHE=1", "--cache-from", f"{REGISTRY}/shop-staging/hello:src-0",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b.git"),
        ("https://user:secret@github.com/a/b.git", "https://github.com/a/b.git"),
        ("https://secret@github.com/a/b.git", "https://github.com/a/b.git"),
        ("https://user:se@cret@github.com/a/b.git", "https://github.com/a/b.git"),
        ("https://host/a@b", "https://host/a@b"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
        ("ssh://git@host/a", "ssh://host/a"),
    ],
)
def test_labels_tell_the_source_without_credentials(cloud: Cloud, origin: str, source: str) -> None:
    words = build(FakeShell(("rev-parse", said("abc123")), ("config", said(origin))), cloud)
    labels = [words[at + 1] for at, word in enumerate(words) if word == "--label"]
    assert labels == [
        CREATED,
        "org.opencontainers.image.revision=abc123",
        f"org.opencontainers.image.source={source}",
    ]
    assert "secret" not in " ".join(words)


def test_without_git_there_are_fewer_labels(cloud: Cloud) -> None:
    words = build(FakeShell(("git", Failed("cannot start git: No such file or directory"))), cloud)
    assert [word for word in words if word.startswith("org.")] == [CREATED]


def test_several_platforms_are_built_and_pushed_in_one_command(cloud: Cloud) -> None:
    shell = FakeShell(NO_GIT)
    docker(shell, cloud, replace(PLAIN, build_secrets=(("ca", "/ca"),))).build_platforms(
        HELLO, CONTEXT, IMAGE, platforms="linux/amd64,linux/arm64", on_line=lambda line: None
    )
    assert docker_words(shell) == [
        ("docker", "buildx", "version"),
        (
            "docker", "buildx", "build", "--progress=plain", "--platform=linux/amd64,linux/arm64",
            "--secret=id=ca,src=/ca", "--push", "--tag", IMAGE, "--label", CREATED,
            "--file", "/src/Dockerfile", "/src",
        ),
    ]  # fmt: skip


def test_several_platforms_that_do_not_build(cloud: Cloud) -> None:
    shell = FakeShell(NO_GIT, ("buildx version", said()), ("buildx", said("ERROR: no", code=1)))
    with pytest.raises(Failed, match=r"^build hello: ERROR: no$"):
        docker(shell, cloud).build_platforms(HELLO, CONTEXT, IMAGE, platforms="a,b", on_line=lambda line: None)


@pytest.mark.parametrize(("code", "has"), [(0, True), (1, False)])
def test_whether_the_engine_holds_an_image(cloud: Cloud, code: int, has: bool) -> None:
    shell = FakeShell(("inspect", said("x", code=code)))
    assert docker(shell, cloud).has(IMAGE) is has
    assert docker_words(shell) == [("docker", "image", "inspect", "--format", "{{.Id}}", IMAGE)]


def test_several_platforms_need_buildx(cloud: Cloud) -> None:
    shell = FakeShell(("buildx version", said("no such command", code=1)))
    with pytest.raises(BadInput, match="several platforms need a Docker client with the buildx plugin"):
        docker(shell, cloud).build_platforms(HELLO, CONTEXT, IMAGE, platforms="a,b", on_line=lambda line: None)


CORRECT = (
    "correct apps/hello/Dockerfile or its sources; nothing was deployed. `./poe build hello` repeats the build alone"
)
BUILDS = (
    (
        ("#5 [2/3] RUN false", 'ERROR: process "/bin/sh -c false" did not complete', "------"),
        'ERROR: process "/bin/sh -c false" did not complete',
        CORRECT,
    ),
    (
        ("write /x: no space left on device",),
        "no space left on device",
        "free disk space (`docker system prune`), then run again",
    ),
    (
        ("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?",),
        "the Docker engine does not answer",
        "./poe doctor --fix",
    ),
    (
        (),
        "failed",
        CORRECT,
    ),
)  # fmt: skip


@pytest.mark.parametrize(("lines", "what", "remedy"), BUILDS)
def test_a_build_that_fails(cloud: Cloud, lines: tuple[str, ...], what: str, remedy: str) -> None:
    with pytest.raises(Failed) as caught:
        build(FakeShell(NO_GIT, ("build", said(*lines, code=1))), cloud)
    assert (caught.value.where, caught.value.what, caught.value.remedy) == ("build hello", what, remedy)


def test_a_failed_build_shows_the_builders_last_words(cloud: Cloud) -> None:
    lines = [f"#{n} step" for n in range(40)] + ["ERROR: no"]
    with pytest.raises(Failed) as caught:
        build(FakeShell(NO_GIT, ("build", said(*lines, code=1))), cloud)
    assert caught.value.evidence == tuple(lines[-25:])
