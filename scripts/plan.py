"""`./poe plan`: what a deploy would do and why; changes nothing."""

from __future__ import annotations

import json

from scripts import command
from scripts.engine.deploying import look
from scripts.engine.model import Plan
from scripts.engine.outcome import as_facts
from scripts.engine.world import World
from scripts.session import look_at


def show(world: World, chosen: Plan, *, as_json: bool) -> None:
    """Print a plan, and what its build contexts should be warned of."""
    plan = as_facts(chosen)
    warnings = [(name, text) for name, context in world.contexts.items() for text in context.warnings]
    if as_json:
        told = [{"service": name, "text": text} for name, text in warnings]
        print(json.dumps({"event": "plan", **plan, "warnings": told}))
        return
    print(f"{plan['path']}: {plan['reason']}")
    width = max((len(name) for name in plan["services"]), default=0)
    for name, row in plan["services"].items():
        print(f"  {name:<{width}}  {row['path']:<9}  {row['reason']}")
        if row["release"]:
            print(f"  {'':<{width}}  {'':<9}  its release command runs first, unless it ran with this tag")
        if row["bake"]:
            print(f"  {'':<{width}}  {'':<9}  watched for {row['bake']} s once it is live")
    if plan["stacks"]:
        print("  cdk deploy: " + ", ".join(plan["stacks"]))
    for name, text in warnings:
        print(f"warning: {name}: {text}")


def plan_verb() -> int:
    """Look and print."""
    parser = command.parser(
        "plan", "Show what a deploy would do and why; changes nothing.", services=True, as_json=True
    )
    arguments = parser.parse_args()
    world = look_at(arguments.target, arguments.services)
    show(world, look(world, arguments.services), as_json=arguments.json)
    return 0


def main() -> None:
    """Entry point."""
    command.run(plan_verb)


if __name__ == "__main__":
    main()
