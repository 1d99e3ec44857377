"""`./poe rollback`: bring the version before live again; builds and synthesises nothing."""

from __future__ import annotations

import argparse
import json

from scripts import command
from scripts.deploy import carry_out
from scripts.engine.events import Event, Events
from scripts.engine.looking import chosen_services
from scripts.engine.outcome import as_facts
from scripts.engine.rollback import choose, rollback
from scripts.engine.shell import Shell
from scripts.plan import show
from scripts.session import open_world, settings_for


def rollback_verb() -> int:
    """Parse, go back, report; the exit code says how it ended."""
    parser = command.parser(
        "rollback",
        "Bring the previous good version live again; builds nothing and reads no source. Without SERVICE: those that "
        "the newest deployment brought.",
        services=True,
        as_json=True,
    )
    parser.add_argument("--to", metavar="ID", type=command.deployment_id, help="the deployment to go back to")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done and change nothing")
    command.lock_options(parser)
    arguments = command.with_manners(parser.parse_args())
    if arguments.dry_run:
        return _dry_run(arguments)
    return carry_out(arguments, lambda world: rollback(world, arguments.services, arguments.to), look_only=True)


def _dry_run(arguments: argparse.Namespace) -> int:
    settings = settings_for(arguments.target)
    chosen_services(settings, arguments.services)
    heard: list[Event] = []
    world = open_world(settings, Events(heard.append), Shell(), look_only=True)
    choice = choose(world, arguments.services, arguments.to)
    notes = [event["text"] for event in heard if event["event"] == "notice" and event["code"] == "stack_stays"]
    if arguments.json:
        to = choice.background.rollback_to
        print(json.dumps({"event": "plan", **as_facts(choice.plan), "rollback_to": to, "notes": notes}))
        return 0
    show(world, choice.plan, as_json=False)
    for note in notes:
        print(f"note: {note}")
    return 0


def main() -> None:
    """Entry point."""
    command.run(rollback_verb)


if __name__ == "__main__":
    main()
