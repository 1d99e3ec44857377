"""Turns events into what people and programs read: lines for a log, a live display for a terminal, JSON lines."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import threading
from typing import Any, TextIO

from scripts.engine.events import STAGES, Event
from scripts.engine.proof import sentences

MARKS = {
    "live": "green",
    "unchanged": "green",
    "removed": "green",
    "rolled_back": "yellow",
    "superseded": "yellow",
    "stopped": "yellow",
}
ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""Control sequences of terminals. Source: ECMA-48, "Control sequences"."""
COLOURS = {"green": "32", "red": "31", "yellow": "33", "dim": "2", "bold": "1"}


class JsonLines:
    """One event a line."""

    def __init__(self, out: TextIO) -> None:
        self.out = out

    def __call__(self, event: Event) -> None:
        self.out.write(json.dumps(event, default=str) + "\n")
        self.out.flush()

    def close(self) -> None:
        """Nothing is held back."""


class Lines:
    """Plain lines: a stage when it ends, a rollout when it changes."""

    def __init__(self, out: TextIO, *, colour: bool = False) -> None:
        self.out, self.colour = out, colour

    def __call__(self, event: Event) -> None:
        line = self.line(event)
        if line is not None:
            self.write(line)

    def close(self) -> None:
        """Nothing is held back."""

    def write(self, line: str) -> None:
        """Print one line."""
        self.out.write(line + "\n")
        self.out.flush()

    def line(self, event: Event) -> str | None:
        """What an event reads like; None when it is not worth a line."""
        writer = {
            "stage_done": self._stage_done,
            "progress": self._progress,
            "notice": self._notice,
            "warning": self._warning,
            "evidence": self._evidence,
            "plan": self._plan,
            "report": self._report,
        }
        make = writer.get(event["event"])
        return make(event) if make else None

    def paint(self, colour: str, text: str) -> str:
        """The text in a colour, on terminals that want one."""
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self.colour else text

    def _stage_done(self, event: Event) -> str:
        mark = "" if event["ok"] else self.paint("red", "  failed")
        return stage_line(event, event["seconds"], event["text"]) + mark

    def _progress(self, event: Event) -> str | None:
        if event["stage"] != "rollout":
            return None
        return self.paint("dim", stage_line(event, None, event["text"]))

    def _notice(self, event: Event) -> str:
        return self.paint("dim", f"note: {event['text']}")

    def _warning(self, event: Event) -> str:
        who = f"{event['service']}: " if event.get("service") else ""
        return self.paint("yellow", f"warning: {who}{event['text']}")

    def _plan(self, event: Event) -> str | None:
        return None if event["path"] == "none" else f"{self.paint('bold', event['path'])}: {event['reason']}"

    def _evidence(self, event: Event) -> str:
        rows = [self.paint("red", f"evidence  {event.get('service') or ''}".rstrip())]
        rows += [f"  task {task['id'][:8]}: {task['stopped_reason']}" + _exit(task) for task in event.get("tasks", [])]
        rows += [f"  load balancer: {text}" for text in event.get("targets", [])]
        if event.get("logs"):
            rows += ["  last lines:", *(f"    {one_line(line)}" for line in event["logs"])]
        if event.get("sentence"):
            rows += [f"  likely cause: {event['sentence']}", f"  remedy: {event['remedy']}"]
        return "\n".join(rows)

    def _report(self, event: Event) -> str:
        verdict = self.paint(MARKS.get(event["verdict"], "red"), event["verdict"].replace("_", " "))
        rows = [f"{verdict} in {event['seconds']:.1f} s on {event['target']}"]
        rows += [*_table(event["services"]), *_proofs(event["services"])]
        if event.get("deployment"):
            rows.append(self.paint("dim", f"./poe show {event['deployment']}"))
        if error := event.get("error"):
            rows += [self.paint("red", error_line(error))] + ([f"next: {error['remedy']}"] if error["remedy"] else [])
        return "\n".join(rows)


class Live(Lines):
    """Lines, and below them what runs right now with its running time."""

    def __init__(self, out: TextIO, *, colour: bool) -> None:
        super().__init__(out, colour=colour)
        self._active: dict[tuple[str, str | None], Event] = {}
        self._drawn, self._clock = 0, 0.0
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._offset: float | None = None
        self._thread: threading.Thread | None = None

    def __call__(self, event: Event) -> None:
        import time

        with self._lock:
            self._offset = time.monotonic() - event["at"]
            self._follow(event)
            self._erase()
            line = None if event["event"] == "progress" else self.line(event)
            if line is not None:
                self.write(line)
            self._draw()
        if self._thread is None:
            self._thread = threading.Thread(target=self._tick, daemon=True, name="display")
            self._thread.start()

    def close(self) -> None:
        """Remove the live part."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        with self._lock:
            self._erase()
            # Held back, it would erase what is printed after the display.
            self.out.flush()

    def _follow(self, event: Event) -> None:
        key = (event.get("stage", ""), event.get("service"))
        if event["event"] == "stage":
            self._active[key] = dict(event)
        elif event["event"] == "stage_done":
            self._active.pop(key, None)
        elif event["event"] == "progress" and key in self._active:
            self._active[key]["text"] = event["text"]

    def _tick(self) -> None:
        while not self._stop.wait(0.1):
            with self._lock:
                self._erase()
                self._draw()

    def _erase(self) -> None:
        if self._drawn:
            self.out.write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0

    def _draw(self) -> None:
        import time

        now = time.monotonic() - (self._offset or 0.0)
        width = shutil.get_terminal_size().columns
        for event in self._active.values():
            text = stage_line({**event, "at": now}, now - event["at"], one_line(event["text"]))
            self.out.write(self.paint("dim", text[: width - 1]) + "\n")
            self._drawn += 1
        self.out.flush()


def reporter(*, as_json: bool, out: TextIO | None = None) -> JsonLines | Lines:
    """The reporter for this output: JSON when asked, live on a terminal, plain lines otherwise."""
    out = out or sys.stdout
    if as_json:
        return JsonLines(out)
    if out.isatty() and os.environ.get("TERM") != "dumb" and "CI" not in os.environ:
        return Live(out, colour="NO_COLOR" not in os.environ)
    return Lines(out)


def stage_line(event: Event, seconds: float | None, text: str) -> str:
    """`[12s +3s] 5/8 push  hello  1 layer, 4.1 KB`."""
    stage = event["stage"]
    took = f" +{_seconds(seconds)}" if seconds is not None else ""
    number = STAGES.index(stage) + 1
    service = event.get("service") or ""
    return f"[{_seconds(event['at'])}{took}] {number}/{len(STAGES)} {stage:<8} {service:<10} {text}".rstrip()


def one_line(text: str) -> str:
    """Text of a builder or an application without what would move the cursor or change colours."""
    return "".join(character if character.isprintable() else " " for character in ESCAPE.sub("", text)).rstrip()


def error_line(error: dict[str, Any]) -> str:
    """`error: where: what`."""
    return "error: " + ": ".join(part for part in (error["where"], error["what"]) if part)


def _seconds(value: float) -> str:
    return f"{value:.1f}s" if value < 10 else f"{value:.0f}s"


def _exit(task: dict[str, Any]) -> str:
    code = task.get("exit_code")
    reason = f", {task['container_reason']}" if task.get("container_reason") else ""
    return (f" (exit code {code}{reason})" if code is not None else "") + ("" if code is not None else reason)


def _proofs(services: dict[str, Any]) -> list[str]:
    proven = [(name, line) for name, row in services.items() if "proof" in row for line in sentences(row["proof"])]
    return [f"  proof  {name}: {line}" for name, line in proven]


def _table(services: dict[str, Any]) -> list[str]:
    rows = [(name, row["path"], row["image_tag"] or "-", row["url"] or "") for name, row in services.items()]
    widths = [max(len(row[at]) for row in rows) for at in range(3)] if rows else []
    return ["  " + "  ".join([*(row[at].ljust(widths[at]) for at in range(3)), row[3]]).rstrip() for row in rows]
