"""`./poe unlock`: free the lock of services, whoever holds it; asks first."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scripts import command
from scripts.engine.errors import Refused
from scripts.engine.lease import Lease, read_leases, take_away
from scripts.engine.looking import chosen_services
from scripts.engine.report import one_line
from scripts.engine.state import checked_stacks
from scripts.engine.turns import described
from scripts.engine.world import World
from scripts.session import look_at


def unlock_verb() -> int:
    """Show the holders, ask, then take their locks away; a deploy that runs ends before its next change."""
    parser = command.parser(
        "unlock", "Free the lock of services. A deploy that holds it ends as superseded.", services=True
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args()
    world = look_at(arguments.target, arguments.services)
    held = _held(world, chosen_services(world.settings, arguments.services))
    if not held:
        print(f"nobody holds a lock on {world.settings.target.name}")
        return 0
    for lease in held:
        print(one_line(described(lease)))
    if not arguments.yes:
        _ask(held)
    changed = [lease.service for lease in held if take_away(world.aws, world.settings, lease) is None]
    if changed:
        raise Refused(
            f"another one holds the lock of {', '.join(changed)} by now", where="unlock", remedy="./poe lock --list"
        )
    print(f"unlocked: {', '.join(lease.service for lease in held)}")
    return 0


def _held(world: World, services: Sequence[str]) -> list[Lease]:
    """Every lock that was not given back, those of dead holders too."""
    if "ledger" not in checked_stacks(world.aws, world.settings)[0]:
        return []
    return [lease for lease in read_leases(world.aws, world.settings, services).values() if lease.until > 0]


def _ask(held: Sequence[Lease]) -> None:
    if not sys.stdin.isatty():
        raise Refused("not confirmed", where="unlock", remedy="add --yes to run it without a terminal")
    if any(not lease.is_manual for lease in held):
        print("A deploy that still runs ends as superseded before its next change.")
    if input("Type yes to go on: ").strip() != "yes":
        raise Refused("not confirmed", where="unlock", remedy="nothing was changed")


def main() -> None:
    """Entry point."""
    command.run(unlock_verb)


if __name__ == "__main__":
    main()
