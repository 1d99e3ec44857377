"""`./poe policies`: which versions of the policies there are, which is live, and what each gateway task enforces."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

from scripts import command
from scripts.engine.policies.candidates import Candidate, current, told, total
from scripts.engine.policies.store import Live, PolicyStore, Report
from scripts.engine.report import one_line
from scripts.engine.state import check_account
from scripts.session import look_at


def policies_verb() -> int:
    """Read and print; nothing is changed."""
    parser = command.parser(
        "policies", "List versions of the policies; shows which is live and enforced.", as_json=True
    )
    arguments = parser.parse_args()
    world = look_at(arguments.target)
    check_account(world.aws, world.settings)
    store = PolicyStore(world.aws, world.settings)
    live, tried, heads, reports = store.live(), current(store), store.heads(), store.reports()
    counts = total(reports, tried) if tried else None
    if arguments.json:
        shadow = {**asdict(tried), **asdict(counts)} if tried and counts else None
        rows = [{**asdict(head), "live": bool(live and live.version == head.version)} for head in heads]
        facts = {"live": asdict(live) if live else None, "shadow": shadow, "versions": rows}
        print(json.dumps({**facts, "tasks": [asdict(report) for report in reports]}))
        return 0
    for head in heads:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(head.created))
        mark = _mark(head.version, live, tried)
        print(f"{head.version}  {mark:<9}  {when} UTC  {len(head.ids):>4} policies  {one_line(head.actor)}")
    if tried and counts:
        print("\n".join([f"candidate {tried.version} of {one_line(tried.actor)}:", *told(counts)]))
    for report in reports:
        print(_line(report))
    if not heads:
        print(f"no policies are stored on {world.settings.target.name}; ./poe compile-policies does")
    return 0


def _line(report: Report) -> str:
    errors = "".join(f"  {one_line(error)}" for error in (report.error, report.shadow_error) if error)
    clock = f"  its clock is {report.clock_ahead:+} s off" if report.clock_ahead else ""
    return f"gateway task {report.task[:8]}  {report.version or 'nothing yet'}{errors}{clock}"


def _mark(version: str, live: Live | None, tried: Candidate | None) -> str:
    marks = {
        live.previous if live else None: "before",
        tried.version if tried else None: "candidate",
        live.version if live else None: "live",
    }
    return marks.get(version, "")


def main() -> None:
    """Entry point."""
    command.run(policies_verb)


if __name__ == "__main__":
    main()
