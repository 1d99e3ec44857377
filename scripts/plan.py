"""`./poe plan`: what a deploy would do and why; changes nothing."""

from __future__ import annotations

import json

from scripts import command
from scripts.engine.deploying import look
from scripts.engine.events import Event
from scripts.engine.outcome import as_facts
from scripts.session import look_at


def show(plan: Event, *, as_json: bool) -> None:
    """Print a plan."""
    if as_json:
        print(json.dumps({"event": "plan", **plan}))
        return
    print(f"{plan['path']}: {plan['reason']}")
    width = max((len(name) for name in plan["services"]), default=0)
    for name, row in plan["services"].items():
        print(f"  {name:<{width}}  {row['path']:<9}  {row['reason']}")
    if plan["stacks"]:
        print("  cdk deploy: " + ", ".join(plan["stacks"]))


def plan_verb() -> int:
    """Look and print."""
    parser = command.parser(
        "plan", "Show what a deploy would do and why; changes nothing.", services=True, as_json=True
    )
    arguments = parser.parse_args()
    world = look_at(arguments.target, arguments.services)
    plan = look(world, arguments.services)
    show(as_facts(plan), as_json=arguments.json)
    return 0


def main() -> None:
    """Entry point."""
    command.run(plan_verb)


if __name__ == "__main__":
    main()
