"""How long a changed policy takes, from the start of `./poe deploy` until every gateway task enforces it.

The command ends when all tasks have said so. Then the bench asks each task itself for a path that the new policy alone
permits: what is counted has to be true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.bench.deploy_report import Report, busy, read_report
from scripts.bench.gateway import tasks
from scripts.bench.process import run
from scripts.bench.site import Site
from scripts.bench.spread import spread
from scripts.engine.errors import Failed

FILE = "bench.cedar"
STAGES = ("prepare", "source", "analyze", "build", "update", "verify")
POLICY = """
@id("bench")
@description("Everybody sees this path, where nothing is")
permit (principal, action in Action::"read", resource == Path::"{path}");
"""
FORBIDDEN, NOTHING_THERE = 401, 404
"""Of a path that no policy permits to somebody without a token, and of one that is permitted and leads nowhere."""
Say = Callable[[str], None]


def measure(site: Site, repeats: int, say: Say) -> dict[str, Any]:
    """Facts: seconds of the whole command, of its parts, and how many things of ECS and CloudFormation changed."""
    with edited(site) as file:
        before, rows = tasks.footprint(site), []
        for number in range(repeats):
            rows.append(_turn(site, file, f"/bench/{number}"))
            say(f"policy   ./poe deploy, one policy edited {rows[-1][0]:15.2f} s")
        after = tasks.footprint(site)
        found = {"tasks": len(tasks.addresses(site))}
    _deploy(site)
    return {**facts_of(rows), **found, "touched": differences(before, after)}


def facts_of(rows: list[tuple[float, Report]]) -> dict[str, Any]:
    """One row a change: seconds of the command, and its report."""
    parts = {name: [busy(report.stages, name) for _, report in rows] for name in STAGES}
    parts["start (shell, task runner, imports)"] = [seconds - report.seconds for seconds, report in rows]
    known = [sum(values) for values in zip(*parts.values(), strict=True)]
    parts["everything else"] = [seconds - part for (seconds, _), part in zip(rows, known, strict=True)]
    return {
        "seconds": spread([seconds for seconds, _ in rows]).as_facts(),
        "parts": {name: spread(values).as_facts()["median"] for name, values in parts.items()},
    }


def differences(before: dict[str, Any], after: dict[str, Any]) -> int:
    """How many things are others than before, or were not there, or are gone."""
    return sum(before.get(name) != after.get(name) for name in before.keys() | after.keys())


@contextmanager
def edited(site: Site) -> Iterator[Path]:
    """A file of policies that is gone afterwards."""
    file = site.root / "policies" / FILE
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


def _turn(site: Site, file: Path, path: str) -> tuple[float, Report]:
    gateways = tasks.addresses(site)
    tasks.await_status(gateways, path, FORBIDDEN, 0)
    file.write_text(POLICY.format(path=path), "utf-8")
    seconds, report = _deploy(site)
    tasks.await_status(gateways, path, NOTHING_THERE, 0)
    return seconds, report


def _deploy(site: Site) -> tuple[float, Report]:
    finished = run([str(site.root / "poe"), "deploy", "--json"], cwd=site.root, env=site.environ)
    report = read_report(finished.lines)
    if (report.verdict, report.path) != ("live", "policy"):
        raise Failed(f"{report.path}: {report.verdict}", where="bench, policy")
    return finished.seconds, report
