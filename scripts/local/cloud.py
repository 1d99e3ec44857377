"""Starts, finds and stops the emulator process; one at a time for a state folder, whoever asks.

A process is ours when it answers on `IDENTITY_PATH` with our state folder. A pid file alone proves nothing: the
process may be dead and its number in use again, and another program may hold the port.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.local.ports import choose_port
from settings.errors import SlipwayError

IDENTITY_PATH = "/_slipway/emulator"
PROJECT = Path(__file__).resolve().parents[2]
CODE = Path(__file__).resolve().parent
START_SECONDS = 45.0
STOP_SECONDS = 20.0
LARGEST_LOG = 10_000_000
"""Bytes; a larger log is set aside at the next start."""
Say = Callable[[str], None]
_detached: list[subprocess.Popen[bytes]] = []
"""Emulators that this process started and that outlive it: kept, so that none is taken for a forgotten child."""


class EmulatorError(SlipwayError):
    """The embedded cloud does not start or stop."""


@dataclass(frozen=True)
class Running:
    """An emulator that answers."""

    port: int
    pid: int
    corrections: tuple[str, ...]
    code: str = ""
    """`code_version` of the process."""


@dataclass(frozen=True)
class Files:
    """What the embedded cloud keeps in its state folder."""

    folder: Path

    @property
    def port(self) -> Path:
        """The port as a plain number; the settings read it."""
        return self.folder / "port"

    @property
    def log(self) -> Path:
        """Output of the emulator."""
        return self.folder / "emulator.log"

    @property
    def lock(self) -> Path:
        """Held while somebody starts or stops the emulator."""
        return self.folder / "emulator.lock"

    @property
    def state(self) -> Path:
        """Everything that the emulator restores."""
        return self.folder / "state"

    def kept_port(self) -> int | None:
        """The port of the last start."""
        try:
            return int(self.port.read_text("ascii"))
        except (OSError, ValueError):
            return None


def find(folder: Path, timeout: float = 3.0) -> Running | None:
    """The emulator of this state folder, if it runs."""
    files = Files(folder)
    port = files.kept_port()
    card = identity(port, timeout) if port else None
    if not port or not card or card.get("state") != str(files.state.resolve()):
        return None
    return Running(port, int(card["pid"]), tuple(card.get("corrections") or ()), str(card.get("code", "")))


def identity(port: int, timeout: float) -> dict[str, Any] | None:
    """What the server on a port says about itself; None when nobody of ours answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", IDENTITY_PATH)
        response = connection.getresponse()
        card = json.loads(response.read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return card if isinstance(card, dict) else None


def code_version() -> str:
    """Identifies the code that an emulator started now would run: ours, and MiniStack's version by the lock file."""
    digest = hashlib.sha256()
    for path in (*sorted(CODE.rglob("*.py")), PROJECT / "requirements.txt"):
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()[:12]


def ensure(folder: Path, say: Say, *, addresses: tuple[str, ...], region: str) -> Running:
    """The running emulator, started when there is none; safe to call from several processes at once."""
    running = find(folder)
    if running:
        return running
    with exclusive(folder):
        return find(folder) or _start(Files(folder), say, addresses=addresses, region=region)


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Holds the lock of the state folder; the kernel frees it when the holder dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with Files(folder).lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(files: Files, say: Say, *, addresses: tuple[str, ...], region: str) -> Running:
    kept = files.kept_port()
    port = choose_port(kept, addresses)
    if kept and port != kept:
        say(f"port {kept} is taken by another program; the embedded cloud moves to {port}")
    say(f"starting the embedded cloud on port {port}")
    files.state.mkdir(parents=True, exist_ok=True)
    files.port.write_text(f"{port}\n", "ascii")
    process = _spawn(files, port, addresses, region)
    _detached.append(process)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        running = find(files.folder, timeout=1.0)
        if running:
            return running
        time.sleep(0.05)
    process.kill()
    raise EmulatorError(
        f"the embedded cloud did not start: {_last_line(files.log)}",
        where=str(files.log),
        remedy="read that log; `./poe local reset` starts from an empty cloud",
    )


def _spawn(files: Files, port: int, addresses: tuple[str, ...], region: str) -> subprocess.Popen[bytes]:
    binds = [word for address in addresses for word in ("--bind", address)]
    command = [
        sys.executable,
        "-m",
        "scripts.local.emulator",
        "--port",
        str(port),
        "--state",
        str(files.state),
        "--region",
        region,
        *binds,
    ]
    if files.log.exists() and files.log.stat().st_size > LARGEST_LOG:
        files.log.replace(files.log.with_suffix(".log.1"))
    with files.log.open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=_clean_environment(),
        )


def _clean_environment() -> dict[str, str]:
    # Credentials and endpoints of the caller must not leak into the cloud that it talks to.
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "CDK_", "MINISTACK_")) or name == "AWS_CA_BUNDLE"
    }


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return "no log"
    return lines[-1] if lines else "no output"


def stop(folder: Path) -> bool:
    """Stops the emulator, which saves its state and removes its containers; False when none runs."""
    with exclusive(folder):
        running = find(folder)
        if not running:
            return False
        os.kill(running.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if not _alive(running.pid):
                return True
            time.sleep(0.05)
        os.kill(running.pid, signal.SIGKILL)
        return True


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
