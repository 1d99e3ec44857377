"""A target's budget: a plan whose stacks would cost more in a month is refused before anything is changed.

What counts is the fixed part with as many tasks as are asked for: what is paid by use cannot be known beforehand.
Stacks of the plan count as they would be, the others as they are. A fast deploy changes images alone, so it is not
asked. The check comes before the lock and the first build: refusing leaves no record and changes nothing.
"""

from __future__ import annotations

from scripts.engine.costs.monthly import Facts, month
from scripts.engine.costs.prices import load_prices
from scripts.engine.costs.reading import deployed, synthesised
from scripts.engine.costs.resources import read
from scripts.engine.errors import Refused
from scripts.engine.model import Path, Plan
from scripts.engine.world import World

LARGEST = 5
"""Items that a refusal names."""


def check_budget(world: World, plan: Plan) -> None:
    """Synthesise and compare; raises Refused when the target's budget does not cover the plan."""
    budget = world.settings.target.budget
    if budget is None or plan.path not in (Path.FULL, Path.BOOTSTRAP):
        return
    prices = load_prices(world.settings.target.region)
    with world.events.stage("update", text="budget") as told:
        world.cdk.synth({service.service: str(service.image_tag) for service in plan.changed if service.inline})
        others = {key: stack for key, stack in world.state.stacks.items() if key not in plan.stacks}
        cost = month(prices, read({**deployed(world, others), **synthesised(world, plan.stacks)}))
        told["text"] = f"{cost['usd']:.2f} of {budget} USD a month"
    for row in cost["unknown"]:
        text = f"what {row['type']} of stack {row['stack']} costs is not known, and not in the sum"
        world.events.emit("warning", service=None, text=text)
    if cost["usd"] > budget:
        raise _refusal(world.settings.target.name, budget, cost)


def _refusal(target: str, budget: int, cost: Facts) -> Refused:
    return Refused(
        f"the plan would cost {cost['usd']:.2f} USD a month, {cost['usd'] - budget:.2f} more than the {budget} USD"
        f" that target {target!r} may cost; nothing was changed",
        where="budget",
        remedy="./poe cost shows every item; ask for fewer or smaller tasks, or raise `budget` in slipway.toml",
        evidence=largest(cost),
    )


def largest(cost: Facts) -> tuple[str, ...]:
    """The dearest items, one a line."""
    rows = [(row["usd"], name, row["what"]) for name, own in cost["owners"].items() for row in own["items"]]
    dearest = sorted(rows, reverse=True)[:LARGEST]
    return tuple(f"{usd:8.2f} USD a month  {name}: {what}" for usd, name, what in dearest)
