"""`./poe destroy`: remove everything of this project from a target; asks first."""

from __future__ import annotations

import sys

from scripts import command
from scripts.engine.bucket import empty
from scripts.engine.errors import Refused
from scripts.engine.events import Events
from scripts.engine.leftovers import leftovers, remove, services_of
from scripts.engine.report import reporter
from scripts.engine.shell import Shell
from scripts.engine.state import check_account, read_stacks
from scripts.engine.traffic.leftover import retire_before_removal
from scripts.session import open_world, settings_for
from settings import Settings


def destroy_verb() -> int:
    """Ask, then delete every stack of the target, services first."""
    parser = command.parser(
        "destroy", "Remove every stack, image and record of this project from a target.", as_json=True
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args()
    settings = settings_for(arguments.target)
    shell = Shell()
    command.obey_signals(shell)
    display = reporter(as_json=arguments.json)
    events = Events(display)
    world = open_world(settings, events, shell, look_only=True)
    check_account(world.aws, world.settings)
    stacks, _ = read_stacks(world.aws, world.settings)
    if not stacks:
        print(f"nothing is deployed on {settings.target.name}")
        return 0
    if not arguments.yes:
        _ask(settings, len(stacks))
    try:
        with events.stage("update") as told:
            world.cdk.synth({})
            empty(world.aws, settings.analysis_bucket, settings.target.account)
            retire_before_removal(world, services_of(stacks))
            gone = leftovers(settings, stacks)
            remove(world, gone, lambda line: _tell(events, line))
            known = [stack.name for key, stack in stacks.items() if key not in gone]
            world.cdk.destroy(known, lambda line: _tell(events, line))
            told["text"] = f"{len(stacks)} stacks removed"
    finally:
        display.close()
    left, _ = read_stacks(world.aws, world.settings)
    if left:
        raise Refused(
            f"still there: {', '.join(stack.name for stack in left.values())}",
            where="destroy",
            remedy="read their events in CloudFormation, then run it again",
        )
    return 0


def _tell(events: Events, line: str) -> None:
    events.emit("progress", stage="update", service=None, text=line)


def _ask(settings: Settings, stacks: int) -> None:
    target = settings.target
    print(
        f"This removes {stacks} stacks of {settings.name} from {target.name} "
        f"(account {target.account}, {target.region}) "
        "with their images, tables, stored analyses and logs. There is no undo."
    )
    if not sys.stdin.isatty():
        raise Refused("not confirmed", where="destroy", remedy="add --yes to run it without a terminal")
    if input(f"Type {target.name} to go on: ").strip() != target.name:
        raise Refused("not confirmed", where="destroy", remedy="nothing was changed")


def main() -> None:
    """Entry point."""
    command.run(destroy_verb)


if __name__ == "__main__":
    main()
