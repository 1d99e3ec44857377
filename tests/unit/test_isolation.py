"""The fixture in conftest.py forbids what it says."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable

import pytest


async def _start_process() -> None:
    await asyncio.create_subprocess_exec(sys.executable, "-c", "")


def _listen() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))


ATTEMPTS: dict[str, Callable[[], object]] = {
    "connect": lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
    "listen": _listen,
    "look up a name": lambda: socket.getaddrinfo("localhost", 80),
    "fetch": lambda: urllib.request.urlopen("http://127.0.0.1:9/", timeout=1),
    "run": lambda: subprocess.run([sys.executable, "-c", ""], check=False),
    "run from asyncio": lambda: asyncio.run(_start_process()),
    "system": lambda: os.system("true"),
    "fork": lambda: os.fork(),  # noqa: PLW0108 # looked up when it is called
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_unit_tests_cannot(attempt: str) -> None:
    with pytest.raises(BaseException, match="a unit test must not call"):
        ATTEMPTS[attempt]()
