"""What one deployment cost beyond what runs anyway, from quantities that were measured in it.

While a service rolls, its new tasks run beside the old ones: that time is paid twice. A release command runs as a
task of its own. The pushed layers are stored: that is counted for one month. The ledger is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scripts.engine.costs.prices import Prices, load_prices
from scripts.engine.costs.tasks import PLATFORMS, Size
from scripts.engine.errors import Refused
from scripts.engine.events import Event
from scripts.engine.model import Plan
from scripts.engine.world import World
from settings import Service

LEAST_SECONDS = 60
"""A task is paid for at least a minute. Source: AWS Fargate pricing."""
HOUR, GB, MILLION = 3600, 2**30, 1_000_000
WRITES = ("PutItem", "UpdateItem", "DeleteItem")
TRANSACTION_UNITS = 3
"""Write units of an item in a transaction: two for the table, one for its index. Source: DynamoDB on-demand pricing."""


def deployment_cost(world: World, plan: Plan) -> Event | None:
    """`usd` and its `parts`; None for a region that there are no prices for."""
    try:
        prices = load_prices(world.settings.target.region)
    except Refused:
        return None
    parts = [part for part in _parts(world, plan, prices) if part["quantity"]]
    return {"usd": round(sum(part["usd"] or 0.0 for part in parts), 6), "parts": parts}


def _part(what: str, quantity: float, unit: str, usd: float | None) -> Event:
    """A quantity of this deployment and what it costs; None where no source gives the price."""
    usd = None if usd is None else round(usd, 9)
    return {"what": what, "quantity": float(f"{quantity:.6g}"), "unit": unit, "usd": usd}


def _parts(world: World, plan: Plan, prices: Prices) -> Iterator[Event]:
    kind, public = PLATFORMS[world.settings.target.platform], world.settings.target.network == "public"
    seconds = rollout_seconds(world)
    for one in plan.changed:
        if one.previous_tag and one.service in seconds:
            service = world.settings.service(one.service)
            running = world.state.running.get(one.service)
            for count, cpu, memory in _tasks(service, running.desired if running else service.desired):
                size = Size(cpu / 1024, memory / 1024, 0.0, kind)
                what = f"{one.service}: new tasks beside the old ones"
                yield _task(prices, what, size, count * seconds[one.service], public=public)
    for name, ran in world.release_seconds.items():
        service = world.settings.service(name)
        size = Size(service.cpu / 1024, service.memory / 1024, 0.0, kind)
        yield _task(prices, f"{name}: release command", size, max(ran, LEAST_SECONDS), public=public)
    stored, written = prices.find("ecr_storage"), prices.find("dynamodb_write")
    gigabytes, units = world.pushed_bytes / GB, write_units(world, plan)
    yield _part("pushed layers", gigabytes, "GB-month", stored.usd * gigabytes if stored else None)
    usd = written.usd * units / MILLION if written else None
    yield _part("writes of the ledger", units, "write request units", usd)


def _tasks(service: Service, desired: int) -> Iterator[tuple[int, int, int]]:
    """Count, CPU units and MiB of the web process and of every worker."""
    yield desired, service.cpu, service.memory
    for worker in service.workers:
        yield worker.desired, worker.cpu, worker.memory


def _task(prices: Prices, what: str, size: Size, seconds: float, *, public: bool) -> Event:
    rows = [(prices.find(row), each) for _, row, each in size.rows(public=public)]
    known = [price.usd * each for price, each in rows if price]
    usd = sum(known) * seconds / HOUR if len(known) == len(rows) else None
    return _part(f"{what} ({size.vcpu:g} vCPU, {size.memory:g} GB)", seconds, "task-seconds", usd)


def rollout_seconds(world: World) -> Mapping[str, float]:
    """Service -> seconds that its rollouts took; while the ledger is written, another thread may add a stage."""
    found: dict[str, float] = {}
    for stage in list(world.events.stages):
        if stage["name"] == "rollout" and stage["service"]:
            found[stage["service"]] = found.get(stage["service"], 0.0) + stage["seconds"]
    return found


def write_units(world: World, plan: Plan) -> int:
    """Write request units so far, with items of at most 1 KB, and the record that is written next."""
    calls = [name for service, name in world.aws.calls if service == "dynamodb"]
    transactions = calls.count("TransactWriteItems") + 1
    items = 2 + 2 * len(plan.services)
    return sum(calls.count(name) for name in WRITES) + transactions * items * TRANSACTION_UNITS
