"""What `./poe history` and `./poe show` print of a record."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest

from scripts.engine.report import Lines
from scripts.history import line
from scripts.show import page

ID = "20260101T120000Z-0a1b2c"
DISPLAY = Lines(io.StringIO())
ROW: dict[str, Any] = {
    "id": ID,
    "verdict": "rolled_back",
    "path": "fast",
    "reason": "hello: 1 file changed: src-a to src-b",
    "actor": "ann@box",
    "started": 1_767_268_800.0,
    "seconds": 12.34,
    "commit": {"id": "c" * 40, "time": 1, "dirty": True},
    "services": {
        "gateway": {"path": "none", "image_tag": "src-g", "verdict": "unchanged"},
        "hello": {
            "path": "fast",
            "image_tag": "src-b",
            "previous_tag": "src-a",
            "digest": "sha256:0123456789abcdef",
            "verdict": "rolled_back",
        },
    },
    "pushed_bytes": 4_100,
    "stages": [
        {"name": "build", "service": "hello", "started": 0.4, "seconds": 0.5, "ok": True},
        {"name": "rollout", "service": "hello", "started": 1.2, "seconds": 11.0, "ok": False},
    ],
    "evidence": [
        {
            "event": "evidence",
            "service": "hello",
            "tasks": [],
            "targets": [],
            "logs": ["KeyError: 'X'"],
            "sentence": "it crashed",
            "remedy": "correct it",
        }
    ],
    "error": "rollout: hello: crashed",
}


def test_a_deployment_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_767_268_800.0 + 7_300)
    assert line(DISPLAY, ROW) == (
        f"{ID}  rolled back  fast       12.3 s     2 h ago  ann@box  hello src-b  hello: 1 file changed: src-a to src-b"
    )
    of_gateway = line(DISPLAY, ROW, "gateway")
    assert "  unchanged    " in of_gateway
    assert "gateway src-g" in of_gateway


def test_what_somebody_else_wrote_moves_no_cursor() -> None:
    assert "\x1b" not in line(DISPLAY, {**ROW, "actor": "\x1b[2Jann", "reason": "a\nb"})
    assert "\n" not in line(DISPLAY, {**ROW, "reason": "a\nb"})


def test_a_deployment_that_never_ended_has_no_seconds() -> None:
    row = {key: value for key, value in ROW.items() if key not in ("seconds", "started")}
    assert f"{'-':>7}  {'-':>10}" in line(DISPLAY, row)


def test_everything_of_one_deployment() -> None:
    assert (
        "\n".join(page(DISPLAY, ROW, []))
        == f"""\
{ID}  rolled back after 12.3 s
  path      fast: hello: 1 file changed: src-a to src-b
  actor     ann@box
  started   2026-01-01 12:00:00 UTC
  commit    {"c" * 40} and changes that are not committed
  pushed    4.1 KB
  gateway    unchanged   none      src-g
  hello      rolled_back fast      src-b, was src-a  sha256:0123456789ab
     0.4 s  build    hello      0.5 s
     1.2 s  rollout  hello      11.0 s  failed
  evidence  hello
    last lines:
      KeyError: 'X'
    likely cause: it crashed
    remedy: correct it
error: rollout: hello: crashed"""
    )


def test_a_killed_deployment_is_told_from_its_events() -> None:
    row = {key: value for key, value in ROW.items() if key not in ("stages", "evidence", "seconds")}
    events = [
        {"event": "stage", "at": 0.4, "stage": "build", "service": "hello"},
        {"event": "stage_done", "at": 0.9, "stage": "build", "service": "hello", "seconds": 0.5, "ok": True},
        {"event": "stage", "at": 1.2, "stage": "rollout", "service": "hello"},
    ]
    shown = list(page(DISPLAY, {**row, "verdict": "stopped"}, events))
    assert shown[0] == f"{ID}  stopped"
    assert "     0.4 s  build    hello      0.5 s" in shown
    assert "     1.2 s  rollout  hello      no end was recorded" in shown


def test_a_rollback_tells_what_it_left_and_where_it_went() -> None:
    own = {"path": "fast", "image_tag": "src-a", "verdict": "live", "rollback_to": "D1"}
    shown = list(page(DISPLAY, {**ROW, "services": {"hello": own}, "rollback_of": "D2"}, []))
    assert "  undoes    D2" in shown
    assert "  hello      live        fast      src-a, as in D1" in shown
