"""`./poe outputs`: the outputs of the target's stacks."""

from __future__ import annotations

import json

from scripts import command
from scripts.engine.events import Events
from scripts.engine.shell import Shell
from scripts.engine.state import check_account, read_stacks
from scripts.session import open_world, settings_for


def outputs_verb() -> int:
    """Read and print."""
    arguments = command.parser("outputs", "Print the outputs of the target's stacks.", as_json=True).parse_args()
    world = open_world(settings_for(arguments.target), Events(), Shell())
    check_account(world.aws, world.settings)
    stacks, _ = read_stacks(world.aws, world.settings)
    outputs = {key: dict(sorted(stacks[key].outputs.items())) for key in world.settings.stack_keys if key in stacks}
    if arguments.json:
        print(json.dumps(outputs))
        return 0
    if not outputs:
        print(f"nothing is deployed on {world.settings.target.name}; ./poe deploy does it")
    for key, row in outputs.items():
        print(key)
        for name, value in row.items():
            print(f"  {name:<18} {value}")
    return 0


def main() -> None:
    """Entry point."""
    command.run(outputs_verb)


if __name__ == "__main__":
    main()
