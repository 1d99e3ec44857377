"""Turns measurements into the facts that `bench.json` holds, and judges them by the bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from scripts.bench.deploy_report import Report, busy, overhead, update_to_live
from scripts.bench.gateway.swapping import SWAPS
from scripts.bench.pairs import Series
from scripts.bench.planning import Planning
from scripts.bench.remembering import RECORDS
from scripts.bench.sides import Change, Timing
from scripts.bench.spread import ratios, spread

SLIPWAY = "./poe deploy"
ROLLBACK = "./poe rollback"
Facts = dict[str, Any]


@dataclass(frozen=True)
class Bound:
    """One figure that the project promises."""

    name: str
    side: Literal["at most", "at least"]
    limit: float
    unit: str
    figure: Callable[[Facts], float]

    def judged(self, facts: Facts) -> Facts | None:
        """The bound with what was measured; None where this run did not measure it."""
        try:
            value = self.figure(facts)
        except KeyError:
            return None
        reached = value <= self.limit if self.side == "at most" else value >= self.limit
        return {
            "name": self.name,
            "bound": f"{self.side} {self.limit:g} {self.unit}",
            "measured": round(value, 3),
            "unit": self.unit,
            "reached": reached,
        }


def _ratio(change: Change) -> Callable[[Facts], float]:
    return lambda facts: float(facts["pairs"][change]["against"][0]["ratio"]["median"])


def _planned(count: int) -> Callable[[Facts], float]:
    def figure(facts: Facts) -> float:
        rows = {row["services"]: row for row in facts["planning"]}
        return float(rows[count]["command"]["median"])

    return figure


def _analyzed(row: int) -> Callable[[Facts], float]:
    return lambda facts: float(facts["analyze"]["library"][row]["seconds"]["median"])


def _median(part: str, figure: str) -> Callable[[Facts], float]:
    return lambda facts: float(facts[part][figure]["median"])


def _nothing(facts: Facts) -> float:
    return float(facts["pairs"]["nothing"]["slipway"]["seconds"]["median"])


def _rollback(facts: Facts) -> float:
    return float(facts["pairs"]["rollback"]["slipway"]["seconds"]["median"])


def _history(facts: Facts) -> float:
    if facts["history"]["records"] < RECORDS:
        raise KeyError("fewer records than the bound is for")
    return float(facts["history"]["commands"][0]["seconds"]["median"])


def _swapped(facts: Facts) -> float:
    if facts["swaps"]["swaps"] < SWAPS:
        raise KeyError("fewer swaps than the bound is for")
    return float(facts["swaps"]["failed"])


BOUNDS = (
    Bound("nothing changed, wall time", "at most", 1.0, "s", _nothing),
    Bound("nothing changed, mutating calls", "at most", 0, "calls", lambda f: f["pairs"]["nothing"]["mutating_calls"]),
    Bound("nothing changed, times faster", "at least", 8, "x", _ratio(Change.NOTHING)),
    Bound("one source line, tool overhead", "at most", 1.5, "s", lambda f: f["fast_path"]["overhead"]["median"]),
    Bound("one source line, times faster to live", "at least", 2, "x", _ratio(Change.SOURCE)),
    Bound("bootstrap from an empty cloud", "at most", 60, "s", lambda f: f["bootstrap"]["seconds"]["median"]),
    Bound("fast path, peak memory of all its processes", "at most", 150, "MB", lambda f: f["memory"]["tree_mb"]),
    Bound("plan for 100 services", "at most", 3, "s", _planned(100)),
    Bound("analyzer, 100 files, library call", "at most", 0.1, "s", _analyzed(0)),
    Bound("analyzer, 50,000 files, library call", "at most", 2, "s", _analyzed(1)),
    Bound("rollback, until the old version answers everything", "at most", 6, "s", _rollback),
    Bound("rollback, tool overhead", "at most", 1.0, "s", lambda f: f["rollback"]["overhead"]["median"]),
    Bound("lock and ledger in a deploy", "at most", 0.15, "s", lambda f: f["ledger"]["seconds"]["median"]),
    Bound("ten deploys at once, most at one time", "at most", 1, "deploys", lambda f: f["crowd"]["at_once"]),
    Bound("ten deploys at once, lost", "at most", 0, "deploys", lambda f: f["crowd"]["lost"]),
    Bound("ten deploys at once, the newest serves", "at least", 1, "deploys", lambda f: f["crowd"]["newest_serves"]),
    Bound("deploy-app, first time, to live", "at most", 45, "s", lambda f: f["app"]["first"]["live"]["median"]),
    Bound("deploy-app, second commit, to live", "at most", 8, "s", lambda f: f["app"]["second"]["live"]["median"]),
    Bound("history of 10,000 deployments", "at most", 1.0, "s", _history),
    Bound("./poe analyze, 100 files", "at most", 0.6, "s", lambda f: f["analyze"]["command"]["median"]),
    Bound("policy change, until every gateway task enforces it", "at most", 1.0, "s", _median("policy", "seconds")),
    Bound(
        "policy change, stacks, services and tasks touched", "at most", 0, "changes", lambda f: f["policy"]["touched"]
    ),
    Bound("100 policies, compiled and checked", "at most", 0.5, "s", _median("compile", "seconds")),
    Bound("tokens and 100 policies, of a bare gateway", "at least", 0.5, "x", _median("gateway", "of_bare")),
    Bound("tokens and 100 policies, of a sidecar", "at least", 6, "x", _median("gateway", "times_sidecar")),
    Bound("deploys through the gateway, failed", "at most", 0, "requests", lambda f: f["traffic"]["failed"]),
    Bound("deploys through the gateway, each way", "at least", 20_000, "requests", lambda f: f["traffic"]["least"]),
    Bound("shift, until every gateway task enforces it", "at most", 1.0, "s", _median("traffic", "shift")),
    Bound("shift back", "at most", 1.0, "s", _median("traffic", "back")),
    Bound("100 policy swaps, 20 changes of routes, failed", "at most", 0, "requests", _swapped),
)


def judge(facts: Facts) -> list[Facts]:
    """Every bound that this run measured."""
    return [row for bound in BOUNDS if (row := bound.judged(facts))]


def series_facts(series: Series, *, own: str = SLIPWAY) -> Facts:
    """Both sides of a change, and the ratios pair by pair; `own` is the side of Slipway."""
    ours = series.timings[own]
    others = {name: timings for name, timings in series.timings.items() if name != own}
    return {
        "slipway": {"command": own, **side_facts(ours)},
        "mutating_calls": max(_report(timing).mutating_calls for timing in ours),
        "against": [
            {
                "command": name,
                **side_facts(timings),
                "ratio": ratios(_seconds(timings), _seconds(ours)).as_facts(),
                "wall_ratio": ratios(_walls(timings), _walls(ours)).as_facts(),
            }
            for name, timings in others.items()
        ],
        "repeated": series.repeated,
    }


def side_facts(timings: Sequence[Timing]) -> Facts:
    """`seconds` is the time that counts, `wall` the wall time of the commands."""
    steps = timings[0].done.steps
    return {
        "seconds": spread(_seconds(timings)).as_facts(),
        "wall": spread(_walls(timings)).as_facts(),
        "requests_lost": sum(timing.lost for timing in timings),
        "steps": {name: round(median(t.done.steps[name] for t in timings), 3) for name in steps},
    }


def fast_path_facts(timings: Sequence[Timing]) -> Facts:
    """Where the seconds of the fast path go, medians."""
    reports = [(timing, _report(timing)) for timing in timings]
    parts: Mapping[str, list[float]] = {
        "start (shell, task runner, imports)": [t.done.seconds - r.seconds for t, r in reports],
        **{name: [busy(r.stages, name) for _, r in reports] for name in ("prepare", "source", "analyze")},
        "docker build": [busy(r.stages, "build") for _, r in reports],
        "docker push": [busy(r.stages, "push") for _, r in reports],
        "UpdateStack to proven live": [update_to_live(r.stages) for _, r in reports],
    }
    known = [sum(values) for values in zip(*parts.values(), strict=True)]
    rest = [timing.done.seconds - part for timing, part in zip(timings, known, strict=True)]
    return {
        "overhead": spread([overhead(t.done.seconds, r) for t, r in reports]).as_facts(),
        "mutating_calls": max(r.mutating_calls for _, r in reports),
        "parts": {name: round(median(values), 3) for name, values in {**parts, "everything else": rest}.items()},
        "live_before_command_ended": spread([t.done.seconds - t.seconds for t in timings]).as_facts(),
    }


def memory_facts(timing: Timing) -> Facts:
    """Peak memory of one fast deploy."""
    peak = timing.done.peak
    assert peak is not None, "measured with a meter"
    return {
        "tree_mb": round(peak.tree / 1e6, 1),
        "processes": peak.processes,
        "own_mb": round(peak.own / 1e6, 1),
    }


def planning_facts(rows: Sequence[Planning]) -> list[Facts]:
    """One row a number of services."""
    return [
        {
            "services": row.services,
            "command": row.command.as_facts(),
            "look": row.look.as_facts(),
            "choose": row.choose.as_facts(),
            "deploy_seconds": round(row.deploy, 1),
        }
        for row in rows
    ]


def variant_facts(name: str, timing: Timing) -> Facts:
    """One way to call `cdk deploy`, tried once."""
    return {"command": name, "live": round(timing.seconds, 3), "wall": round(timing.done.seconds, 3)}


def _report(timing: Timing) -> Report:
    assert timing.done.report is not None, "a side of Slipway"
    return timing.done.report


def _seconds(timings: Sequence[Timing]) -> list[float]:
    return [timing.seconds for timing in timings]


def _walls(timings: Sequence[Timing]) -> list[float]:
    return [timing.done.seconds for timing in timings]
