"""`./poe outputs`: the outputs of the target's stacks."""

from __future__ import annotations

import json

from scripts import command
from scripts.engine.state import check_account, read_stacks
from scripts.session import look_at

CROSS_STACK = ("PublishOutput", "ExportsOutput")
"""Outputs that the CDK makes for other stacks; `--json` has them too."""


def outputs_verb() -> int:
    """Read and print."""
    arguments = command.parser("outputs", "Print the outputs of the target's stacks.", as_json=True).parse_args()
    world = look_at(arguments.target)
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
            if name.startswith(CROSS_STACK):
                continue
            print(f"  {name:<18} {value}")
    return 0


def main() -> None:
    """Entry point."""
    command.run(outputs_verb)


if __name__ == "__main__":
    main()
