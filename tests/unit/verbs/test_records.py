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


def test_what_was_made_anew_and_how_it_baked() -> None:
    own: dict[str, Any] = {
        "path": "fast",
        "image_tag": "src-a",
        "verdict": "live",
        "cache": {"image": "built", "layers": 6, "cached_layers": 5, "analysis": "cached"},
        "proof": {"sent": 412, "failed": 2, "kinds": {"reset": 2}, "max_failed": 0},
        "bake": {"seconds": 30.0, "of": 30, "checks": 29, "failed": 1, "p95": 12.5},
    }
    shown = list(page(DISPLAY, {**ROW, "services": {"hello": own}, "stacks": ["service-hello"]}, []))
    assert "  stacks    service-hello" in shown
    at = shown.index("  hello      live        fast      src-a")
    assert [line.strip() for line in shown[at + 1 : at + 4]] == [
        "image built, 5 of 6 layers from the cache, analysis from the cache",
        "proof: 2 of 412 requests failed (2 reset)",
        "baked 30 of 30 s: 1 of 29 checks failed, p95 12.5 ms",
    ]
    bad = {**own, "cache": {"image": "registry"}, "bake": {**own["bake"], "p95": None, "trouble": "3 checks\x1b[2J"}}
    text = "\n".join(page(DISPLAY, {**ROW, "services": {"hello": bad}}, []))
    assert "image in the registry already\n" in text
    assert "1 of 29 checks failed; 3 checks\n" in text


def test_stages_say_what_their_events_said() -> None:
    events = [
        {"event": "stage_done", "stage": "build", "service": "hello", "seconds": 0.5, "ok": True, "text": "src-b"},
        {"event": "stage_done", "stage": "rollout", "service": "hello", "seconds": 9.9, "ok": True, "text": "other"},
    ]
    shown = list(page(DISPLAY, ROW, events))
    assert "     0.4 s  build    hello      0.5 s  src-b" in shown
    assert "     1.2 s  rollout  hello      11.0 s  failed" in shown


def test_a_killed_deployment_tells_stages_before_its_lock_and_a_stage_that_ran_twice() -> None:
    row = {key: value for key, value in ROW.items() if key not in ("evidence", "seconds")}
    row["stages"] = [{"name": "analyze", "service": None, "started": 0.1, "seconds": 0.2, "ok": True}]
    verify = {"stage": "verify", "service": "hello"}
    events = [
        {"event": "stage", "at": 5.0, **verify},
        {"event": "stage_done", "at": 5.5, "seconds": 0.5, "ok": True, **verify},
        {"event": "stage", "at": 5.5, **verify},
    ]
    shown = list(page(DISPLAY, {**row, "verdict": "stopped"}, events))
    assert [line.split()[0] for line in shown if " verify " in line or " analyze " in line] == ["0.1", "5.0", "5.5"]
    assert "     5.5 s  verify   hello      no end was recorded" in shown


def test_a_removed_application() -> None:
    removed = {"kind": "remove", "path": "remove", "reason": "removed: stack shop-hello"}
    row = {**ROW, **removed, "services": {"hello": {"verdict": "removed"}}}
    assert "  path      removed: stack shop-hello" in list(page(DISPLAY, row, []))
    assert "  remove     " in line(DISPLAY, row)
