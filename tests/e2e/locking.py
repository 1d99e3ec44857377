"""What the tests of locks share: the lock's item, what a deploy left, and what a superseded one must not have done."""

from __future__ import annotations

import json
from typing import Any

from scripts.engine.items import pack, unpack
from tests.e2e.running import Event, Result
from tests.e2e.workshop import Lane

LEASE, SUPERSEDED, REFUSED = 30, 6, 3


def key(lane: Lane) -> dict[str, Any]:
    return {"pk": {"S": f"lock#{lane.name}"}, "sk": {"S": "lock"}}


def lock_of(lane: Lane) -> dict[str, Any]:
    """The lock's item as plain values."""
    answer = lane.project.client("dynamodb").get_item(TableName="slipway-local-ledger", Key=key(lane))
    return unpack(answer["Item"])


def write_lock(lane: Lane, **changes: Any) -> None:
    """Somebody with another clock, or on another machine, writes to the lock."""
    row = pack(lock_of(lane)) | pack(changes)
    lane.project.client("dynamodb").put_item(TableName="slipway-local-ledger", Item=row)


def history(lane: Lane, *words: str) -> list[Event]:
    return list(json.loads(lane.project.run("history", lane.name, "--json", *words).out))


def record_of(lane: Lane, result: Result) -> Event:
    return next(row for row in history(lane) if row["id"] == result.report["deployment"])


def deploy(lane: Lane, *words: str, expect: int = 0) -> Result:
    return lane.project.run("deploy", "--json", lane.name, *words, expect=expect)


def versions(lane: Lane) -> set[str | None]:
    return {answer.version for answer in lane.answers()}


def assert_brought(lane: Lane, result: Result) -> None:
    """What this deploy wanted runs, and nothing else."""
    row = result.report["services"][lane.name]
    assert result.report["verdict"] == "live", result
    assert (lane.tag, versions(lane), lane.digests()) == (row["image_tag"], {row["image_tag"]}, {row["digest"]})


def assert_superseded(lane: Lane, result: Result) -> None:
    """It ended as superseded, is recorded so, and put nothing back."""
    assert result.report["verdict"] == "superseded", result
    assert record_of(lane, result)["verdict"] == "superseded"
    assert not [row for row in result.kind("stage") if "putting the previous version back" in row["text"]], result
    assert not result.kind("evidence")
