"""What people and programs read of a deploy."""

from __future__ import annotations

import io
import json
import re
import time
from typing import Any

import pytest

from scripts.engine.events import Event
from scripts.engine.report import JsonLines, Lines, Live, error_line, reporter, stage_line


def stage(name: str, at: float, service: str | None = None, text: str = "") -> Event:
    return {"event": "stage", "at": at, "stage": name, "service": service, "text": text}


def done(name: str, at: float, seconds: float, *, service: str | None = None, text: str = "", ok: bool = True) -> Event:
    row = {"event": "stage_done", "at": at, "stage": name, "service": service}
    return {**row, "seconds": seconds, "ok": ok, "text": text}


def progress(name: str, at: float, text: str, service: str | None = "hello") -> Event:
    return {"event": "progress", "at": at, "stage": name, "service": service, "text": text}


def ended(verdict: str, seconds: float, **more: Any) -> Event:
    services = {
        "gateway": {"path": "none", "image_tag": "src-aaaaaaaaaaaa", "url": "http://lb/"},
        "hello": {"path": "fast", "image_tag": None, "url": None},
    }
    return {
        "event": "report",
        "at": seconds,
        "verdict": verdict,
        "target": "staging",
        "seconds": seconds,
        "services": services,
        **more,
    }


PLAN = {"event": "plan", "at": 0.4, "path": "fast", "reason": "hello: 1 file changed", "services": {}, "stacks": []}

ROLLED_BACK: tuple[Event, ...] = (
    stage("prepare", 0.0),
    {"event": "notice", "at": 0.1, "code": "session", "text": "stand-in base images are in use"},
    done("prepare", 0.1, 0.1, text="target staging"),
    done("source", 0.12, 0.02, text="12 files, 4.1 KB"),
    {"event": "warning", "at": 0.2, "service": "hello", "text": "apps/hello/x is 1.3 GB in the build context"},
    {"event": "warning", "at": 0.2, "service": None, "text": "not recorded: no table"},
    PLAN,
    stage("build", 0.4, "hello"),
    progress("build", 0.5, "#1 [1/3] FROM python"),
    done("build", 0.9, 0.5, service="hello", text="src-3f9c2a71b04d"),
    done("push", 12.4, 11.5, service="hello", text="1 layer, 4.1 KB"),
    progress("rollout", 13.0, "1 of 2 tasks run it, 0 healthy"),
    {
        "event": "evidence",
        "at": 20.0,
        "service": "hello",
        "tasks": [
            {"id": "0123456789abcdef", "stopped_reason": "Essential container in task exited", "exit_code": 1},
            {"id": "1", "stopped_reason": "x", "exit_code": 137, "container_reason": "OutOfMemoryError"},
            {"id": "2", "stopped_reason": "CannotPull", "exit_code": None, "container_reason": "gone"},
        ],
        "targets": ["Target.Timeout Request timed out"],
        "logs": ["\x1b[31mTraceback\x1b[0m", "  KeyError:\t'X'\r"],
        "sentence": "the application ends by itself",
        "remedy": "correct the application",
    },
    done("rollout", 20.1, 7.7, service="hello", ok=False),
    ended(
        "rolled_back",
        20.1,
        error={"what": "hello: failed", "where": "rollout", "remedy": "correct it, then ./poe deploy", "exit_code": 5},
    ),
)

GOLDEN = """\
note: stand-in base images are in use
[0.1s +0.1s] 1/8 prepare             target staging
[0.1s +0.0s] 2/8 source              12 files, 4.1 KB
warning: hello: apps/hello/x is 1.3 GB in the build context
warning: not recorded: no table
fast: hello: 1 file changed
[0.9s +0.5s] 4/8 build    hello      src-3f9c2a71b04d
[12s +12s] 5/8 push     hello      1 layer, 4.1 KB
[13s] 7/8 rollout  hello      1 of 2 tasks run it, 0 healthy
evidence  hello
  task 01234567: Essential container in task exited (exit code 1)
  task 1: x (exit code 137, OutOfMemoryError)
  task 2: CannotPull, gone
  load balancer: Target.Timeout Request timed out
  last lines:
    Traceback
      KeyError: 'X'
  likely cause: the application ends by itself
  remedy: correct the application
[20s +7.7s] 7/8 rollout  hello  failed
rolled back in 20.1 s on staging
  gateway  none  src-aaaaaaaaaaaa  http://lb/
  hello    fast  -
error: rollout: hello: failed
next: correct it, then ./poe deploy
"""


def tell(display: Lines | JsonLines, *events: Event) -> None:
    for event in events:
        display(event)
    display.close()


def test_a_story_in_plain_lines() -> None:
    out = io.StringIO()
    tell(Lines(out), *ROLLED_BACK)
    assert out.getvalue() == GOLDEN


def test_nothing_changed_is_told_in_few_lines() -> None:
    out = io.StringIO()
    tell(Lines(out), {**PLAN, "path": "none", "reason": "nothing changed"}, ended("unchanged", 0.42))
    assert out.getvalue().splitlines()[0] == "unchanged in 0.4 s on staging"


def test_colours_mark_and_change_no_word() -> None:
    plain, colourful = io.StringIO(), io.StringIO()
    tell(Lines(plain), *ROLLED_BACK)
    tell(Lines(colourful, colour=True), *ROLLED_BACK)
    assert "\x1b[33mrolled back\x1b[0m" in colourful.getvalue()
    assert re.sub(r"\x1b\[\d+m", "", colourful.getvalue()) == plain.getvalue()


@pytest.mark.parametrize(
    ("verdict", "colour"), [("live", 32), ("unchanged", 32), ("superseded", 33), ("failed", 31), ("timed_out", 31)]
)
def test_the_colour_of_a_verdict(verdict: str, colour: int) -> None:
    line = Lines(io.StringIO(), colour=True).line(ended(verdict, 1.0))
    assert line is not None
    assert line.startswith(f"\x1b[{colour}m{verdict.replace('_', ' ')}\x1b[0m in ")


def test_every_event_is_one_line_of_json() -> None:
    out = io.StringIO()
    tell(JsonLines(out), *ROLLED_BACK, {"event": "notice", "at": 1.0, "text": "größe \ud800\n2", "path": io})
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [row["event"] for row in rows] == [event["event"] for event in (*ROLLED_BACK, {"event": "notice"})]
    assert rows[:-1] == json.loads(json.dumps(ROLLED_BACK))
    assert rows[-1]["text"] == "größe \ud800\n2"


def test_an_unknown_event_is_no_line() -> None:
    assert Lines(io.StringIO()).line({"event": "tomorrow", "at": 1.0}) is None


@pytest.mark.parametrize(
    ("at", "seconds", "line"),
    [
        (0.04, 0.04, "[0.0s +0.0s] 4/8 build    hello      x"),
        (9.94, 9.94, "[9.9s +9.9s] 4/8 build    hello      x"),
        (10.0, 10.0, "[10s +10s] 4/8 build    hello      x"),
        (12.0, 3.0, "[12s +3.0s] 4/8 build    hello      x"),
        (754.6, None, "[755s] 4/8 build    hello      x"),
    ],
)
def test_times_on_a_line(at: float, seconds: float | None, line: str) -> None:
    assert stage_line({"at": at, "stage": "build", "service": "hello"}, seconds, "x") == line


def test_an_error_on_one_line() -> None:
    assert error_line({"where": "rollout", "what": "no"}) == "error: rollout: no"
    assert error_line({"where": "", "what": "no"}) == "error: no"


class Screen(io.StringIO):
    """A terminal that understands what the live display writes: lines, cursor up, erase to the end."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed = ""

    def isatty(self) -> bool:
        return True

    def flush(self) -> None:
        self.flushed = self.getvalue()

    @property
    def shown(self) -> list[str]:
        """What stands on the screen after everything that was flushed."""
        lines = [""]
        for part in re.split(r"(\x1b\[\d*[AJ]|\n)", self.flushed):
            if part == "\n":
                lines.append("")
            elif up := re.fullmatch(r"\x1b\[(\d+)A", part):
                lines = [*lines[: len(lines) - 1 - int(up[1])], ""]
            elif part != "\x1b[J":
                lines[-1] += part
        return lines[:-1] if lines[-1] == "" else lines


def live(monkeypatch: pytest.MonkeyPatch, screen: Screen) -> Live:
    """A live display whose own clock stands still."""
    monkeypatch.setattr(Live, "_tick", lambda self: None)
    monkeypatch.setattr(time, "monotonic", lambda: 50.0)
    return Live(screen, colour=False)


def test_what_runs_stands_below_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    display = live(monkeypatch, screen)
    for event in (
        done("source", 0.1, 0.1, text="12 files"),
        stage("build", 0.2, "hello"),
        stage("build", 0.2, "gateway"),
        progress("build", 2.0, "#5 [2/3] RUN pip install"),
    ):
        display(event)
    assert screen.shown == [
        "[0.1s +0.1s] 2/8 source              12 files",
        "[2.0s +1.8s] 4/8 build    hello      #5 [2/3] RUN pip install",
        "[2.0s +1.8s] 4/8 build    gateway",
    ]
    display(done("build", 3.0, 2.8, service="gateway", text="src-1"))
    assert screen.shown == [
        "[0.1s +0.1s] 2/8 source              12 files",
        "[3.0s +2.8s] 4/8 build    gateway    src-1",
        "[3.0s +2.8s] 4/8 build    hello      #5 [2/3] RUN pip install",
    ]


def test_the_live_display_leaves_the_same_lines_as_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    tell(live(monkeypatch, screen), *ROLLED_BACK)
    without_progress = [line for line in GOLDEN.splitlines() if not line.startswith("[13s]")]
    assert screen.shown == without_progress


def test_closing_wipes_what_was_running_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    tell(live(monkeypatch, screen), stage("build", 0.2, "hello"))
    assert screen.flushed == screen.getvalue(), "held back, it would wipe the error message that follows"
    assert screen.shown == []


@pytest.mark.parametrize("text", ["two\nlines", "tab\tand\rreturn", "colour \x1b[31mred\x1b[0m", "x" * 500])
def test_a_running_line_stays_one_line(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    screen = Screen()
    display = live(monkeypatch, screen)
    display(stage("build", 0.2, "hello"))
    display(progress("build", 0.3, text))
    assert len(screen.shown) == 1
    assert len(screen.shown[0]) < 60
    assert screen.shown[0].isprintable()
    display.close()
    assert screen.shown == []


def test_the_clock_goes_on_without_events() -> None:
    screen = Screen()
    display = Live(screen, colour=False)
    display(stage("build", 0.0, "hello"))
    before = screen.getvalue()
    end = time.monotonic() + 5
    while screen.getvalue() == before and time.monotonic() < end:
        time.sleep(0.01)
    display.close()
    assert screen.getvalue() != before
    assert screen.shown == []


@pytest.mark.parametrize(
    ("out", "environ", "kind"),
    [
        (Screen(), {}, Live),
        (Screen(), {"TERM": "dumb"}, Lines),
        (Screen(), {"CI": "true"}, Lines),
        (io.StringIO(), {}, Lines),
    ],
)
def test_the_reporter_fits_its_output(
    monkeypatch: pytest.MonkeyPatch, out: io.StringIO, environ: dict[str, str], kind: type
) -> None:
    for name in ("CI", "TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert type(reporter(as_json=False, out=out)) is kind
    assert type(reporter(as_json=True, out=out)) is JsonLines


@pytest.mark.parametrize(("environ", "colour"), [({}, True), ({"NO_COLOR": ""}, False)])
def test_colours_can_be_switched_off(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], colour: bool) -> None:
    for name in ("CI", "TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    display = reporter(as_json=False, out=Screen())
    assert isinstance(display, Live)
    assert display.colour is colour
