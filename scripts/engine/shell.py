"""The only place of the engine that starts processes: argv lists, no shell, cancellable, output kept or streamed."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.engine.errors import Cancelled, Failed

KEPT_LINES = 2_000
GRACE_SECONDS = 10
"""Between asking a process to end and ending it."""


@dataclass(frozen=True)
class Result:
    """How a process ended: exit code, standard output, and the last lines of both streams."""

    code: int
    stdout: str
    tail: tuple[str, ...]


class Shell:
    """Runs commands; `cancel()` ends what runs and refuses what comes."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        on_line: Callable[[str], None] | None = None,
        check: bool = True,
        stdin: str | None = None,
    ) -> Result:
        """Run to the end.

        `env` adds to the environment. Standard error is read together with standard output when `on_line` is given
        (each line is passed on), and kept apart otherwise. Raises Failed on a non-zero exit code when `check`, and
        Cancelled.
        """
        if self.cancelled.is_set():
            raise Cancelled("stopped", remedy="run the command again")
        process = self._start(argv, env, cwd, merged=on_line is not None, stdin=stdin)
        try:
            result = _stream(process, on_line) if on_line else _collect(process, stdin)
        finally:
            with self._lock:
                self._running.discard(process)
            if process.poll() is None:  # whoever listened gave up
                _signal_group(process, signal.SIGTERM)
        if self.cancelled.is_set() and result.code != 0:
            raise Cancelled("stopped", remedy="run the command again")
        if check and result.code != 0:
            raise Failed(_last_words(result), where=shlex.join(argv[:4]))
        return result

    def cancel(self) -> None:
        """Ask every running process to end, and start no other."""
        self.cancelled.set()
        with self._lock:
            running = list(self._running)
        for process in running:
            _signal_group(process, signal.SIGTERM)
        if running:
            last = threading.Timer(GRACE_SECONDS, self._kill)
            last.daemon = True
            last.start()

    def _kill(self) -> None:
        """What did not end when it was asked to."""
        with self._lock:
            running = list(self._running)
        for process in running:
            _signal_group(process, signal.SIGKILL)

    def _start(
        self, argv: Sequence[str], env: Mapping[str, str] | None, cwd: Path | None, *, merged: bool, stdin: str | None
    ) -> subprocess.Popen[str]:
        try:
            process = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env={**os.environ, **env} if env else None,
                text=True,
                errors="replace",
                stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if merged else subprocess.PIPE,
                # Its own session: a Ctrl-C in the terminal reaches us alone, and we end children in order.
                start_new_session=True,
            )
        except OSError as error:
            raise Failed(f"cannot start {argv[0]}: {error.strerror}", remedy="./poe doctor") from None
        with self._lock:
            self._running.add(process)
        if self.cancelled.is_set():  # since it was asked for
            _signal_group(process, signal.SIGTERM)
        return process


def _collect(process: subprocess.Popen[str], stdin: str | None) -> Result:
    out, err = process.communicate(stdin)
    return Result(process.returncode, out, tuple((out + err).splitlines()[-KEPT_LINES:]))


def _stream(process: subprocess.Popen[str], on_line: Callable[[str], None]) -> Result:
    kept: deque[str] = deque(maxlen=KEPT_LINES)
    assert process.stdout is not None
    for line in process.stdout:
        kept.append(line.rstrip("\n"))
        on_line(kept[-1])
    process.wait()
    return Result(process.returncode, "\n".join(kept), tuple(kept))


def _last_words(result: Result) -> str:
    words = [line.strip() for line in result.tail if line.strip()]
    return words[-1] if words else f"exit code {result.code}"


def _signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return
