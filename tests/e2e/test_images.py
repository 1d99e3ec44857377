"""The images of `envoy` and `examples/hello`, built and run by the engine alone: small, unprivileged, well-behaved."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from scripts.local import base_images, docker_engine, engine_setup
from settings import load

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {"gateway": "envoy", "hello": "examples/hello"}
VERSION = "src-3f9c2a71b04d"
SLOW_HELLO = """
import time, app
@app.app.get("/slow")
def slow():
    time.sleep(2)
    return {"finished": True}
app.main()
"""


@dataclass(frozen=True)
class Docker:
    """A client that builds with BuildKit."""

    builder: docker_engine.Builder
    name: str

    def __call__(self, *words: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = os.environ | dict(self.builder.environment)
        command = [*self.builder.docker, *map(str, words)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done

    def build(self, folder: Path, tag: str, *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        secrets = [f"--secret=id={name},src={path}" for name, path in base_images.build_secrets()]
        return self("build", *secrets, *options, "-t", f"{self.name}:{tag}", folder, check=check)

    def inspect(self, tag: str) -> dict[str, Any]:
        answer: list[dict[str, Any]] = json.loads(self("image", "inspect", f"{self.name}:{tag}").stdout)
        return answer[0]


@dataclass(frozen=True)
class Container:
    """A running container and the address of its port on this machine."""

    docker: Docker
    id: str
    port: int

    def get(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.headers.get("content-type", ""), answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.headers.get("content-type", ""), refusal.read()

    def wait_until_it_answers(self, path: str) -> None:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                if self.get(path)[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(self.docker("logs", self.id).stderr)

    def stop(self) -> int:
        """Ends as ECS ends a task; the exit code."""
        self.docker("stop", "--time", "10", self.id)
        return int(self.docker("inspect", "-f", "{{.State.ExitCode}}", self.id).stdout)


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    folder = tmp_path_factory.mktemp("images")
    engine_setup.ensure(folder, print)
    builder = docker_engine.find_builder()
    base_images.ensure(base_images.needed(load(ROOT)), builder, print, memory=folder / base_images.MEMORY)
    made = Docker(builder, f"slipway-test-{uuid4().hex[:8]}")
    for tag, source in SOURCES.items():
        made.build(ROOT / source, tag)
    yield made
    tags = made("images", "--format", "{{.Repository}}:{{.Tag}}", made.name).stdout.split()
    made("rmi", "--force", *tags)


Start = Callable[..., Container]


@pytest.fixture
def start(docker: Docker) -> Iterator[Start]:
    """Starts containers the strict way: read-only, without capabilities; removed after the test."""
    started: list[str] = []

    def run(tag: str, port: int, *command: str) -> Container:
        options = ["--read-only", "--cap-drop=ALL", "--memory=512m", f"--env=SLIPWAY_IMAGE_TAG={VERSION}"]
        image = f"{docker.name}:{tag}"
        started.append(docker("run", "-d", *options, f"-p=127.0.0.1::{port}", image, *command).stdout.strip())
        published = docker("port", started[-1], f"{port}/tcp").stdout.split(":")[-1]
        return Container(docker, started[-1], int(published))

    yield run
    docker("rm", "--force", *started)


@pytest.fixture
def gateway(start: Start) -> Container:
    container = start("gateway", 8080)
    container.wait_until_it_answers("/ready")
    return container


@pytest.mark.parametrize("tag", SOURCES)
def test_runs_unprivileged(docker: Docker, tag: str) -> None:
    assert docker.inspect(tag)["Config"]["User"] == "10001:10001"


@pytest.mark.parametrize("tag", SOURCES)
def test_an_edit_changes_one_small_layer(docker: Docker, tag: str, tmp_path: Path) -> None:
    folder = shutil.copytree(ROOT / SOURCES[tag], tmp_path / tag)
    edited = folder / {"gateway": "index.html", "hello": "app.py"}[tag]
    edited.write_text(edited.read_text("utf-8").replace("Slipway", "slipway"), "utf-8")
    docker.build(folder, f"{tag}-edited")
    before, after = (docker.inspect(name)["RootFS"]["Layers"] for name in (tag, f"{tag}-edited"))
    assert before[:-1] == after[:-1]
    assert before[-1] != after[-1]
    sizes = docker("history", "--format", "{{.Size}}", "--human=false", f"{docker.name}:{tag}-edited").stdout.split()
    assert int(sizes[0]) < 250_000


@pytest.mark.parametrize("tag", SOURCES)
def test_built_anew_all_but_the_small_layer_is_the_same(docker: Docker, tag: str) -> None:
    docker.build(ROOT / SOURCES[tag], f"{tag}-anew", "--no-cache")
    before, after = (docker.inspect(name)["RootFS"]["Layers"] for name in (tag, f"{tag}-anew"))
    assert before[:-1] == after[:-1]


def test_files_that_only_their_owner_may_read_still_serve(docker: Docker, start: Start, tmp_path: Path) -> None:
    """As checked out with umask 077."""
    folder = shutil.copytree(ROOT / SOURCES["hello"], tmp_path / "hello")
    (folder / "app.py").chmod(0o600)
    docker.build(folder, "hello-strict")
    start("hello-strict", 8000).wait_until_it_answers("/health")


def test_hello_names_its_version(start: Start) -> None:
    hello = start("hello", 8000)
    hello.wait_until_it_answers("/health")
    answer = json.loads(hello.get("/")[2])
    assert (answer["service"], answer["version"], answer["task"]) == ("hello", VERSION, hello.id[:12])


def test_hello_finishes_what_it_began(start: Start) -> None:
    hello = start("hello", 8000, "python", "-c", SLOW_HELLO)
    hello.wait_until_it_answers("/health")
    answers: list[tuple[int, str, bytes]] = []
    request = threading.Thread(target=lambda: answers.append(hello.get("/slow")))
    request.start()
    time.sleep(0.5)  # the request is in flight
    assert hello.stop() == 0
    request.join(10)
    assert [(status, json.loads(body)) for status, _, body in answers] == [(200, {"finished": True})]


def test_gateway_is_small(docker: Docker) -> None:
    """Envoy and Python, of which hello has the larger part already."""
    base = docker("image", "inspect", "-f", "{{.Size}}", "python:3.11-slim-bookworm").stdout
    assert docker.inspect("gateway")["Size"] - int(base) < 120e6


def test_gateway_shows_a_page_with_relative_links(gateway: Container) -> None:
    status, kind, body = gateway.get("/")
    page = body.decode()
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert "<title>Slipway gateway</title>" in page
    assert VERSION in page
    assert 'href="hello/"' in page
    assert 'href="/' not in page


@pytest.mark.parametrize("path", ["/nothing", "/ready/", "/Ready", "//nothing/../else"])
def test_gateway_without_policies_denies_every_other_path(gateway: Container, path: str) -> None:
    status, kind, body = gateway.get(path)
    assert (status, kind) == (401, "application/json")
    assert json.loads(body)["error"] == "authentication required"


def test_gateway_refuses_escaped_slashes(gateway: Container) -> None:
    assert gateway.get("/a%2Fb")[0] == 400


def test_gateway_logs_json_lines_without_health_checks(gateway: Container) -> None:
    gateway.get("/ready")
    gateway.get("/some/path?q=1")
    assert gateway.stop() == 0
    lines = [json.loads(line) for line in gateway.docker("logs", gateway.id).stdout.splitlines()]
    requests = [line for line in lines if "agent" not in line]
    assert [(line["path"], line["status"], line["version"]) for line in requests] == [("/some/path?q=1", 401, VERSION)]


def test_gateway_keeps_its_administration_to_itself(gateway: Container) -> None:
    template = "{{.NetworkSettings.IPAddress}}"
    address = gateway.docker("inspect", "-f", template, gateway.id).stdout.strip()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address, 9901), timeout=5).close()
    socket.create_connection((address, 8080), timeout=5).close()


def test_a_wrong_configuration_does_not_build(docker: Docker, tmp_path: Path) -> None:
    folder = shutil.copytree(ROOT / SOURCES["gateway"], tmp_path / "gateway")
    configuration = folder / "envoy.yaml"
    text = configuration.read_text("utf-8")
    configuration.write_text(text.replace("normalize_path:", "normalise_path:"), "utf-8")
    done = docker.build(folder, "gateway-wrong", check=False)
    assert done.returncode != 0
    assert "normalise_path" in done.stderr
