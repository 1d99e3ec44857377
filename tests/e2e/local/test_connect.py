"""The way in: a connection in milliseconds, a client that builds, the wrapper for the CDK CLI, the verbs."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scripts import local_target
from scripts.local import CDK_DOCKER, base_images, cloud, connect, leftovers
from scripts.local.checks import NG, TABLE, look_at
from settings.model import Service, Settings, Target
from tests.e2e.local.helpers import APP, BASE, builder, docker, free_port

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def settings(engine: Path, tmp_path: Path) -> Iterator[Settings]:
    """A project of its own with one service."""
    (tmp_path / "app").symlink_to(APP)
    target = Target("local", "000000000000", "us-east-1", embedded=True)
    made = Settings(tmp_path, "demo", target, (Service("app", "app"),))
    made.state_dir.mkdir(parents=True)
    cloud.Files(made.state_dir).port.write_text(str(free_port()))
    yield made
    cloud.stop(made.state_dir)
    leftovers.remove(cloud.Files(made.state_dir).state, "localhost:0")


def test_connect_is_cheap_when_everything_runs(settings: Settings) -> None:
    said: list[str] = []
    first = connect(settings, said.append, build=True)
    assert said == [f"starting the embedded cloud on port {cloud.Files(settings.state_dir).kept_port()}"]
    times = []
    for _ in range(9):
        started = time.perf_counter()
        assert connect(settings, said.append, build=True) == first
        times.append(time.perf_counter() - started)
    assert len(said) == 1
    assert min(times) < 0.06


def test_an_emulator_of_older_code_is_noticed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not [notice for notice in connect(settings, print, build=False).notices if "older code" in notice]
    monkeypatch.setattr(cloud, "code_version", lambda: "newer")
    assert [notice for notice in connect(settings, print, build=False).notices if "older code" in notice]


def test_connect_imports_no_sdk(settings: Settings) -> None:
    connect(settings, print, build=True)
    program = (
        "import sys; from pathlib import Path; from settings.model import *; from scripts.local import connect;"
        "target = Target('local', '000000000000', 'us-east-1', embedded=True);"
        f"connect(Settings(Path({str(settings.root)!r}), 'demo', target, ()), print, build=True);"
        "print([name for name in ('boto3', 'botocore', 'requests', 'docker', 'ministack') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_builder_builds_with_buildkit(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        f"FROM {BASE}\nRUN --mount=type=secret,id=ca test -s /run/secrets/ca && echo ok > /proof\n"
    )
    assert builder().docker
    name, path = base_images.build_secrets()[0]
    image = docker("build", "-q", "--no-cache", f"--secret=id={name},src={path}", str(tmp_path))
    assert docker("run", "--rm", image, "cat", "/proof") == "ok"
    docker("rmi", image)


def test_base_image_holds_what_dockerfiles_expect(tmp_path: Path) -> None:
    """The official image where a registry answers, else a stand-in made by today's recipe."""
    image = "python:3.11-slim"
    base_images.ensure((image,), builder(), print, memory=tmp_path / base_images.MEMORY)
    program = "import http.server, ssl, sqlite3, venv, ensurepip, sys; print(sys.version_info[:2])"
    for python in ("python", "python3", "/usr/local/bin/python3"):
        assert docker("run", "--rm", image, python, "-c", program) == "(3, 11)"
    assert docker("run", "--rm", image, "python", "-m", "pip", "--version").startswith("pip ")


@pytest.fixture
def client(tmp_path: Path) -> Path:
    """A docker client that prints its arguments."""
    path = tmp_path / "docker"
    path.write_text('#!/bin/sh\nfor word in "$@"; do printf "<%s>" "$word"; done\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["login", "--username", "AWS", "https://000000000000.dkr.ecr.us-east-1.amazonaws.com"], ""),
        (
            ["tag", "asset-1", "000000000000.dkr.ecr.us-east-1.amazonaws.com/demo/app:src-1"],
            "<tag><asset-1><localhost:4570/demo/app:src-1>",
        ),
        (["push", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a:1"], "<push><localhost:4570/a:1>"),
        (
            ["build", "--build-arg", "A=two words; $(id)\nand 'quotes'", "", "."],
            "<build><--build-arg><A=two words; $(id)\nand 'quotes'><><.>",
        ),
    ],
)
def test_cdk_docker_wrapper(client: Path, words: list[str], expected: str) -> None:
    environment = {"PATH": os.environ["PATH"], "SLIPWAY_DOCKER": str(client), "SLIPWAY_REGISTRY_HOST": "localhost:4570"}
    done = subprocess.run([CDK_DOCKER, *words], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == expected


def options(**values: bool) -> argparse.Namespace:
    return argparse.Namespace(**{"json": False, "yes": False, **values})


def test_local_up_status_down_reset(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert local_target.up(settings, options(json=True)) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["running"]
    assert facts["engine"]
    assert facts["endpoint"] == f"http://127.0.0.1:{facts['port']}"
    assert facts["containers"] == 0
    assert local_target.down(settings, options()) == 0
    assert "its state is kept" in capsys.readouterr().err
    assert local_target.status(settings, options()) == 0
    assert "does not run" in capsys.readouterr().out
    assert local_target.reset(settings, options(yes=True)) == 0
    assert [path.name for path in settings.state_dir.iterdir()] == ["emulator.lock"]


def test_reset_asks_first(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(Exception, match="not confirmed"):
        local_target.reset(settings, options())
    assert cloud.Files(settings.state_dir).port.exists()


def test_every_check_answers_on_this_machine(settings: Settings) -> None:
    here = replace(settings, root=ROOT)
    found = {check.name: look_at(check, here) for check in TABLE}
    assert [name for name, finding in found.items() if finding.state == NG] == []
    assert all(finding.text for finding in found.values())


@pytest.mark.parametrize("flag", [(), ("--json",)])
def test_doctor_verb(flag: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.doctor", *flag], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if flag:
        assert {row["state"] for row in json.loads(done.stdout)} <= {"OK", "SKIP"}
    else:
        assert "  OK    engine" in done.stdout


@pytest.mark.parametrize("words", [(), ("sideways",), ("up", "--target", "staging")])
def test_local_verb_refuses_what_it_does_not_know(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.local_target", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "next: " in done.stderr
