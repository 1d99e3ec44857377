"""`./poe lock`: keep deploys away from services for a while, or show who does."""

from __future__ import annotations

import argparse
import json
import time

from scripts import command
from scripts.engine.errors import BadInput, Refused
from scripts.engine.lease import Claim, Lease, Standing, give_back, read_lease, take
from scripts.engine.ledger import new_id
from scripts.engine.looking import chosen_services
from scripts.engine.report import one_line
from scripts.engine.state import checked_stacks
from scripts.engine.turns import held_locks, refused
from scripts.engine.world import World
from scripts.session import look_at, settings_for

HOUR, LONGEST = 3_600, 7 * 86_400
LONGEST_REASON = 200


def lock_verb() -> int:
    """Take the locks of the services, all or none, or list those that are held."""
    parser = command.parser(
        "lock", "Keep deploys and rollbacks away from services for a while.", services=True, as_json=True
    )
    parser.add_argument("--reason", metavar="TEXT", help="why; everybody who is refused reads it")
    parser.add_argument(
        "--for", dest="seconds", metavar="TIME", type=command.duration, default=HOUR, help="default: 1h"
    )
    parser.add_argument("--list", action="store_true", help="show who holds which lock, and take none")
    arguments = parser.parse_args()
    chosen_services(settings_for(arguments.target), arguments.services)
    if not arguments.list:
        _check(arguments)
    world = look_at(arguments.target, arguments.services)
    services = chosen_services(world.settings, arguments.services)
    if "ledger" not in checked_stacks(world.aws, world.settings)[0]:
        raise Refused("nothing was deployed here yet", where="lock", remedy="./poe deploy")
    if not arguments.list:
        _take_all(world, services, one_line(arguments.reason), arguments.seconds)
    return show_locks(world, services, as_json=arguments.json)


def _check(arguments: argparse.Namespace) -> None:
    if not arguments.reason or not one_line(arguments.reason).strip():
        raise BadInput("say why", where="--reason", remedy='./poe lock --reason "the database is being moved"')
    if len(arguments.reason) > LONGEST_REASON:
        raise BadInput(f"longer than {LONGEST_REASON} characters", where="--reason", remedy="shorten it")
    if arguments.seconds > LONGEST:
        raise BadInput("longer than 7d", where="--for", remedy="take it for 7d and again later")


def _take_all(world: World, services: tuple[str, ...], reason: str, seconds: int) -> None:
    taken: list[Lease] = []
    for service in sorted(services):
        seen = read_lease(world.aws, world.settings, service)
        claim = Claim(new_id(time.time(), after=seen.deployment), reason, seconds, is_manual=True)
        is_free = seen.standing(time.time()) is Standing.FREE
        mine = take(world.aws, world.settings, service, claim, seen=seen) if is_free else None
        if mine is None:
            for lease in taken:
                give_back(world.aws, world.settings, lease)
            raise refused(seen if not is_free else read_lease(world.aws, world.settings, service))
        taken.append(mine)


def show_locks(world: World, services: tuple[str, ...], *, as_json: bool) -> int:
    """Print who holds which of these locks."""
    found = held_locks(world, services)
    if as_json:
        print(json.dumps(found))
        return 0
    for row in found:
        print(one_line(row["text"]))
    if not found:
        print(f"nobody holds a lock on {world.settings.target.name}")
    return 0


def main() -> None:
    """Entry point."""
    command.run(lock_verb)


if __name__ == "__main__":
    main()
