"""What was measured at the gateway, as tables and notes."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.bench.cells import Facts, Table, milliseconds, seconds, spread, times
from scripts.bench.gateway.throughput import ASKING, BARE


def tables(facts: Facts) -> Iterator[Table]:
    """Of what was measured."""
    if "policy" in facts:
        found = facts["policy"]
        rows = [["./poe deploy", *spread(found["seconds"])]]
        rows += [[name, seconds(value), ""] for name, value in found["parts"].items()]
        title = f"one policy edited: until {found['tasks']} gateway tasks enforce it"
        yield title, ["", "median", "min to max"], rows
    if "compile" in facts:
        found = facts["compile"]
        names = {"compile": "compile", "check": "envoy --mode validate", "seconds": "both", "command": "whole command"}
        rows = [[words, *spread(found[name])] for name, words in names.items()]
        yield "100 policies: compiled, and checked by the real Envoy", ["", "median", "min to max"], rows
    if "gateway" in facts:
        yield _throughput(facts["gateway"])
    if "traffic" in facts:
        yield _deploys(facts["traffic"])


def notes(facts: Facts) -> Iterator[str]:
    """What needs no table."""
    if "swaps" in facts:
        found = facts["swaps"]
        yield (
            f"{found['swaps']} swaps of the policies and {found['routes']} changes of routes under load: "
            f"{found['failed']} of {found['requests']:,} requests failed ({found['rate']:,} a second, "
            f"99 % within {found['p99']:.0f} ms); a swap takes {milliseconds(found['seconds']['median'])} "
            "from its upload to enforced on every task"
        )

    if "traffic" in facts:
        found = facts["traffic"]
        shift, back = found["shift"], found["back"]
        yield (
            f"a shift is enforced on every gateway task {seconds(shift['median'])} after it was written "
            f"({shift['min']:.2f} to {shift['max']:.2f}, {len(shift['values'])} of them), a way back after "
            f"{seconds(back['median'])} ({', '.join(f'{value:.2f}' for value in back['values'])})"
        )
        for one in found["bad"]:
            yield f"a version that answers 500, at 20 %: {one['failed']} of {one['requests']:,} failed ({one['why']})"


def _deploys(found: Facts) -> Table:
    rows = [
        [
            row["way"],
            f"{row['requests']:,}",
            str(row["failed"]),
            f"{row['rate']:,}",
            f"{row['p99']:.0f} ms",
            f"{row['deploys']}: {seconds(row['seconds']['median'])}",
        ]
        for row in found["ways"]
    ]
    head = ["", "requests meanwhile", "failed", "a second", "99 % within", "deploys, whole command"]
    return "hello deployed through the gateway under load", head, rows


def _throughput(found: Facts) -> Table:
    against = {BARE: times(found["of_bare"]), ASKING: times(found["times_sidecar"])}
    rows = [
        [
            side["side"],
            f"{side['rate']['median']:,}",
            f"{side['rate']['min']:,} to {side['rate']['max']:,}",
            f"{side['p99']['median']:.1f} ms",
            against.get(side["side"], ""),
        ]
        for side in found["sides"]
    ]
    head = ["", "requests a second", "min to max", "99 % within", "compiled policies in times of it"]
    return "the gateway's Envoy, one worker, 32 connections", head, rows
