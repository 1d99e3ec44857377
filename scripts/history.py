"""`./poe history`: the deployments of a target or of one service, newest first."""

from __future__ import annotations

import json
import time
from typing import Any

from scripts import command
from scripts.engine.history import RUNNING, history, verdict_for
from scripts.engine.model import Verdict
from scripts.engine.report import MARKS, Lines, one_line, reporter
from scripts.engine.state import checked_stacks
from scripts.engine.unwritten import write_kept
from scripts.session import look_at

VERDICTS = (*map(str, Verdict), RUNNING)


def history_verb() -> int:
    """Read and print; what an earlier deploy could not record is written first."""
    parser = command.parser("history", "List deployments from the ledger, newest first.", as_json=True)
    parser.add_argument("service", nargs="?", metavar="SERVICE", help="only those of one service (default: all)")
    parser.add_argument("--limit", metavar="N", type=command.count, default=20, help="how many at most (default: 20)")
    parser.add_argument("--verdict", metavar="V", choices=VERDICTS, help="only those that ended so: %(choices)s")
    arguments = parser.parse_args()
    name = arguments.service
    world = look_at(arguments.target, [name] if name is not None else [])
    has_ledger = "ledger" in checked_stacks(world.aws, world.settings)[0]
    if has_ledger:
        write_kept(world.aws, world.settings)
    found: list[dict[str, Any]] = []
    if has_ledger:
        found = history(world.aws, world.settings, service=name, verdict=arguments.verdict, limit=arguments.limit)
    if arguments.json:
        print(json.dumps(found))
        return 0
    display = reporter(as_json=False)
    assert isinstance(display, Lines)
    for row in found:
        display.write(line(display, row, name))
    if not found:
        print(f"no such deployment on {world.settings.target.name}")
    return 0


def line(display: Lines, row: dict[str, Any], service: str | None = None) -> str:
    """One deployment on one line: id, verdict, path, how long, when, who, what, why."""
    verdict = verdict_for(row, service)
    mark = display.paint(MARKS.get(verdict, "red"), f"{verdict.replace('_', ' '):<11}")
    seconds = f"{row['seconds']:.1f} s" if "seconds" in row else "-"
    names = [service] if service else [n for n, own in row["services"].items() if own.get("path") != "none"]
    tags = ", ".join(f"{n} {row['services'][n].get('image_tag', '-')}" for n in names)
    what = one_line(f"{row['actor']}  {tags}  {row['reason']}")
    return f"{row['id']}  {mark}  {row.get('kind') or row['path']:<9} {seconds:>7}  {ago(row):>10}  {what}"


def ago(row: dict[str, Any]) -> str:
    """How long ago a deployment was started."""
    seconds = time.time() - row["started"] if "started" in row else 0.0
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} ago"
    return "now" if "started" in row else "-"


def main() -> None:
    """Entry point."""
    command.run(history_verb)


if __name__ == "__main__":
    main()
