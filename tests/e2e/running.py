"""Runs a command and keeps what it said; its events can be read while it runs."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Event = dict[str, Any]

Found = TypeVar("Found")

PATIENCE = 240.0
"""Seconds after which a command counts as hanging."""


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float
    events: tuple[Event, ...] = ()
    """The JSON lines of standard output."""

    @property
    def report(self) -> Event:
        """The last event of a deploy."""
        return self.only("report")

    @property
    def error(self) -> Event:
        """What went wrong, wherever the command told it: before it began, or in its report."""
        for event in reversed(self.events):
            if event["event"] == "error":
                return event
            if event["event"] == "report" and "error" in event:
                return dict(event["error"])
        raise AssertionError(f"no error was reported\n{self}")

    def kind(self, name: str) -> list[Event]:
        """Every event of a kind."""
        return [event for event in self.events if event["event"] == name]

    def only(self, name: str) -> Event:
        """The one event of a kind."""
        found = self.kind(name)
        assert len(found) == 1, f"{len(found)} events {name!r}\n{self}"
        return found[0]

    def __str__(self) -> str:
        return f"exit code {self.code} after {self.seconds:.1f} s\n--- out\n{self.out}\n--- err\n{self.err}"


@dataclass
class Command:
    """A command that runs, its events readable while it does."""

    process: subprocess.Popen[str]
    started: float
    events: list[Event] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.readers = [
            threading.Thread(target=self._read_out, daemon=True),
            threading.Thread(target=self._read_err, daemon=True),
        ]
        for reader in self.readers:
            reader.start()

    def _read_out(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                with self.changed:
                    self.lines.append(line)
                    if (event := _event(line)) is not None:
                        self.events.append(event)
                    self.changed.notify_all()

    def _read_err(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            self.errors.extend(lines)

    def wait_for(self, wanted: Callable[[Event], bool], timeout: float = PATIENCE) -> Event:
        """The first event that is wanted, each asked about once; fails when the command ends without it."""
        end, asked = time.monotonic() + timeout, 0
        with self.changed:
            while True:
                for event in self.events[asked:]:
                    asked += 1
                    if wanted(event):
                        return event
                over = not self.readers[0].is_alive() or time.monotonic() > end
                assert not over, f"the awaited event never came\n{self.lines}\n{self.errors}"
                self.changed.wait(0.2)

    def send(self, number: signal.Signals) -> None:
        """Signal the command's own process."""
        self.process.send_signal(number)

    def finish(self, expect: int | tuple[int, ...] | None = 0, timeout: float = PATIENCE) -> Result:
        """Wait for the end; fails on another exit code than the expected."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"no end after {timeout} s\n{''.join(self.lines)}{''.join(self.errors)}") from None
        seconds = time.monotonic() - self.started
        for reader in self.readers:
            # A killed command may leave children that keep its output open.
            reader.join(5 if self.process.returncode >= 0 else 0.5)
        result = Result(self.process.returncode, "".join(self.lines), "".join(self.errors), seconds, tuple(self.events))
        wanted = (expect,) if isinstance(expect, int) else expect
        assert wanted is None or result.code in wanted, f"expected exit code {expect}\n{result}"
        return result


def _event(line: str) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def begins(stage: str) -> Callable[[Event], bool]:
    """Whether an event is the beginning of a stage."""
    return lambda event: event["event"] == "stage" and event["stage"] == stage


def until(look: Callable[[], Found], is_right: Callable[[Found], bool], seconds: float = 60.0) -> Found:
    """Look again and again until what is found is right."""
    end = time.monotonic() + seconds
    while not is_right(found := look()):
        assert time.monotonic() < end, f"after {seconds:.0f} s still {found}"
        time.sleep(0.2)
    return found
