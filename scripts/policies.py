"""`./poe policies`: which versions of the policies there are, which is live, and what each gateway task enforces."""

from __future__ import annotations

import json
import time

from scripts import command
from scripts.engine.policies.store import PolicyStore
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
    live, heads, reports = store.live(), store.heads(), store.reports()
    if arguments.json:
        rows = [{**head.__dict__, "live": bool(live and live.version == head.version)} for head in heads]
        print(
            json.dumps(
                {"live": live.__dict__ if live else None, "versions": rows, "tasks": [r.__dict__ for r in reports]}
            )
        )
        return 0
    for head in heads:
        mark = "live" if live and live.version == head.version else ""
        mark = "before" if live and live.previous == head.version and not mark else mark
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(head.created))
        print(f"{head.version}  {mark:<6}  {when} UTC  {len(head.ids):>4} policies  {one_line(head.actor)}")
    for report in reports:
        error = f"  {one_line(report.error)}" if report.error else ""
        print(f"gateway task {report.task[:8]}  {report.version or 'nothing yet'}{error}")
    if not heads:
        print(f"no policies are stored on {world.settings.target.name}; ./poe compile-policies does")
    return 0


def main() -> None:
    """Entry point."""
    command.run(policies_verb)


if __name__ == "__main__":
    main()
