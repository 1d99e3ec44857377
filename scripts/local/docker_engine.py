"""The Docker engine and a client that can build with BuildKit: found, or provided where that is possible.

Serves every target: an AWS deploy builds with the same client. The engine is asked over its socket (a millisecond)
instead of through a client process (thirty).
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from settings.errors import SlipwayError

DEFAULT_HOST = "unix:///var/run/docker.sock"
SIOCGIFADDR = 0x8915
"""linux/sockios.h"""
Say = Callable[[str], None]


class EngineMissing(SlipwayError):
    """No engine answers and none can be started here."""


class EngineRefusal(OSError):
    """The engine answered a request with an error."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(f"the engine answers {status}: {text}")


@dataclass(frozen=True)
class Builder:
    """A Docker client able to build with BuildKit: the words that start it and the environment it needs."""

    docker: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def engine_host() -> str:
    """Where the engine listens, as DOCKER_HOST names it."""
    return os.environ.get("DOCKER_HOST") or DEFAULT_HOST


def ask(path: str, *, method: str = "GET", timeout: float = 5.0, host: str | None = None) -> Any:
    """The engine's JSON answer to a request of its API.

    Raises OSError when nothing answers, and EngineRefusal, which is one, when the engine answers with an error.
    """
    connection = _connection(host or engine_host(), timeout)
    try:
        connection.request(method, path, headers={"Host": "docker"})
        response = connection.getresponse()
        body = response.read()
    except http.client.HTTPException as error:
        raise OSError(f"no Docker engine: {error}") from error
    finally:
        connection.close()
    if response.status >= http.client.BAD_REQUEST:
        raise EngineRefusal(response.status, body[:300].decode(errors="replace").strip())
    return json.loads(body) if body[:1] in (b"{", b"[") else body.decode(errors="replace")


def _connection(host: str, timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(host)
    if parts.scheme == "unix":
        return _UnixConnection(parts.path, timeout)
    if parts.scheme in ("tcp", "http"):
        return http.client.HTTPConnection(parts.hostname or "localhost", parts.port or 2375, timeout=timeout)
    raise OSError(f"DOCKER_HOST {host}: only unix:// and tcp:// are asked directly")


def is_reachable(timeout: float = 3.0) -> bool:
    """Whether an engine answers."""
    try:
        return bool(ask("/_ping", timeout=timeout) == "OK")
    except OSError:
        return False


def bridge_address() -> str | None:
    """Address of this machine on the engine's default bridge, where containers reach it; None when it has none."""
    try:
        network = ask("/networks/bridge")
    except OSError:
        return None
    declared = [row["Gateway"] for row in network["IPAM"]["Config"] or [] if row.get("Gateway")]
    name = (network.get("Options") or {}).get("com.docker.network.bridge.name", "docker0")
    return declared[0] if declared else _interface_address(name)


def _interface_address(name: str) -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("256s", name.encode()[:15])
        try:
            answer = fcntl.ioctl(any_socket, SIOCGIFADDR, request)
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


def find_builder(cache: Path | None = None) -> Builder:
    """A client on this machine that can build with BuildKit.

    Either it has the buildx plugin, or it is older than 23 and has BuildKit built in (`DOCKER_BUILDKIT=1`; from 23 on
    the command needs the plugin). The answer is kept in `cache` for as long as the client files stay the same.
    Raises SlipwayError when no client qualifies.
    """
    clients = tuple(_clients())
    key = [[path, Path(path).stat().st_mtime_ns] for path in clients]
    builder = _cached(cache, key)
    if builder:
        return builder
    for path in clients:
        builder = _builder_of(path)
        if builder:
            _keep(cache, key, builder)
            return builder
    raise SlipwayError(
        "no Docker client here can build with BuildKit" if clients else "there is no Docker client on this machine",
        where="docker",
        remedy="install one: `apt-get install docker.io` (Debian), or Docker's buildx plugin",
    )


def _clients() -> Iterator[str]:
    seen: set[str] = set()
    for folder in (*os.environ.get("PATH", "").split(os.pathsep), "/usr/bin", "/usr/local/bin"):
        path = shutil.which("docker", path=folder) if folder else None
        if path and os.path.realpath(path) not in seen:
            seen.add(os.path.realpath(path))
            yield path


def _builder_of(path: str) -> Builder | None:
    if _output(path, "buildx", "version"):
        return Builder((path,))
    version = _output(path, "version", "--format", "{{.Client.Version}}")
    major = version.partition(".")[0]
    return Builder((path,), (("DOCKER_BUILDKIT", "1"),)) if major.isdigit() and 18 < int(major) < 23 else None


def _output(*words: str) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    # `docker version` prints the client's part, then fails when no engine answers; a missing plugin prints help.
    answered = done.returncode == 0 or "version" in words[1:2]
    return done.stdout.strip() if answered else ""


def _cached(cache: Path | None, key: list[list[Any]]) -> Builder | None:
    try:
        kept = json.loads(cache.read_text("utf-8")) if cache else None
        if kept and kept["clients"] == key:
            return Builder(tuple(kept["docker"]), tuple((name, value) for name, value in kept["environment"]))
    except (OSError, ValueError, KeyError, TypeError):
        # A cache that is absent or damaged is made again.
        return None
    return None


def _keep(cache: Path | None, key: list[list[Any]], builder: Builder) -> None:
    if cache is None:
        return
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(
        json.dumps({"clients": key, "docker": builder.docker, "environment": builder.environment}), "utf-8"
    )
