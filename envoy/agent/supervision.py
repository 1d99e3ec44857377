"""Envoy as our child: its end is ours, and our end is its, after the requests that it has."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from agent import log
from agent.clock import REAL, Clock
from agent.environment import Environment
from agent.envoy_api import EnvoyApi

SPARE_SECONDS = 2.0
"""Of the stop timeout, for everything after the requests in flight."""
QUIET_SECONDS = 1.0
"""So long nobody may want anything before it counts as idle: the load balancer needs a moment to look elsewhere."""
LOOK_SECONDS = 0.1
ACTIVE = r"^http\.public\.downstream_rq_active$"


def words(environment: Environment) -> list[str]:
    """The command line. Without the last word a misspelt field in a watched file would load as an empty chain."""
    configuration = environment.configuration / "envoy.yaml"
    return [
        *("setpriv", "--pdeathsig", "KILL"),
        *(str(environment.envoy), "-c", str(configuration), "--concurrency", "1", "--disable-hot-restart"),
        # Of `misc` come only warnings, of parts that may change with Envoy's version, which is pinned.
        *(
            "-l",
            "warning",
            "--component-log-level",
            "misc:error",
            "--file-flush-interval-msec",
            "1000",
            "--reject-unknown-dynamic-fields",
        ),
    ]


class Admin(Protocol):
    """Envoy's administration."""

    def post(self, command: str) -> bool:
        """Give it a command; whether it took it."""

    def gauges(self, pattern: str) -> dict[str, int]:
        """Counters and gauges whose names match."""


class Child:
    """The Envoy process; the kernel kills it when we are killed."""

    def __init__(self, environment: Environment, api: EnvoyApi, clock: Clock = REAL) -> None:
        self._api, self._clock, self._seconds = api, clock, environment.stop_seconds - SPARE_SECONDS
        self.on_drained: Callable[[], object] = lambda: None
        """Called when no request is left, while Envoy still answers."""
        self.process = subprocess.Popen(words(environment))

    def await_end(self, stop: threading.Event) -> int:
        """Wait for its end or for ours; returns the exit code."""
        while not stop.wait(LOOK_SECONDS):
            code = self.process.poll()
            if code is not None:
                log.say("Envoy has ended", code=code)
                return code if code > 0 else 1
        drain(self._api, lambda: self.process.poll() is None, seconds=self._seconds, clock=self._clock)
        self.on_drained()
        self.end()
        return 0

    def end(self) -> None:
        """End it now."""
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def drain(api: Admin, is_running: Callable[[], bool], *, seconds: float, clock: Clock) -> None:
    """Fail the health check, so that nobody new comes, and let requests in flight finish."""
    api.post("/healthcheck/fail")
    start = idle_since = clock.now()
    while (now := clock.now()) < start + seconds and is_running():
        if api.gauges(ACTIVE).get("http.public.downstream_rq_active", 0):
            idle_since = now
        elif now - idle_since >= QUIET_SECONDS:
            break
        clock.pause(LOOK_SECONDS)
    log.say("drained", seconds=round(clock.now() - start, 1))


def prepare(folder: Path) -> None:
    """An empty folder to watch: what a former life left there does not count."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
