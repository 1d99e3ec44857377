"""From timings to facts, bounds, tables and the picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.bench import bookkeeping, figures, new_application, plot, publish, table
from scripts.bench.deploy_report import Report, Stage
from scripts.bench.gateway import deploying, policy_change, swapping, throughput
from scripts.bench.gateway.deploying import Turn
from scripts.bench.gateway.wrk import Load
from scripts.bench.memory import Peak
from scripts.bench.pairs import Series
from scripts.bench.planning import Planning
from scripts.bench.sides import Change, Done, Timing
from scripts.bench.spread import spread

LOAD = Load(12_000, 12.0, 0, 4.0, 30.0)
SHIFTS = ({"weight": 10, "seconds_to_enforced": 0.2}, {"weight": 100, "seconds_to_enforced": 0.3})
SIDES = (throughput.BARE, throughput.OWN, throughput.ASKING)
STAGES = (
    Stage("prepare", None, 0.0, 0.25),
    Stage("build", "hello", 0.5, 0.5),
    Stage("update", "hello", 1.5, 0.5),
    Stage("verify", "hello", 8.0, 0.5),
)


def own(wall: float, live: float | None = None, calls: int = 0) -> Timing:
    stages = STAGES if live else ()
    report = Report("live", "fast", wall - 0.25, calls, stages)
    return Timing(Done(0.0, wall, {}, report, Peak(70_000_000, 120_000_000, 2)), live)


def plain(wall: float, live: float | None = None) -> Timing:
    return Timing(Done(0.0, wall, {"build": 0.5, "cdk": wall - 0.5}), live)


def measured() -> dict[str, Any]:
    """The facts of a small bench."""
    nothing = {figures.SLIPWAY: [own(0.5), own(0.4)], "npx cdk deploy STACK": [plain(4.0), plain(4.0)]}
    source = {
        figures.SLIPWAY: [own(10.0, 2.0, 7), own(9.0, 3.0, 8)],
        "npx cdk deploy STACK": [plain(5.0, 6.0), plain(5.0, 6.6)],
    }
    back = {
        figures.ROLLBACK: [own(8.0, 1.5, 7), own(8.0, 1.7, 7)],
        "npx cdk deploy STACK, older tag": [plain(4.0, 4.5), plain(4.0, 5.1)],
    }
    facts: dict[str, Any] = {
        "measured": "2030-01-31",
        "bench_seconds": 60,
        "failed": {"plan": "exit code 4"},
        "pairs_each": 2,
        "load_before": 0.1,
        "load_after": 1.0,
        "machine": {
            "cpu": "CPU", "cores": 2, "memory_gb": 8.0, "kernel": "6.1", "system": "Debian",
            "versions": {"python": "3.11"},
        },
        "commands": {"nothing": ["npx cdk deploy STACK"], "source": ["docker build", "npx cdk deploy STACK"]},
        "bootstrap": {"seconds": spread([20.0]).as_facts()},
        "pairs": {
            "nothing": figures.series_facts(Series(Change.NOTHING, nothing)),
            "source": figures.series_facts(Series(Change.SOURCE, source, ["hello is not steady"])),
            "rollback": figures.series_facts(Series(Change.ROLLBACK, back), own=figures.ROLLBACK),
        },
        "fast_path": figures.fast_path_facts(source[figures.SLIPWAY]),
        "rollback": figures.fast_path_facts(back[figures.ROLLBACK]),
        "app": {
            "first": new_application.facts_of([new_application.Turn(20.0, 27.0, 0)]),
            "second": new_application.facts_of([new_application.Turn(3.0, 9.5, 0)]),
        },
        "ledger": bookkeeping.facts_of([{"lock": 0.05, "fence": 0.01}]),
        "crowd": {
            "deploys": 10, "seconds": 40.0, "live": 3, "superseded": 7, "lost": 0, "at_once": 1, "newest_serves": 1,
        },
        "history": {
            "records": 10_000,
            "commands": [{"command": "./poe history", "seconds": spread([0.7, 0.8, 0.9]).as_facts()}],
        },
        "policy": {
            **policy_change.facts_of([(0.9, Report("live", "policy", 0.5, 15, STAGES))]), "tasks": 2, "touched": 0,
        },
        "compile": {name: spread([0.3]).as_facts() for name in ("compile", "check", "seconds", "command")},
        "gateway": throughput.facts_of(
            {side: [Load(count, 2.0, 0, 1.0, 5.0)] for side, count in zip(SIDES, (40_000, 24_000, 3_000), strict=True)}
        ),
        "swaps": swapping.facts_of(Load(9_000, 60.0, 0, 1.0, 20.0), [0.2] * swapping.SWAPS, swapping.ROUTES),
        "traffic": deploying.facts_of(
            {"rolling": [Turn(9.0, {}, LOAD)] * 2, "canary": [Turn(30.0, {"shift": {"steps": SHIFTS}}, LOAD)]},
            [Turn(9.0, {"shift": {"went_back": {"why": "5 errors", "weight": 20, "seconds": 0.4}}}, LOAD)],
        ),
        "variants": [figures.variant_facts("cdk deploy", plain(4.0, 5.0))],
        "memory": figures.memory_facts(own(10.0, 2.0)),
        "analyze": {
            "library": [
                {"files": 100, "seconds": spread([0.05]).as_facts()},
                {"files": 50_000, "seconds": spread([3.0]).as_facts()},
            ],
            "command": spread([0.4]).as_facts(),
        },
        "planning": figures.planning_facts(
            [Planning(n, spread([n / 50]), spread([n / 100]), spread([0.001]), n / 2) for n in (10, 100)]
        ),
    }  # fmt: skip
    return {**facts, "bounds": figures.judge(facts)}


def test_ratios_of_a_series_are_its_pairs() -> None:
    row = measured()["pairs"]["source"]["against"][0]
    assert row["ratio"]["values"] == [3.0, 2.2]
    assert row["wall_ratio"]["values"] == pytest.approx([0.5, 5 / 9], abs=1e-3)
    assert row["steps"] == {"build": 0.5, "cdk": 4.5}


def test_mutating_calls_are_those_of_the_worst_deploy() -> None:
    pairs = measured()["pairs"]
    assert (pairs["nothing"]["mutating_calls"], pairs["source"]["mutating_calls"]) == (0, 8)


def test_the_parts_of_the_fast_path_add_up() -> None:
    parts = figures.fast_path_facts([own(10.0, 2.0)])["parts"]
    assert sum(parts.values()) == pytest.approx(10.0)
    assert parts["UpdateStack to proven live"] == 7.0
    assert parts["everything else"] == pytest.approx(2.0)


def test_bounds_are_judged() -> None:
    rows = {row["name"]: row for row in measured()["bounds"]}
    assert rows["nothing changed, wall time"]["measured"] == 0.45
    assert rows["nothing changed, times faster"] == {
        "name": "nothing changed, times faster", "bound": "at least 8 x", "measured": 9.0, "unit": "x", "reached": True,
    }  # fmt: skip
    assert rows["one source line, tool overhead"]["reached"] is False
    assert rows["plan for 100 services"]["measured"] == 2.0
    assert len(rows) == len(figures.BOUNDS)
    assert rows["analyzer, 100 files, library call"]["reached"]
    assert not rows["analyzer, 50,000 files, library call"]["reached"]


def test_what_was_not_measured_is_not_judged() -> None:
    facts = measured()
    del facts["fast_path"], facts["planning"], facts["analyze"], facts["pairs"]["nothing"]
    del facts["rollback"], facts["pairs"]["rollback"], facts["ledger"], facts["crowd"], facts["app"]
    del facts["policy"], facts["compile"], facts["gateway"], facts["traffic"]
    facts["history"]["records"] = 500
    facts["swaps"]["swaps"] = 20
    assert [row["name"] for row in figures.judge(facts)] == [
        "one source line, times faster to live",
        "bootstrap from an empty cloud",
        "fast path, peak memory of all its processes",
    ]


def test_a_missed_bound_stands_out() -> None:
    lines = list(table.lines(measured()))
    assert any("tool overhead" in line and line.endswith("MISSED") for line in lines)
    assert any("./poe rollback" in line and "1.60 s" in line for line in lines)
    assert any("older tag" in line and "3.0 (3.0 to 3.0)" in line for line in lines)
    assert "a ledger of 10,000 deployments" in lines
    assert any("npx cdk deploy STACK" in line and "9.0 (8.0 to 10.0)" in line for line in lines)


def test_pairs_measured_again_are_told() -> None:
    assert any(line.endswith("a side failed: 1") for line in table.notes(measured()))


def test_a_part_that_failed_is_told() -> None:
    assert "not measured: plan: exit code 4" in table.notes(measured())


def test_figures_are_written_between_the_marks(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"before\n{publish.BEGIN}\nlast year\n{publish.END}\nafter\n", "utf-8")
    facts = measured()
    assert [path.name for path in publish.write(tmp_path, facts)] == ["bench.json", "bench.png", "README.md"]
    text = (tmp_path / "README.md").read_text("utf-8")
    assert text.startswith(f"before\n{publish.BEGIN}\nMeasured 2030-01-31 on 2 cores")
    assert text.endswith(f"\n{publish.END}\nafter\n")
    assert "last year" not in text
    assert json.loads((tmp_path / "bench.json").read_text("utf-8")) == facts


def test_a_text_without_marks_stays() -> None:
    assert publish.between_marks("text", "figures") == "text"


def test_the_picture_is_as_high_as_what_it_shows(tmp_path: Path) -> None:
    from PIL import Image

    facts = measured()
    plot.draw(facts, tmp_path / "all.png")
    plot.draw({**facts, "pairs": {}}, tmp_path / "plan.png")
    with Image.open(tmp_path / "all.png") as whole, Image.open(tmp_path / "plan.png") as part:
        assert whole.width == part.width == plot.WIDTH
        assert whole.height > part.height


def test_a_bar_says_how_many_times_as_long() -> None:
    words = [bar.words for bar in plot.bars(measured()["pairs"]["nothing"])]
    assert words == ["0.45 s", "4.00 s   9.0 times as long"]
