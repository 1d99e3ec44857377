"""Provides a Docker engine: starts the one that is installed, or installs Debian's as root; says what it does.

Where neither is possible the error names the exact commands. An engine that runs by hand is its own session, so that
it outlives the command that needed it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.local import docker_engine
from scripts.local.docker_engine import EngineMissing

Say = Callable[[str], None]
_detached: list[subprocess.Popen[bytes]] = []
"""Engines that this process started and that outlive it: kept, so that none is taken for a forgotten child."""

LOCK = Path("/run/slipway-docker.lock")
PID_FILES = (
    (Path("/var/run/docker.pid"), "dockerd"),
    (Path("/var/run/docker/containerd/containerd.pid"), "containerd"),
)
"""Left behind by a killed engine, with the name of the program that wrote each."""
SYSTEMD = Path("/run/systemd/system")
DEBIAN = Path("/etc/debian_version")
START_SECONDS = 60.0
APT_SECONDS = 600
ZOMBIE = "Z"
STALE_LISTS_SECONDS = 24 * 3600
APT_OPTIONS = (
    "-y",
    "-q",
    "--no-install-recommends",
    "-o",
    "Dpkg::Use-Pty=0",
    "-o",
    "DPkg::Lock::Timeout=120",
    "-o",
    "Dpkg::Options::=--force-unsafe-io",
)


def ensure(folder: Path, say: Say) -> None:
    """An engine answers when this returns; `folder` takes its log. Raises EngineMissing with the commands to run."""
    if docker_engine.is_reachable():
        return
    refuse_what_cannot_be_started()
    with _machine_lock():
        if docker_engine.is_reachable():
            return
        if not shutil.which("dockerd", path=_root_path()):
            install(("docker.io",), say)
        _start(folder / "dockerd.log", say)


def refuse_what_cannot_be_started() -> None:
    """Raises EngineMissing with the commands to run where this process cannot provide an engine."""
    host = os.environ.get("DOCKER_HOST")
    if host and host != docker_engine.DEFAULT_HOST:
        raise EngineMissing(
            f"no Docker engine answers at {host}",
            where="DOCKER_HOST",
            remedy="start that engine, or unset DOCKER_HOST to use the one of this machine",
        )
    if os.geteuid() == 0 and (DEBIAN.exists() or shutil.which("dockerd", path=_root_path())):
        return
    if shutil.which("dockerd", path=_root_path()):
        raise EngineMissing(
            "the Docker engine of this machine does not answer",
            where=docker_engine.DEFAULT_HOST,
            remedy="sudo systemctl start docker; sudo usermod -aG docker $USER; newgrp docker",
        )
    if DEBIAN.exists():
        raise EngineMissing(
            "there is no Docker engine on this machine",
            where="docker",
            remedy="sudo apt-get update && sudo apt-get install -y docker.io && "
            "sudo usermod -aG docker $USER && newgrp docker",
        )
    raise EngineMissing(
        "there is no Docker engine on this machine",
        where="docker",
        remedy="install Docker Engine with your system's package manager and start it",
    )


@contextmanager
def _machine_lock() -> Iterator[None]:
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _root_path() -> str:
    # A user's PATH may lack the folders for administrators' programs, where dockerd is.
    return os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"


def install(packages: tuple[str, ...], say: Say) -> None:
    """Installs Debian packages as root; the package lists are refreshed when they are missing or a day old."""
    names = " ".join(packages)
    if os.geteuid() != 0:
        raise EngineMissing(
            f"{names} must be installed", where="apt", remedy=f"sudo apt-get update && sudo apt-get install -y {names}"
        )
    if _lists_are_stale():
        say("refreshing the package lists (apt-get update)")
        _apt("update", "-q")
    say(f"installing {names} (apt-get install)")
    _apt("install", *APT_OPTIONS, *packages)


def _lists_are_stale() -> bool:
    newest = max((path.stat().st_mtime for path in Path("/var/lib/apt/lists").glob("*_Packages*")), default=0.0)
    return time.time() - newest > STALE_LISTS_SECONDS


def _apt(*words: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            ("apt-get", *words),
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=APT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EngineMissing(
            f"no end after {APT_SECONDS} s",
            where=f"apt-get {words[0]}",
            remedy=f"run it by hand: apt-get {' '.join(words)}",
        ) from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")] or done.stderr.splitlines()[-1:]
        raise EngineMissing(
            " ".join(lines) or f"exit code {done.returncode}",
            where=f"apt-get {words[0]}",
            remedy=f"run it by hand: apt-get {' '.join(words)}",
        )


def _start(log: Path, say: Say) -> None:
    if SYSTEMD.is_dir():
        say("starting the Docker engine (systemctl start docker)")
        subprocess.run(("systemctl", "start", "docker"), capture_output=True, timeout=120, check=False)
        process = None
    else:
        say("starting the Docker engine (dockerd)")
        process = _start_by_hand(log)
        _detached.append(process)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if docker_engine.is_reachable(timeout=1.0):
            return
        if process and process.poll() is not None:
            break
        time.sleep(0.1)
    raise EngineMissing(
        f"the Docker engine did not start: {_last_error(log)}",
        where=str(log),
        remedy="read that log, or `journalctl -u docker` where systemd runs it",
    )


def _start_by_hand(log: Path) -> subprocess.Popen[bytes]:
    for path, program in PID_FILES:
        remove_stale_pid_file(path, program)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            ("dockerd",),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "PATH": _root_path()},
        )


def remove_stale_pid_file(path: Path, program: str) -> None:
    """Removes a pid file whose process is gone or is something else.

    dockerd refuses to start while the number in its own file lives, and waits for a containerd whose number does.
    """
    try:
        name, state = _process(int(path.read_text("ascii")))
    except (OSError, ValueError):
        name, state = "", ""
    if name != program or state == ZOMBIE:
        path.unlink(missing_ok=True)


def _process(pid: int) -> tuple[str, str]:
    """Name and state letter of a process. Source: proc(5), /proc/pid/stat."""
    name, _, rest = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")
    return name.partition("(")[2], rest.split()[0]


def _last_error(log: Path) -> str:
    try:
        lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        return "it left no log"
    telling = [line for line in lines[-40:] if "level=" not in line or "level=fatal" in line or "level=error" in line]
    return (telling or lines or ["it printed nothing"])[-1]
