"""What the bench reads out of `./poe deploy --json`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripts.bench.deploy_report import Stage, busy, overhead, read_report, update_to_live
from scripts.engine.errors import Failed


def row(name: str, started: float, seconds: float, service: str | None = "hello") -> dict[str, Any]:
    return {"name": name, "service": service, "started": started, "seconds": seconds, "ok": True}


def line(*stages: dict[str, Any]) -> str:
    return json.dumps(
        {"event": "report", "verdict": "live", "path": "fast", "seconds": 9.0, "mutating_calls": 7, "stages": stages}
    )


FAST = line(
    row("prepare", 0.0, 0.25, None),
    row("analyze", 0.25, 0.25, None),
    row("build", 0.5, 0.5),
    row("push", 1.0, 0.5),
    row("update", 1.5, 0.5),
    row("rollout", 2.0, 6.5),
    row("verify", 8.5, 0.25),
)


def test_overhead_is_what_neither_the_builder_nor_the_cloud_took() -> None:
    """10 s of wall time, 0.5 s of them the builder, 7.25 s from UpdateStack to the end of verify."""
    assert overhead(10.0, read_report([FAST])) == pytest.approx(2.25)


def test_the_report_is_found_among_other_lines() -> None:
    report = read_report(['{"event": "plan"}', "no JSON", "[1]", FAST])
    assert (report.verdict, report.path, report.mutating_calls) == ("live", "fast", 7)
    assert report.stages[0] == Stage("prepare", None, 0.0, 0.25)


def test_a_deploy_without_a_report_is_no_measurement() -> None:
    with pytest.raises(Failed):
        read_report(['{"event": "plan"}'])


def test_builds_side_by_side_count_once() -> None:
    stages = read_report(
        [line(row("build", 1.0, 2.0, "a"), row("build", 2.0, 2.0, "b"), row("build", 6.0, 1.0))]
    ).stages
    assert busy(stages, "build") == pytest.approx(4.0)


def test_a_build_inside_another_adds_nothing() -> None:
    stages = read_report([line(row("build", 1.0, 5.0, "a"), row("build", 2.0, 1.0, "b"))]).stages
    assert busy(stages, "build") == pytest.approx(5.0)


def test_nothing_changed_means_no_time_to_live() -> None:
    assert update_to_live(read_report([line(row("prepare", 0.0, 0.2))]).stages) == 0.0


def test_the_last_service_decides() -> None:
    stages = [row("update", 1.0, 0.1, "a"), row("update", 1.2, 0.1, "b"), row("verify", 4.0, 0.5, "a")]
    found = update_to_live(read_report([line(*stages, row("verify", 3.0, 0.1, "b"))]).stages)
    assert found == pytest.approx(3.5)
