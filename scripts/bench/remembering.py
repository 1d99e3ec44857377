"""How long a full ledger takes to read: thousands of deployments, written as a deploy writes them, then listed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scripts.bench import workspace
from scripts.bench.process import run
from scripts.bench.site import Site
from scripts.bench.spread import spread
from scripts.engine.errors import Failed
from scripts.engine.ledger import Ledger, new_id
from scripts.engine.model import Verdict

RECORDS = 10_000
SPACING = 3_000.0
"""Seconds between two deployments: some thirty a day for a year."""
WRITERS = 4
SAVED_SECONDS = 120.0
"""How long the embedded cloud may take to save what was written; it answers slowly meanwhile."""
SECONDS = {"build": 2.0, "push": 0.5, "update": 0.1, "rollout": 7.0, "verify": 0.2}
ENDS = (*[Verdict.LIVE] * 7, Verdict.ROLLED_BACK, Verdict.FAILED, Verdict.STOPPED)
"""Every tenth deployment ends in each of the last three ways."""
COMMANDS = (
    ("history",),
    ("history", workspace.SERVICE, "--verdict", "live"),
    ("history", "--limit", "200"),
    ("stats",),
)
Say = Callable[[str], None]


def measure(site: Site, records: int, repeats: int, say: Say) -> dict[str, Any]:
    """Facts: how many records there are, and seconds of each command that reads them."""
    began = time.time()
    fill(site, records)
    say(f"history  {records} records written in {time.time() - began:.0f} s")
    _await_saved(site, time.time())
    rows = []
    for words in COMMANDS:
        seconds = spread([_command(site, words) for _ in range(repeats)])
        say(f"history  ./poe {' '.join(words):<34} {seconds.median:.2f} s")
        rows.append({"command": " ".join(("./poe", *words)), "seconds": seconds.as_facts()})
    return {"records": records, "commands": rows}


def fill(site: Site, records: int) -> None:
    """Write the records, all of them before now."""
    settings, aws, now = site.settings, site.aws(), time.time()

    def write(number: int) -> None:
        moment = now - (records - number) * SPACING
        Ledger(aws, settings, new_id(moment)).close(record(settings.target.name, moment, number))

    with ThreadPoolExecutor(WRITERS) as pool:
        for _ in pool.map(write, range(records)):
            pass


def record(target: str, moment: float, number: int) -> dict[str, Any]:
    """A deployment as `scripts/engine/recording.py` writes it."""
    verdict, tag = str(ENDS[number % len(ENDS)]), f"src-{number:012x}"
    stages = list(_stages())
    own = {
        "path": "fast",
        "reason": "1 file changed",
        "image_tag": tag,
        "previous_tag": f"src-{number - 1 & 0xFFFFFFFFFFFF:012x}",
        "digest": f"sha256:{number:064x}",
        "verdict": verdict,
        "cache": {"image": "built", "layers": 6, "cached_layers": 5},
    }
    return {
        "verdict": verdict,
        "target": target,
        "actor": "bench@machine",
        "started": moment,
        "path": "fast",
        "reason": f"{workspace.SERVICE}: 1 file changed",
        "commit": {"id": f"{number:040x}", "time": int(moment) - 600, "dirty": False},
        "services": {workspace.SERVICE: own},
        "stages": stages,
        "seconds": stages[-1]["started"] + stages[-1]["seconds"],
        "pushed_bytes": 4_100,
        "settling": [],
        "digests": {workspace.SERVICE: own["digest"]},
        "evidence": [],
    }


def _stages() -> Iterator[dict[str, Any]]:
    started = 0.5
    for name, seconds in SECONDS.items():
        yield {"name": name, "service": workspace.SERVICE, "seconds": seconds, "started": round(started, 3), "ok": True}
        started += seconds


def _await_saved(site: Site, moment: float) -> None:
    """Until the embedded cloud has saved what was written up to then: it works on nothing else meanwhile."""
    end = time.monotonic() + SAVED_SECONDS
    while not any(path.stat().st_mtime > moment for path in _snapshots(site)):
        if time.monotonic() > end:
            raise Failed(f"the embedded cloud saved nothing for {SAVED_SECONDS:.0f} s", where="bench")
        time.sleep(0.5)
    site.await_steady()


def _snapshots(site: Site) -> list[Path]:
    return list(site.snapshots.glob("*/dynamodb.json"))


def _command(site: Site, words: tuple[str, ...]) -> float:
    return run([str(site.root / "poe"), *words, "--json"], cwd=site.root, env=site.environ).seconds
