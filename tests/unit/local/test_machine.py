"""Finding the engine, the builder and the emulator, without asking any of them."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from scripts.local import cdk_environment, checks, cloud, connection, docker_engine, emulator, engine_setup, ports
from scripts.local.checks import Check, Finding, look_at
from scripts.local.docker_engine import Builder
from scripts.local.failures import translated
from settings.errors import SlipwayError
from settings.model import Settings, Target

SETTINGS = Settings(Path("/project"), "demo", Target("local", "123456789012", "eu-west-1", embedded=True), ())
BUILDER = Builder(("/usr/bin/docker",), (("DOCKER_BUILDKIT", "1"),))


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two docker clients on PATH; the first cannot build, the second can."""
    paths = []
    for name in ("new", "old"):
        path = tmp_path / name / "docker"
        path.parent.mkdir()
        path.write_text("")
        path.chmod(0o755)
        paths.append(path)
    monkeypatch.setattr(docker_engine, "_clients", lambda: iter(map(str, paths)))
    answers = {str(paths[0]): "28.2.2", str(paths[1]): "20.10.24+dfsg1"}
    monkeypatch.setattr(docker_engine, "_output", lambda *words: "" if words[1] == "buildx" else answers[words[0]])
    return paths


def test_builder_is_the_client_with_buildkit(clients: list[Path], tmp_path: Path) -> None:
    found = docker_engine.find_builder(tmp_path / "builder.json")
    assert found == Builder((str(clients[1]),), (("DOCKER_BUILDKIT", "1"),))


def test_builder_is_remembered_while_the_clients_stay(
    clients: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "state" / "builder.json"
    first = docker_engine.find_builder(cache)
    monkeypatch.setattr(docker_engine, "_builder_of", lambda path: Builder((path,)))
    assert docker_engine.find_builder(cache) == first
    os.utime(clients[0], (1, 1))
    assert docker_engine.find_builder(cache) == Builder((str(clients[0]),))
    cache.write_text("rubbish")
    assert docker_engine.find_builder(cache) == Builder((str(clients[0]),))


def test_no_client_that_can_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_engine, "_clients", lambda: iter(()))
    with pytest.raises(SlipwayError, match="no Docker client on this machine"):
        docker_engine.find_builder()


def test_docker_host_of_another_machine_is_not_started_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_engine, "is_reachable", lambda **_: False)
    monkeypatch.setenv("DOCKER_HOST", "tcp://build.example:2375")
    with pytest.raises(docker_engine.EngineMissing) as caught:
        engine_setup.ensure(Path("/nowhere"), print)
    assert caught.value.what == "no Docker engine answers at tcp://build.example:2375"


@pytest.mark.parametrize(
    ("machine", "remedy"),
    [
        ("debian", "sudo apt-get update && sudo apt-get install -y docker.io && "),
        ("debian with engine", "sudo systemctl start docker; "),
        ("other", "install Docker Engine with your system's package manager"),
    ],
)
def test_without_root_the_commands_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, machine: str, remedy: str
) -> None:
    monkeypatch.setattr(docker_engine, "is_reachable", lambda **_: False)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(engine_setup, "DEBIAN", tmp_path if "debian" in machine else tmp_path / "absent")
    monkeypatch.setattr("shutil.which", lambda *_, **__: "/usr/sbin/dockerd" if "engine" in machine else None)
    with pytest.raises(docker_engine.EngineMissing) as caught:
        engine_setup.ensure(tmp_path, print)
    assert caught.value.remedy.startswith(remedy)


def test_pid_file_of_another_process_is_removed(tmp_path: Path) -> None:
    pid_file = tmp_path / "docker.pid"
    for content in (str(os.getpid()), "99999999", "rubbish", ""):
        pid_file.write_text(content)
        engine_setup.remove_stale_pid_file(pid_file, "dockerd")
        assert not pid_file.exists()
    own_name = Path("/proc/self/comm").read_text().strip()
    pid_file.write_text(str(os.getpid()))
    engine_setup.remove_stale_pid_file(pid_file, own_name)
    assert pid_file.exists()


def test_fatal_line_of_the_engine_log(tmp_path: Path) -> None:
    log = tmp_path / "dockerd.log"
    assert engine_setup._last_error(log) == "it left no log"
    log.write_text('time="1" level=info msg="starting"\nfailed to start daemon: no iptables\nlevel=info msg="bye"\n')
    assert engine_setup._last_error(log) == "failed to start daemon: no iptables"


def test_connection_points_everything_at_the_emulator() -> None:
    made = connection(SETTINGS, 4570, BUILDER, ("a notice",))
    assert made.endpoint_url == "http://127.0.0.1:4570"
    assert made.registry_host == "localhost:4570"
    assert made.access_key == "123456789012"
    assert made.load_balancer_url.format(name="demo", dns="x") == "http://127.0.0.1:4570/_alb/demo"
    assert not made.registry_login
    assert made.notices == ("a notice",)


def test_environment_of_the_cdk_cli() -> None:
    environment = dict(cdk_environment(SETTINGS, 4570, BUILDER))
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4570"
    assert environment["SLIPWAY_REGISTRY_HOST"] == "localhost:4570"
    assert environment["DOCKER_BUILDKIT"] == "1"
    assert os.access(environment["CDK_DOCKER"], os.X_OK)


def test_environment_of_the_emulator(tmp_path: Path) -> None:
    environment = emulator.environment(4570, tmp_path, "eu-west-1")
    assert environment["GATEWAY_PORT"] == "4570"
    assert environment["IOT_MTLS_ENABLED"] == "0"
    assert all(str(tmp_path) in environment[name] for name in ("STATE_DIR", "S3_DATA_DIR"))


def test_credentials_of_the_caller_stay_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "CDK_DOCKER", "HOME"):
        monkeypatch.setenv(name, "x")
    environment = cloud._clean_environment()
    assert {"AWS_CA_BUNDLE", "HOME"} <= environment.keys()
    assert not {"AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "CDK_DOCKER"} & environment.keys()


def test_the_emulator_says_who_it_is() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def application(*_: Any) -> None:
        sent.append({"passed": True})

    async def receive() -> Any:
        return {}

    identified = emulator.identified(application, {"state": "/project", "pid": 7})
    asyncio.run(identified({"type": "http", "path": cloud.IDENTITY_PATH}, receive, send))
    assert json.loads(sent[1]["body"]) == {"state": "/project", "pid": 7}
    asyncio.run(identified({"type": "http", "path": "/"}, receive, send))
    assert sent[2] == {"passed": True}


@pytest.mark.parametrize(
    ("card", "ours"),
    [
        (None, False),
        ({"state": "/elsewhere", "pid": 7}, False),
        ({"pid": 7}, False),
        ({"state": "{state}", "pid": 7}, True),
    ],
)
def test_only_an_emulator_with_our_state_is_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, card: dict[str, object] | None, ours: bool
) -> None:
    files = cloud.Files(tmp_path)
    files.port.write_text("4570\n")
    answer = {name: str(files.state) if value == "{state}" else value for name, value in (card or {}).items()}
    monkeypatch.setattr(cloud, "identity", lambda _port, _timeout: answer or None)
    assert cloud.find(tmp_path) == (cloud.Running(4570, 7, ()) if ours else None)


@pytest.mark.parametrize("content", ["", "no number", None])
def test_without_a_port_nothing_runs(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        cloud.Files(tmp_path).port.write_text(content)
    assert cloud.find(tmp_path) is None


@pytest.mark.parametrize(
    ("kept", "taken", "expected"),
    [(None, (), 4566), (4700, (), 4700), (4700, (4700,), 4566)],
)
def test_port_is_kept_or_preferred(
    monkeypatch: pytest.MonkeyPatch, kept: int | None, taken: tuple[int, ...], expected: int
) -> None:
    monkeypatch.setattr(ports, "is_free", lambda _address, port: port not in taken)
    assert ports.choose_port(kept, ("127.0.0.1",)) == expected


def _fail(_: Settings) -> Finding:
    raise SlipwayError("it is broken", remedy="mend it")


def _refuse(_: Settings) -> Finding:
    raise ConnectionRefusedError("refused")


def test_a_check_that_fails_is_a_finding() -> None:
    assert look_at(Check("g", "n", _fail), SETTINGS) == Finding(checks.NG, "it is broken", "mend it")
    assert look_at(Check("g", "n", _refuse), SETTINGS) == Finding(checks.NG, "refused", "./poe doctor --fix")


def test_checks_have_names_of_their_own() -> None:
    assert len({check.name for check in checks.TABLE}) == len(checks.TABLE)


@pytest.mark.parametrize(
    ("error", "what", "where"),
    [
        (
            PermissionError(errno.EACCES, "denied", "/project/.slipway/local/port"),
            "no permission",
            "/project/.slipway/local/port",
        ),
        (OSError(errno.ENOSPC, "full", "/project/x"), "the disk is full", "/project/x"),
        (docker_engine.EngineRefusal(500, "boom"), "the engine answers 500: boom", "unix:///var/run/docker.sock"),
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
            "the container engine stopped answering: [Errno 111] refused",
            "unix:///var/run/docker.sock",
        ),
    ],
)
def test_errors_of_the_system_are_told(error: OSError, what: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    found = translated(error)
    assert (found.what, found.where) == (what, where)
    assert found.remedy
