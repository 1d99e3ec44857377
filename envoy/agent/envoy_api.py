"""Envoy's two doors on this machine: its public port, and its administration on a socket in the watched folder."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from agent.clock import REAL, Clock
from agent.shadow import HEADER

ADMIN = "admin.sock"
PROBE, ROUTES = "/.gateway/policy/", "/.gateway/routes/"
MEMBERS = r"^cluster\.[^.]+\.membership_total$"
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

    def __init__(self, state: Path, port: int, clock: Clock = REAL) -> None:
        self._state, self._port, self._clock = state, port, clock

    def enforces(self, version: str) -> bool:
        """Whether requests meet that version of the policies: no other permits its probe path."""
        return self._probe(f"{PROBE}{version}") is not None

    def tries(self, live: str, candidate: str) -> bool:
        """Whether requests meet that candidate beside the live version."""
        answer = self._probe(f"{PROBE}{live}")
        return answer is not None and answer.get(HEADER) == candidate

    def _probe(self, path: str) -> Mapping[str, str] | None:
        """Headers of the answer to a probe path; None where it is not there, or not permitted."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)
        try:
            connection.request("GET", path, headers={"host": "probe"})
            answer = connection.getresponse()
            return dict(answer.getheaders()) if answer.status == http.client.OK else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()

    def proves(self, version: str, seconds: float) -> bool:
        """Whether it does so before that many seconds are over."""
        return self._soon(lambda: self.enforces(version), seconds)

    def evaluates(self, candidate: str, live: Callable[[], str], seconds: float) -> bool:
        """Whether requests meet that candidate beside the live version before that many seconds are over."""
        return self._soon(lambda: self.tries(live(), candidate), seconds)

    def _soon(self, question: Callable[[], bool], seconds: float) -> bool:
        """Ask until it is so, or the time is over; whether it is so."""
        end, pause = self._clock.now() + seconds, 0.002
        while not question():
            if self._clock.now() > end:
                return False
            self._clock.pause(pause)
            pause = min(pause * 2, 0.1)
        return True

    def follows(self, digest: Callable[[], str], seconds: float) -> str:
        """The digest of the routes that it follows, if that is the wanted one before the time is over; else empty."""
        wanted = ""

        def is_there() -> bool:
            nonlocal wanted
            wanted = digest()
            return self._probe(f"{ROUTES}{wanted}") is not None

        return wanted if self._soon(is_there, seconds) else ""

    def has(self, clusters: Collection[str], seconds: float) -> bool:
        """Whether it has these clusters before the time is over; also when it does not run yet."""
        wanted = {f"cluster.{name}.membership_total" for name in clusters}
        if not (self._state / ADMIN).exists():
            return True
        return self._soon(lambda: wanted <= self.gauges(MEMBERS).keys(), seconds)

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
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()
        return text if answer.status == http.client.OK else None
