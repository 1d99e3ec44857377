"""Runs one command and measures it: wall time, and peak memory when asked."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scripts.bench.memory import Meter, Peak
from scripts.engine.errors import Failed

GRACE_SECONDS = 20.0
LINE_LENGTH = 200
"""Of a failed command's output, as far as it is shown."""


@dataclass(frozen=True)
class Finished:
    """A command that succeeded."""

    started: float
    """Monotonic clock."""
    seconds: float
    lines: tuple[str, ...]
    """Standard output."""
    peak: Peak | None = None

    @property
    def ended(self) -> float:
        """Monotonic clock."""
        return self.started + self.seconds


def run(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], metered: bool = False, codes: Sequence[int] = (0,)
) -> Finished:
    """Run to the end; raises Failed with the last lines when the exit code is not one of `codes`.

    The process is a session of its own: a Ctrl-C reaches the bench alone, which then ends the process in order.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        list(argv),
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    errors: list[str] = []
    reader = threading.Thread(target=_drain, args=(process.stderr, errors), daemon=True)
    reader.start()
    meter = Meter(process.pid)
    try:
        with meter if metered else contextlib.nullcontext():
            assert process.stdout is not None
            lines = process.stdout.read().splitlines()
            code = process.wait()
    except BaseException:
        end(process)
        raise
    seconds = time.monotonic() - started
    reader.join()
    if code not in codes:
        said = [line[:LINE_LENGTH] for line in (*lines, *errors) if line.strip()]
        raise Failed(f"exit code {code}", where=shlex.join(argv[:3]), evidence=tuple(said[-8:]))
    return Finished(started, seconds, tuple(lines), meter.peak if metered else None)


def end(process: subprocess.Popen[str]) -> None:
    """End a process and its group: asked first, so that it ends its own children in order, then by force."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _drain(stream: IO[str] | None, kept: list[str]) -> None:
    assert stream is not None
    kept += stream.read().splitlines()
