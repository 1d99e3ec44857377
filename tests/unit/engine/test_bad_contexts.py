"""Build contexts that cannot be built from, and the message that says why."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.engine import content
from scripts.engine.content import Context, read_context
from scripts.engine.errors import BadInput
from settings import Service
from tests.unit.engine.trees import plant

SERVICE = Service("hello", "app")
Change = Callable[[Path], object]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    plant(tmp_path / "app")
    return tmp_path


def read(root: Path, service: Service = SERVICE) -> Context:
    return read_context(root, service, "linux/amd64")


def empty(folder: Path) -> None:
    """Leave no file in a folder."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()


def refuse(name: str) -> Callable[[str], str]:
    """Reading the file of that name fails, as it does for a user who may not."""

    def digest(path: str) -> str:
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied", path)
        return "digest"

    return digest


@pytest.mark.parametrize(("name", "shown"), [("key.pem", "app/key.pem"), ("a\nb", "'app/a\\nb'")])
def test_an_unreadable_file_is_named(root: Path, monkeypatch: pytest.MonkeyPatch, name: str, shown: str) -> None:
    plant(root / "app", {name: "x"})
    monkeypatch.setattr(content, "_file_digest", refuse(name))
    with pytest.raises(BadInput) as caught:
        read(root)
    assert (caught.value.where, caught.value.what, caught.value.remedy) == (
        "services.hello",
        f"{shown} cannot be read: Permission denied",
        "make it readable or add it to .dockerignore",
    )


def test_an_unreadable_folder_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def scandir(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path / "lib"))

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(BadInput, match=r"^services\.hello: app/lib cannot be read: Permission denied$"):
        read(root)


def bytes_that_are_no_text(root: Path) -> None:
    (root / "app" / "Dockerfile").write_bytes(b"FROM \xff\n")


def link_out(root: Path) -> None:
    (root / "app" / "Dockerfile").unlink()
    (root / "app" / "Dockerfile").symlink_to("/etc/hostname")


def link_to_itself(root: Path) -> None:
    (root / "app" / "Dockerfile").unlink()
    (root / "app" / "Dockerfile").symlink_to("Dockerfile")


def folder_for_a_file(root: Path) -> None:
    (root / "app" / "Dockerfile").unlink()
    (root / "app" / "Dockerfile").mkdir()


TEXT = "it must be UTF-8 text that you may read"
BAD: dict[str, tuple[Change, Service, tuple[str, str, str]]] = {
    "no folder": (
        lambda root: None,
        Service("hello", "nowhere"),
        ("services.hello.source", "there is no folder 'nowhere'", "create it or correct slipway.toml"),
    ),
    "a file for a folder": (
        lambda root: None,
        Service("hello", "app/main.py"),
        ("services.hello.source", "there is no folder 'app/main.py'", "create it or correct slipway.toml"),
    ),
    "a folder that leads out": (
        lambda root: (root / "out").symlink_to("/etc"),
        Service("hello", "out"),
        ("services.hello.source", "'out' leads outside the project", "use a place inside it"),
    ),
    "a folder that leads to itself": (
        lambda root: (root / "loop").symlink_to("loop"),
        Service("hello", "loop"),
        ("services.hello.source", "'loop' is a link that leads to itself", "correct the link"),
    ),
    "no Dockerfile, and nothing to write one from": (
        lambda root: empty(root / "app"),
        SERVICE,
        (
            "services.hello",
            "there is no Dockerfile in app, and the language cannot be told",
            "add the manifest of a language, such as pyproject.toml, package.json or go.mod, or a Dockerfile",
        ),
    ),
    "no Dockerfile of that name": (
        lambda root: None,
        replace(SERVICE, dockerfile="docker/prod"),
        (
            "services.hello.dockerfile",
            "there is no docker/prod in app",
            "write it, or leave the key out to have one generated",
        ),
    ),
    "Dockerfile is no text": (
        bytes_that_are_no_text,
        SERVICE,
        ("services.hello", "app/Dockerfile cannot be read: not UTF-8 text", TEXT),
    ),
    "Dockerfile is a folder": (
        folder_for_a_file,
        SERVICE,
        ("services.hello", "app/Dockerfile cannot be read: Is a directory", TEXT),
    ),
    "Dockerfile leads out": (
        link_out,
        SERVICE,
        ("services.hello.dockerfile", "'Dockerfile' leads outside the project", "use a place inside it"),
    ),
    "Dockerfile leads to itself": (
        link_to_itself,
        SERVICE,
        ("services.hello.dockerfile", "'Dockerfile' is a link that leads to itself", "correct the link"),
    ),
    "bad pattern": (
        lambda root: plant(root / "app", {".dockerignore": "a\nb[\n"}),
        SERVICE,
        ("app/.dockerignore", "'b[' is not a pattern", "correct that line"),
    ),
    "bad pattern of one Dockerfile": (
        lambda root: plant(root / "app", {"docker/prod": "FROM a\n", "docker/prod.dockerignore": "!\n"}),
        replace(SERVICE, dockerfile="docker/prod"),
        ("app/docker/prod.dockerignore", "'!' excepts nothing", "correct that line"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_context_that_cannot_be_built_from(root: Path, case: str) -> None:
    spoil, service, expected = BAD[case]
    spoil(root)
    with pytest.raises(BadInput) as caught:
        read(root, service)
    assert (caught.value.where, caught.value.what, caught.value.remedy) == expected
    assert caught.value.exit_code == 2
