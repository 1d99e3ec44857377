"""`./poe rollback-policies`: make an earlier version of the policies live; compiles nothing."""

from __future__ import annotations

import json

from scripts import command
from scripts.engine.errors import BadInput, Refused
from scripts.engine.ledger import actor
from scripts.engine.policies.publishing import Publisher
from scripts.engine.shell import Shell
from scripts.engine.state import check_account
from scripts.session import look_at


def rollback_verb() -> int:
    """Make it live and wait for the gateway."""
    parser = command.parser(
        "rollback-policies", "Make the version before live again, and wait until the gateway enforces it.", as_json=True
    )
    parser.add_argument("--to", metavar="VERSION", help="a version of ./poe policies (default: the one before)")
    parser.add_argument("--dry-run", action="store_true", help="say which version it would be; change nothing")
    arguments = parser.parse_args()
    world = look_at(arguments.target)
    check_account(world.aws, world.settings)
    shell = Shell()
    command.obey_signals(shell)
    publisher = Publisher(world.aws, world.settings, actor(), shell.cancelled.wait)
    live = publisher.store.live()
    wanted = arguments.to or (live.previous if live else None)
    if wanted is None:
        raise Refused("there is no version before", where="rollback-policies", remedy="./poe policies lists them")
    head = publisher.store.head(wanted)
    if head is None:
        raise BadInput(f"there is no version {wanted!r}", where="--to", remedy="./poe policies lists them")
    publisher.store.read(wanted)  # complete and undamaged, before anything is changed
    facts = {"version": wanted, "from": live.version if live else None}
    if arguments.dry_run:
        print(json.dumps({"event": "policies", **facts}) if arguments.json else f"would go to {wanted}")
        return 0
    done = publisher.enforce(head)
    text = f"{wanted}: live again, enforced by {done.tasks} gateway task{'s'[: done.tasks != 1]}"
    print(json.dumps({"event": "policies", **facts, "tasks": done.tasks}) if arguments.json else text)
    return 0


def main() -> None:
    """Entry point."""
    command.run(rollback_verb)


if __name__ == "__main__":
    main()
