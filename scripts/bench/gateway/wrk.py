"""Load by wrk, Debian's load generator: so many requests a second as are answered, and what went wrong, as data."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scripts.bench.process import end
from scripts.engine.errors import Failed
from scripts.local import engine_setup
from scripts.local.engine_setup import Say

CONNECTIONS = 32
TIMEOUT = 10
"""Seconds after which an answer counts as lost."""
END_SECONDS = 30.0
SCRIPT = """
local lines = {lines}
local texts, at = {{}}, 0

function init(arguments)
  for number, line in ipairs(lines) do
    texts[number] = wrk.format("GET", line.path, line.headers)
  end
end

function request()
  at = at % #texts + 1
  return texts[at]
end

{delay}
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\n{{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, ',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99)))
  io.write(string.format('"errors": {{"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}}}}\\n',
    e.connect, e.read, e.write, e.status, e.timeout))
end
"""
DELAY = """
function delay()
  return {}
end
"""


@dataclass(frozen=True)
class Line:
    """One kind of request; they take turns."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Load:
    """What wrk saw."""

    requests: int
    seconds: float
    failed: int
    """Not connected, not sent, not read, late, or answered with 400 and above."""
    p50: float
    """Milliseconds."""
    p99: float
    kinds: Mapping[str, int] = field(default_factory=dict)
    """How they failed, as wrk calls it; `status` is 400 and above."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def ensure(say: Say) -> None:
    """Have wrk, from the distribution, as the Docker engine is had."""
    if not shutil.which("wrk"):
        engine_setup.install(("wrk",), say)


class Wrk:
    """Load while the block runs; `load` afterwards."""

    def __init__(
        self, url: str, lines: Sequence[Line], folder: Path, *, connections: int = CONNECTIONS, delay: int = 0
    ) -> None:
        """`delay`: milliseconds that a connection waits before its next request."""
        self._script = folder / "load.lua"
        script = SCRIPT.format(lines=lua([line.__dict__ for line in lines]), delay=DELAY.format(delay) if delay else "")
        self._script.write_text(script, "utf-8")
        self._words = ["wrk", "-t", "1", "-c", str(connections), "--timeout", f"{TIMEOUT}s", "-s", str(self._script)]
        self._url = url
        self.load: Load | None = None

    def __enter__(self) -> Self:
        self._process = self._start(3600)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind:
            end(self._process)
            return
        self._process.send_signal(signal.SIGINT)  # which ends the test early, with all its figures
        self.load = self._read(self._process, END_SECONDS)

    def run(self, seconds: int) -> Load:
        """Load for so long."""
        return self._read(self._start(seconds), seconds + END_SECONDS)

    def _start(self, seconds: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self._words, "-d", f"{seconds}s", self._url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _read(self, process: subprocess.Popen[str], seconds: float) -> Load:
        try:
            out, _ = process.communicate(timeout=seconds)
        except BaseException:
            end(process)
            raise
        return read(out)


def read(out: str) -> Load:
    """What the script printed last; raises Failed."""
    lines = out.splitlines()
    try:
        row = json.loads(lines[-1])
    except (ValueError, IndexError):
        raise Failed("wrk printed no figures", where="bench", evidence=tuple(lines[-5:])) from None
    kinds = {kind: count for kind, count in row["errors"].items() if count}
    times = (row["p50"] / 1000, row["p99"] / 1000)
    return Load(row["requests"], row["microseconds"] / 1e6, sum(kinds.values()), *times, kinds)


def lua(value: Any) -> str:
    """Texts, lists and tables as Lua."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"[{lua(key)}] = {lua(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "{" + ", ".join(map(lua, value)) + "}"
    return json.dumps(str(value))
