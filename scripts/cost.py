"""`./poe cost`: what the target costs in a month, and what a deploy of the working tree would change about it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scripts import command
from scripts.engine.costs.by_use import Usage, estimates
from scripts.engine.costs.fixed import HOURS
from scripts.engine.costs.monthly import differences, estimated, month, task_prices, unit_prices
from scripts.engine.costs.page import page
from scripts.engine.costs.prices import Prices, load_prices
from scripts.engine.costs.reading import deployed, synthesised
from scripts.engine.costs.resources import Found, read
from scripts.engine.state import checked_stacks
from scripts.engine.world import World
from scripts.session import look_at, settings_for


def cost_verb() -> int:
    """Synthesise, read, multiply, print; nothing is changed."""
    arguments = _arguments()
    prices = load_prices(settings_for(arguments.target).target.region)
    found = facts(look_at(arguments.target), prices, Usage(arguments.requests, arguments.gb_out, arguments.log_gb))
    if arguments.json:
        print(json.dumps(found))
        return 0
    for line in page(found):
        print(line)
    return 0


def _arguments() -> argparse.Namespace:
    parser = command.parser("cost", "Show what the target costs in a month, from its templates.", as_json=True)
    parser.add_argument("--requests", metavar="N", type=command.count, help="estimate: requests a month")
    parser.add_argument("--gb-out", metavar="N", type=command.count, help="estimate: GB to the internet a month")
    parser.add_argument("--log-gb", metavar="N", type=command.count, help="estimate: GB of log lines a month")
    return parser.parse_args()


def facts(world: World, prices: Prices, usage: Usage) -> dict[str, Any]:
    """Everything that is printed; docs/cost.md has the keys."""
    target = world.settings.target
    after, left_out = _synthesised(world)
    stacks, _ = checked_stacks(world.aws, world.settings)
    before = read(deployed(world, stacks)) if stacks else Found((), (), (), ())
    days = target.log_retention_days
    return {
        "target": target.name,
        "region": target.region,
        "currency": "USD",
        "hours": HOURS,
        "prices": dict(zip(("from", "to"), prices.dates, strict=True)),
        "synthesised": month(prices, after),
        "deployed": month(prices, before) if stacks else None,
        "delta": differences(prices, before, after),
        "budget": target.budget,
        "by_use": unit_prices(prices, after),
        "tasks": task_prices(prices, after, public=target.network == "public"),
        "estimate": estimated(prices, estimates(usage, days)),
        "left_out": left_out,
    }


def _synthesised(world: World) -> tuple[Found, list[str]]:
    """In a folder of its own, so that a deploy that runs meanwhile keeps its assembly."""
    with TemporaryDirectory(prefix="slipway-cost-") as folder:
        world.cdk.assembly = Path(folder)
        world.cdk.synth({})
        return read(synthesised(world, world.settings.stack_keys)), world.cdk.left_out()


def main() -> None:
    """Entry point."""
    command.run(cost_verb)


if __name__ == "__main__":
    main()
