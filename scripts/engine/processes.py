"""Which process holds something, so that a holder on this very machine that has ended is known at once."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def this_process() -> str:
    """Process id, start time and where both count; an id alone may be in use again, or be another container's."""
    return f"{os.getpid()} {_started(os.getpid())} {_space()}"


def is_dead(host: str, process: str) -> bool:
    """Whether a holder on this machine has ended; of other machines and containers nothing is known."""
    pid, started, space = [*process.split(" "), "", "", ""][:3]
    if host != socket.gethostname() or space != _space():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return bool(started) and started != _started(int(pid))


def _space() -> str:
    """The process ids' name space of this boot: containers and machines may share a host name."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
