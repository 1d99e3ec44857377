"""`./poe diff`: how the stacks of the working tree differ from the target; `cdk diff` with the target filled in."""

from __future__ import annotations

from scripts import command
from scripts.engine.errors import Refused
from scripts.engine.events import Events
from scripts.engine.shell import Shell
from scripts.engine.state import check_account
from scripts.session import open_world, settings_for


def diff_verb() -> int:
    """Synthesise and compare; exit code 0 without differences, 1 with."""
    parser = command.parser("diff", "Show how the stacks differ from the target (cdk diff); exit code 1 when they do.")
    arguments = parser.parse_args()
    shell = Shell()
    command.obey_signals(shell)
    world = open_world(settings_for(arguments.target), Events(), shell, look_only=True)
    if not world.connection.exists:
        raise Refused(f"nothing is deployed on {world.settings.target.name}", where="diff", remedy="./poe deploy")
    check_account(world.aws, world.settings)
    world.cdk.synth({})
    names = [world.settings.stack_name(key) for key in world.settings.stack_keys]
    differs = world.cdk.diff(names, print)
    return 1 if differs else 0


def main() -> None:
    """Entry point."""
    command.run(diff_verb)


if __name__ == "__main__":
    main()
