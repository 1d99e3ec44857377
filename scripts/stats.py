"""`./poe stats`: how often, how fast and how well deployments went."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from scripts import command
from scripts.engine.history import records_since
from scripts.engine.state import checked_stacks
from scripts.engine.stats import stats
from scripts.engine.unwritten import write_kept
from scripts.session import look_at

CACHES = {"images": "images not built", "layers": "layers cached", "analyses": "analyses cached"}


def stats_verb() -> int:
    """Read, count and print; what an earlier deploy could not record is written first."""
    parser = command.parser("stats", "Show how often, how fast and how well deployments went.", as_json=True)
    parser.add_argument("--days", metavar="N", type=command.count, default=30, help="of how many days (default: 30)")
    arguments = parser.parse_args()
    world = look_at(arguments.target)
    has_ledger = "ledger" in checked_stacks(world.aws, world.settings)[0]
    if has_ledger:
        write_kept(world.aws, world.settings)
    since = time.time() - arguments.days * 86_400
    rows = records_since(world.aws, world.settings, since) if has_ledger else []
    found = stats(rows, arguments.days)
    if arguments.json:
        print(json.dumps({"target": world.settings.target.name, **found}))
        return 0
    for line in page(world.settings.target.name, found):
        print(line)
    return 0


def page(target: str, found: dict[str, Any]) -> Iterator[str]:
    """The figures for people."""
    verdicts = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in found["verdicts"].items())
    yield f"target {target}, {found['days']} days: {found['deployments']} deployments" + (
        f" ({verdicts})" if verdicts else ""
    )
    failures = {"rate": found["change_failure_rate"], "hits": found["failed_changes"], "count": found["changes"]}
    yield f"  live deploys a day    {found['live_per_day']:.1f}"
    yield f"  lead time             {_both(found['lead_time'])}"
    yield f"  change failure rate   {_share(failures)}"
    yield f"  time to restore       {_both(found['time_to_restore'])}"
    for name, title in CACHES.items():
        yield f"  {title:<21} {_share(found['cache'][name])}"
    for name, row in found["stages"].items():
        yield f"  stage {name:<15} {_both(row)}"


def _both(row: dict[str, Any]) -> str:
    if row["p50"] is None:
        return "-"
    return f"{_long(row['p50']):>9} median, {_long(row['p95']):>9} p95, of {row['count']}"


def _share(row: dict[str, Any]) -> str:
    return "-" if row["rate"] is None else f"{row['rate']:.1%}, {row['hits']} of {row['count']}"


def _long(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.2f} s"


def main() -> None:
    """Entry point."""
    command.run(stats_verb)


if __name__ == "__main__":
    main()
