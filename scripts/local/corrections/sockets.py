"""Whether anything in a container listens for connections, read from the kernel's socket table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

LISTEN = "0A"
"""TCP_LISTEN in include/net/tcp_states.h, as /proc/net/tcp prints it."""


def listens(docker: Any, container_id: str) -> bool:
    """True when the container has a listening TCP socket; False when it has none or that cannot be known."""
    from docker.errors import DockerException

    try:
        process = int(docker.api.inspect_container(container_id)["State"]["Pid"])
    except (DockerException, OSError):
        return False
    return process > 0 and any(has_listener(Path(f"/proc/{process}/net") / name) for name in ("tcp", "tcp6"))


def has_listener(table: Path) -> bool:
    """True when a table in the format of /proc/net/tcp has a listening socket."""
    try:
        rows = table.read_text("ascii").splitlines()[1:]
    except OSError:
        return False
    return any(row.split()[3] == LISTEN for row in rows if len(row.split()) > 3)
