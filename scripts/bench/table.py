"""The figures as text: lines for a terminal, a table for the README."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scripts.bench import machine
from scripts.bench.cells import Facts, Table
from scripts.bench.cells import milliseconds as _ms
from scripts.bench.cells import seconds as _s
from scripts.bench.cells import spread as _spread
from scripts.bench.gateway import tables as gateway

CHANGES = {
    "nothing": "nothing changed: until the command ends",
    "source": "one source line: until the new version answers everything",
    "setting": "one setting: until the new version answers everything",
    "rollback": "going back: until the version before answers everything",
}
CROWD = (
    "{deploys} deploys at once: {live} live, {superseded} superseded by newer ones, {lost} lost, "
    "never more than {at_once} at one time; {seconds:.0f} s in all"
)
APP = {"first": "first time, nothing cached", "second": "second commit, same dependencies"}
COUNTED = ("calls", "deploys", "changes", "requests")
PAIR_HEAD = ["", "median", "min to max", "times faster, pair by pair", "whole command"]


def lines(facts: Facts) -> Iterator[str]:
    """Everything, for a terminal."""
    for title, head, rows in tables(facts):
        yield from ("", title, *_columns([head, *rows]))
    yield from ("", *notes(facts))


def markdown(facts: Facts) -> Iterator[str]:
    """Everything, for a README."""
    yield f"Measured {facts['measured']} on {machine.as_text(facts['machine'])}."
    for title, head, rows in tables(facts):
        yield from ("", f"**{title}**", "", _bar(head), _bar(["---"] * len(head)), *map(_bar, rows))
    yield from ("", *(f"- {note}" for note in notes(facts)))


def tables(facts: Facts) -> Iterator[Table]:
    """Title, heading and rows of each table that was measured."""
    for change, title in CHANGES.items():
        if change in facts["pairs"]:
            yield title, PAIR_HEAD, _pair_rows(facts["pairs"][change])
    if "fast_path" in facts:
        parts = facts["fast_path"]["parts"]
        yield "one source line: where the seconds go", ["", "median"], [[k, _s(v)] for k, v in parts.items()]
    if "variants" in facts:
        rows = [[row["command"], _s(row["live"]), _s(row["wall"])] for row in facts["variants"]]
        yield "one source line: other ways to call cdk deploy, once each", ["", "to live", "command"], rows
    if "ledger" in facts:
        found = facts["ledger"]
        rows = [["all of it", _s(found["seconds"]["median"])], *([k, _ms(v)] for k, v in found["parts"].items())]
        yield "lock and ledger in a deploy of one source line", ["", "median"], rows
    if "app" in facts:
        head = ["", "to live", "min to max", "whole command"]
        rows = [[APP[k], *_spread(v["live"]), _s(v["wall"]["median"])] for k, v in facts["app"].items()]
        yield "an application from its git URL, until the new version answers everything", head, rows
    yield from gateway.tables(facts)
    if "history" in facts:
        rows = [[row["command"], *_spread(row["seconds"])] for row in facts["history"]["commands"]]
        yield f"a ledger of {facts['history']['records']:,} deployments", ["", "median", "min to max"], rows
    if "planning" in facts:
        head = ["services", "./poe plan", "min to max", "in process", "choosing alone"]
        yield "plan, nothing changed, every service with a running task", head, list(map(_plan_row, facts["planning"]))
    if "analyze" in facts:
        found = facts["analyze"]
        rows = [[f"library call, {row['files']} files", *_spread(row["seconds"])] for row in found["library"]]
        rows.append(["./poe analyze, 100 files", *_spread(found["command"])])
        yield "analyzer, warm", ["", "median", "min to max"], rows
    yield "bounds", ["", "bound", "measured", ""], [_bound_row(row) for row in facts["bounds"]]


def notes(facts: Facts) -> Iterator[str]:
    """What the tables do not say."""
    for change, commands in facts["commands"].items():
        yield f"plain side of {change}: " + " && ".join(commands)
    boots = facts["bootstrap"]["seconds"]
    yield f"bootstrap: median {_s(boots['median'])} of {len(boots['values'])}, from no cloud and no project state"
    if "memory" in facts:
        memory = facts["memory"]
        yield (
            f"peak memory of one fast deploy: {memory['tree_mb']} MB in {memory['processes']} processes, "
            f"{memory['own_mb']} MB of it Slipway's own"
        )
    if "fast_path" in facts:
        fast = facts["fast_path"]
        yield f"one source line: {fast['mutating_calls']} mutating API calls; the command ends " + (
            f"{_s(fast['live_before_command_ended']['median'])} after the new version answers everything, "
            "since it waits to see that it stays up"
        )
    if "rollback" in facts:
        overhead = facts["rollback"]["overhead"]
        yield f"going back: {_s(overhead['median'])} of the command are the tool's own, the rest is the rollout"
    if "crowd" in facts:
        yield CROWD.format(**facts["crowd"])
    yield from gateway.notes(facts)
    lost = sum(side["requests_lost"] for row in facts["pairs"].values() for side in (row["slipway"], *row["against"]))
    yield f"requests without a good answer in all deploys: {lost}"
    repeated = sum(len(row["repeated"]) for row in facts["pairs"].values())
    yield f"pairs measured again because a side failed: {repeated}"
    for part, reason in facts["failed"].items():
        yield f"not measured: {part}: {reason}"
    yield f"load average before {facts['load_before']}, after {facts['load_after']}; {facts['bench_seconds']} s in all"
    yield "tool times on an embedded cloud, not ECS times"


def _pair_rows(row: Facts) -> list[list[str]]:
    own = row["slipway"]
    rows = [[own["command"], *_spread(own["seconds"]), "", _s(own["wall"]["median"])]]
    for side in row["against"]:
        ratio = side["ratio"]
        words = f"{ratio['median']:.1f} ({ratio['min']:.1f} to {ratio['max']:.1f})"
        rows.append([side["command"], *_spread(side["seconds"]), words, _s(side["wall"]["median"])])
    return rows


def _plan_row(row: Facts) -> list[str]:
    choose = f"{row['choose']['median'] * 1000:.0f} ms"
    return [str(row["services"]), *_spread(row["command"]), _s(row["look"]["median"]), choose]


def _bound_row(row: Facts) -> list[str]:
    measured = (
        f"{row['measured']:g} {row['unit']}" if row["unit"] in COUNTED else f"{row['measured']:.2f} {row['unit']}"
    )
    return [row["name"], row["bound"], measured, "reached" if row["reached"] else "MISSED"]


def _bar(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        first = row[0].ljust(widths[0])
        yield "  " + "  ".join([first, *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))])
