"""Unit tests touch nothing outside this process: opening a connection or starting a process fails the test."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from typing import Never

import pytest

FORBIDDEN = (
    (socket.socket, "connect"),
    (socket.socket, "connect_ex"),
    (socket.socket, "bind"),
    (socket.socket, "sendto"),
    (socket, "getaddrinfo"),
    (subprocess.Popen, "__init__"),
    (os, "system"),
    (os, "fork"),
    (os, "forkpty"),
    (os, "posix_spawn"),
    (os, "posix_spawnp"),
    (os, "execv"),
    (os, "execve"),
)
"""What everything else in the standard library goes through."""


class ForbiddenInUnitTestError(BaseException):
    """Not an Exception, so that no handler for errors in the code under test takes it for one of those."""


def _refusal(name: str) -> Callable[..., Never]:
    def refuse(*args: object, **kwargs: object) -> Never:
        raise ForbiddenInUnitTestError(f"a unit test must not call {name}; move the test to tests/e2e")

    return refuse


@pytest.fixture(autouse=True)
def _no_sockets_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in FORBIDDEN:
        monkeypatch.setattr(owner, name, _refusal(f"{owner.__name__}.{name}"))
