"""Messages as a deploy of two services makes them."""

from __future__ import annotations

from dataclasses import replace

from scripts.engine.notifying.message import Message

ROW = {
    "path": "fast",
    "reason": "1 file changed",
    "image_tag": "src-new",
    "previous_tag": "src-old",
    "digest": None,
    "url": "https://shop.example.com/hello",
    "verdict": None,
}
START = Message(
    event="start",
    id="20260131T120000Z-0a1b2c-start",
    at=1_769_860_800.0,
    project="shop",
    target="staging",
    actor="ann@box",
    deployment="20260131T120000Z-0a1b2c",
    path="fast",
    reason="hello: 1 file changed",
    commit={"id": "a1b2c3d4e5f6" + "0" * 28, "time": 1_769_860_000, "dirty": True},
    services={"hello": ROW},
)
LIVE = replace(
    START,
    event="live",
    verdict="live",
    seconds=5.2,
    services={"hello": {**ROW, "digest": "sha256:aa", "verdict": "live"}},
)
FAILED = replace(
    START,
    event="failed",
    verdict="failed",
    seconds=12.04,
    error={"what": "exit code 1", "where": "build hello", "remedy": "correct the Dockerfile"},
)
TEST = Message(event="test", id="x-test", at=0.0, project="shop", target="staging", actor="ann@box", action="test")
EVERY = (
    START,
    LIVE,
    FAILED,
    replace(FAILED, event="rolled_back", verdict="rolled_back"),
    replace(FAILED, event="superseded", verdict="superseded"),
    replace(FAILED, verdict="timed_out"),
    replace(FAILED, verdict="stopped", action="rollback"),
    replace(LIVE, action="rollback"),
    replace(LIVE, action="remove", services={}, commit=None),
    TEST,
)
