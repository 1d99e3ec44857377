"""`./poe plan`: what a deploy would do and why; changes nothing."""

from __future__ import annotations

import json
from typing import Any

from scripts import command, shift_options
from scripts.engine.deploying import as_asked, look
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
        for line in _later(row):
            print(f"  {'':<{width}}  {'':<9}  {line}")
    if plan["stacks"]:
        print("  cdk deploy: " + ", ".join(plan["stacks"]))
    for name, text in warnings:
        print(f"warning: {name}: {text}")


def _later(row: dict[str, Any]) -> list[str]:
    """What comes after the build: shifts and watching."""
    left = ["the second version that is left is taken away"] if row["leftover"] and not row["shift"] else []
    if not row["shift"]:
        return [*left, *([f"watched for {row['bake']} s once it is live"] if row["bake"] else [])]
    weights = ", ".join(map(str, row["shift"]))
    return [
        "the new version starts beside the old one",
        f"{weights} % of the requests to it, watched for {row['bake']} s each; back to the old one when it is bad",
        "then the service itself is rolled to it, and gets all requests",
    ]


def plan_verb() -> int:
    """Look and print."""
    parser = command.parser(
        "plan", "Show what a deploy would do and why; changes nothing.", services=True, as_json=True
    )
    shift_options.add_options(parser)
    arguments = parser.parse_args()
    wish = shift_options.wish(arguments)
    world = look_at(arguments.target, arguments.services)
    world.shifting = wish
    show(world, as_asked(world, look(world, arguments.services)), as_json=arguments.json)
    return 0


def main() -> None:
    """Entry point."""
    command.run(plan_verb)


if __name__ == "__main__":
    main()
