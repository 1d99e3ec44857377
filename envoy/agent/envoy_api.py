"""Envoy's two doors on this machine: its public port, and its administration on a socket in the watched folder."""

from __future__ import annotations

import http.client
import json
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ADMIN = "admin.sock"
PROBE = "/.gateway/policy/"
SECONDS = 5.0

Json = dict[str, Any]


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: Path, seconds: float = SECONDS) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        """Open it."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class EnvoyApi:
    """Questions to the Envoy beside us."""

    def __init__(self, state: Path, port: int) -> None:
        self._state, self._port = state, port

    def enforces(self, version: str) -> bool:
        """Whether requests meet that version of the policies: no other permits its probe path."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)
        try:
            connection.request("GET", f"{PROBE}{version}", headers={"host": "probe"})
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def proves(self, version: str, seconds: float) -> bool:
        """Whether it does so before that many seconds are over."""
        end, pause = time.monotonic() + seconds, 0.002
        while not self.enforces(version):
            if time.monotonic() > end:
                return False
            time.sleep(pause)
            pause = min(pause * 2, 0.1)
        return True

    def post(self, command: str) -> bool:
        """Give the administration a command; whether it took it."""
        return self._ask("POST", command) is not None

    def stats(self, pattern: str) -> list[Json]:
        """Rows of its statistics whose names match, buckets of histograms cumulated; none when it does not answer."""
        query = urlencode({"format": "json", "histogram_buckets": "cumulative", "filter": pattern})
        text = self._ask("GET", f"/stats?{query}")
        rows: list[Json] = json.loads(text or "{}").get("stats", [])
        return rows

    def gauges(self, pattern: str) -> dict[str, int]:
        """Counters and gauges whose names match."""
        return {row["name"]: row["value"] for row in self.stats(pattern) if isinstance(row.get("value"), int)}

    def _ask(self, method: str, path: str) -> str | None:
        connection = UnixConnection(self._state / ADMIN)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return text if answer.status == http.client.OK else None
