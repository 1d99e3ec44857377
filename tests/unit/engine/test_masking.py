"""Credentials in other people's text reach no listener, no record and no terminal."""

from __future__ import annotations

import pytest

from scripts.command import fail
from scripts.engine.errors import Failed
from scripts.engine.events import Event, Events
from scripts.engine.masking import masked

LINE, SHOWN = "connecting with PASSWORD=hunter2", "connecting with PASSWORD=[...]"


@pytest.mark.parametrize("kind", ["evidence", "progress", "warning"])
def test_events_with_foreign_text_come_masked(kind: str) -> None:
    heard: list[Event] = []
    facts = {"text": LINE, "logs": [LINE], "tasks": [{"stopped_reason": LINE, "exit_code": 1}], "service": None}
    Events(heard.append).emit(kind, **facts)
    assert heard[0]["text"] == SHOWN
    assert heard[0]["logs"] == [SHOWN]
    assert heard[0]["tasks"] == [{"stopped_reason": SHOWN, "exit_code": 1}]
    assert heard[0]["service"] is None


@pytest.mark.parametrize("as_json", [True, False])
def test_an_error_is_shown_masked(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    assert fail(Failed(LINE, where="build hello", evidence=(LINE, "x")), as_json=as_json) == 4
    captured = capsys.readouterr()
    assert "hunter2" not in captured.out + captured.err
    assert (captured.out + captured.err).count("PASSWORD=[...]") == 2


def test_numbers_and_names_stay() -> None:
    assert masked({"a": [1, 2.5, True, None, ("x", "y")], "b": {"c": "sha256:ab"}}) == {
        "a": [1, 2.5, True, None, ["x", "y"]],
        "b": {"c": "sha256:ab"},
    }


def test_an_endless_line_is_cut() -> None:
    assert (len(masked("x" * 1_000_000)), len(masked(["x" * 1_000_000])[0])) == (8_000, 8_000)
