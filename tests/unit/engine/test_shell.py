"""How processes are started, read and ended, with processes that are none."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from scripts.engine.errors import Cancelled, Failed
from scripts.engine.shell import KEPT_LINES, Result, Shell


class Process:
    """Says what it is told to, when it is asked."""

    pid = 4711

    def __init__(self, out: str = "", err: str = "", code: int = 0) -> None:
        self.stdout, self.err, self.code = io.StringIO(out), err, code
        self.returncode: int | None = None
        self.given: str | None = None

    def communicate(self, stdin: str | None) -> tuple[str, str]:
        self.given, self.returncode = stdin, self.code
        return self.stdout.read(), self.err

    def wait(self) -> None:
        self.returncode = self.code

    def poll(self) -> int | None:
        return self.returncode


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Signals that were sent, as (process group, number)."""
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "killpg", lambda pid, number: sent.append((pid, number)))
    return sent


def starting(monkeypatch: pytest.MonkeyPatch, process: Process | OSError) -> list[tuple[list[str], dict[str, Any]]]:
    started: list[tuple[list[str], dict[str, Any]]] = []

    def popen(argv: list[str], **options: Any) -> Process:
        started.append((argv, options))
        if isinstance(process, OSError):
            raise process
        return process

    monkeypatch.setattr(subprocess, "Popen", popen)
    return started


def test_output_and_errors_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    started = starting(monkeypatch, Process("out\n", "warning\n"))
    assert Shell().run(["docker", "push", "a b; rm"]) == Result(0, "out\n", ("out", "warning"))
    argv, options = started[0]
    assert argv == ["docker", "push", "a b; rm"]
    assert "shell" not in options
    assert options["start_new_session"] is True
    assert options["stdin"] == subprocess.DEVNULL
    assert options["env"] is None


def test_the_environment_is_added_to_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MINE", "1")
    started = starting(monkeypatch, Process())
    Shell().run(["x"], env={"A": "2"}, cwd=tmp_path)
    assert (started[0][1]["env"]["MINE"], started[0][1]["env"]["A"]) == ("1", "2")
    assert started[0][1]["cwd"] == tmp_path


def test_standard_input_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process()
    started = starting(monkeypatch, process)
    Shell().run(["docker", "login"], stdin="secret")
    assert process.given == "secret"
    assert started[0][1]["stdin"] == subprocess.PIPE
    assert "secret" not in started[0][0]


def test_lines_are_told_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    started = starting(monkeypatch, Process("one\n\ntwo\n", code=3))
    result = Shell().run(["x"], on_line=told.append, check=False)
    assert told == ["one", "", "two"]
    assert result == Result(3, "one\n\ntwo", ("one", "", "two"))
    assert started[0][1]["stderr"] == subprocess.STDOUT


def test_of_a_long_output_the_end_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"{n}\n" for n in range(KEPT_LINES + 10))
    starting(monkeypatch, Process(text))
    assert Shell().run(["x"], on_line=lambda line: None).tail[0] == "10"
    starting(monkeypatch, Process(text))
    assert len(Shell().run(["x"]).tail) == KEPT_LINES


@pytest.mark.parametrize(
    ("process", "what"),
    [
        (Process("a\nlast\n\n", code=1), "last"),
        (Process("out\n", "error: no\n", code=1), "error: no"),
        (Process(code=7), "exit code 7"),
        (Process(code=-9), "exit code -9"),
    ],
)
def test_a_command_that_fails_says_its_last_words(monkeypatch: pytest.MonkeyPatch, process: Process, what: str) -> None:
    starting(monkeypatch, process)
    with pytest.raises(Failed) as caught:
        Shell().run(["git", "-C", "a b", "log", "secret"])
    assert (caught.value.where, caught.value.what) == ("git -C 'a b' log", what)


def test_a_program_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    starting(monkeypatch, FileNotFoundError(2, "No such file or directory"))
    with pytest.raises(Failed) as caught:
        Shell().run(["docker", "x"])
    assert (caught.value.what, caught.value.remedy) == (
        "cannot start docker: No such file or directory",
        "./poe doctor",
    )


def test_after_a_cancel_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    started = starting(monkeypatch, Process())
    shell = Shell()
    shell.cancel()
    with pytest.raises(Cancelled):
        shell.run(["x"])
    assert started == []


def test_a_cancel_asks_the_whole_group_to_end(monkeypatch: pytest.MonkeyPatch, signals: list[tuple[int, int]]) -> None:
    monkeypatch.setattr(threading.Timer, "start", lambda self: None)
    shell = Shell()
    starting(monkeypatch, Process("one\ntwo\n", code=-15))
    with pytest.raises(Cancelled):
        shell.run(["x"], on_line=lambda line: shell.cancel() if line == "one" else None)
    assert signals == [(4711, signal.SIGTERM)]


def test_what_succeeded_in_spite_of_a_cancel_counts(
    monkeypatch: pytest.MonkeyPatch, signals: list[tuple[int, int]]
) -> None:
    monkeypatch.setattr(threading.Timer, "start", lambda self: None)
    shell = Shell()
    starting(monkeypatch, Process("one\n"))
    assert shell.run(["x"], on_line=lambda line: shell.cancel()).code == 0


def test_what_does_not_end_when_asked_is_ended(monkeypatch: pytest.MonkeyPatch, signals: list[tuple[int, int]]) -> None:
    monkeypatch.setattr(threading.Timer, "start", lambda self: self.function())
    shell = Shell()
    starting(monkeypatch, Process("one\n", code=-9))
    with pytest.raises(Cancelled):
        shell.run(["x"], on_line=lambda line: shell.cancel())
    assert signals == [(4711, signal.SIGTERM), (4711, signal.SIGKILL)]


def test_a_process_that_starts_during_a_cancel_is_ended_too(
    monkeypatch: pytest.MonkeyPatch, signals: list[tuple[int, int]]
) -> None:
    shell = Shell()

    def popen(argv: list[str], **_: Any) -> Process:
        shell.cancel()
        return Process(code=-15)

    monkeypatch.setattr(subprocess, "Popen", popen)
    with pytest.raises(Cancelled):
        shell.run(["x"])
    assert signals == [(4711, signal.SIGTERM)]


def test_a_process_that_nobody_listens_to_any_more_is_ended(
    monkeypatch: pytest.MonkeyPatch, signals: list[tuple[int, int]]
) -> None:
    def gone(line: str) -> None:
        raise BrokenPipeError

    starting(monkeypatch, Process("one\ntwo\n"))
    with pytest.raises(BrokenPipeError):
        Shell().run(["x"], on_line=gone)
    assert signals == [(4711, signal.SIGTERM)]


def test_a_group_that_is_gone_already_is_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(pid: int, number: int) -> None:
        raise ProcessLookupError

    monkeypatch.setattr(os, "killpg", nobody)
    monkeypatch.setattr(threading.Timer, "start", lambda self: self.function())
    shell = Shell()
    starting(monkeypatch, Process("one\n", code=1))
    with pytest.raises(Cancelled):
        shell.run(["x"], on_line=lambda line: shell.cancel())
