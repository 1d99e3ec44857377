"""What lock and ledger add to a fast deploy: measured inside of it, so that nothing else differs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from scripts.bench import timed_deploy, workspace
from scripts.bench.deploy_report import read_report
from scripts.bench.git_server import git, repository
from scripts.bench.process import run
from scripts.bench.site import Site
from scripts.bench.spread import spread
from scripts.engine.errors import Failed

Say = Callable[[str], None]


def measure(site: Site, repeats: int, say: Say) -> dict[str, Any]:
    """Facts: seconds of lock and ledger in each deploy, and of their parts, medians."""
    rows = []
    with repository(site.root):
        for number in range(repeats):
            workspace.edit_source(site.root, f"bookkeeping {number}")
            git(site.root, "commit", "-qam", f"bookkeeping {number}")
            rows.append(_deploy(site))
            say(f"ledger   lock and ledger {sum(rows[-1].values()):23.3f} s")
            site.await_steady()
    return facts_of(rows)


def facts_of(rows: Sequence[dict[str, float]]) -> dict[str, Any]:
    """One row a deploy: part -> seconds."""
    names = sorted({name for row in rows for name in row})
    return {
        "seconds": spread([sum(row.values()) for row in rows]).as_facts(),
        "parts": {name: round(median(row.get(name, 0.0) for row in rows), 4) for name in names},
    }


def _deploy(site: Site) -> dict[str, float]:
    words = [sys.executable, "-m", timed_deploy.__name__, "--json", workspace.SERVICE]
    lines = run(words, cwd=site.root, env=site.environ).lines
    report = read_report(lines)
    if (report.verdict, report.path) != ("live", "fast"):
        raise Failed(f"{report.path}: {report.verdict}", where="bench, ledger")
    told = json.loads(lines[-1])
    return {str(name): float(seconds) for name, seconds in told["seconds"].items()}
