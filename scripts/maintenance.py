"""`./poe maintenance`: let the gateway answer for a service that is being worked on, and end that."""

from __future__ import annotations

import json

from scripts import command
from scripts.engine.shell import Shell
from scripts.engine.state import check_account
from scripts.engine.traffic.maintaining import switch
from scripts.session import look_at


def maintenance_verb() -> int:
    """Switch, wait until every running task of the gateway does so, say so."""
    parser = command.parser(
        "maintenance",
        "Let the gateway answer 503 with retry-after in place of a service, or end that.",
        as_json=True,
    )
    parser.add_argument("service", metavar="SERVICE", help="the service")
    parser.add_argument("switch", choices=("on", "off"), metavar="on|off")
    arguments = parser.parse_args()
    shell = Shell()
    command.obey_signals(shell)
    world = look_at(arguments.target, [arguments.service])
    check_account(world.aws, world.settings)
    found = switch(world, arguments.service, on=arguments.switch == "on", pause=shell.cancelled.wait)
    if arguments.json:
        print(json.dumps({"event": "maintenance", **found}))
        return 0
    tasks = f"{found['tasks']} gateway task{'s'[: found['tasks'] != 1]}"
    print(f"{arguments.service}: maintenance {arguments.switch}, by {tasks} after {found['seconds']:.2f} s")
    return 0


def main() -> None:
    """Entry point."""
    command.run(maintenance_verb)


if __name__ == "__main__":
    main()
