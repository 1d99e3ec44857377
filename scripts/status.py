"""`./poe status`: what runs on a target, judged by image digests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scripts import command
from scripts.engine.addresses import base_url, health_url, urls
from scripts.engine.by_clock import read_schedules
from scripts.engine.history import history
from scripts.engine.model import Running, TargetState
from scripts.engine.state import read_state, service_stack
from scripts.engine.traffic.store import Traffic, TrafficStore
from scripts.engine.turns import held_locks
from scripts.engine.verify import ask
from scripts.engine.world import World
from scripts.session import look_at
from settings.model import second_name


def status_verb() -> int:
    """Read and print; nothing is changed."""
    arguments = command.parser(
        "status", "Show what runs on a target, judged by image digests.", as_json=True
    ).parse_args()
    world = look_at(arguments.target)
    rows = read_status(world)
    if arguments.json:
        print(json.dumps(rows))
        return 0
    print(f"target {rows['target']}, account {rows['account']}, {rows['region']}")
    width = max(len(name) for name in rows["services"])
    for name, row in rows["services"].items():
        print(
            f"  {name:<{width}}  {row['image_tag'] or 'not deployed':<17}  "
            f"{row['state']:<24}  {row['url'] or ''}{' (public)' if row['public'] else ''}".rstrip()
        )
        for line in (*_traffic(row), *_processes(row)):
            print(f"  {'':<{width}}    {line}")
    for lock in rows["locks"]:
        print(f"lock: {lock['text']}")
    if last := rows["last_deployment"]:
        print(f"last deployment {last['id']}: {last['verdict']} ({last['path']}: {last['reason']}) by {last['actor']}")
    return 0


def _traffic(row: dict[str, Any]) -> list[str]:
    """What the gateway does besides sending all requests to the service."""
    lines = ["maintenance: the gateway answers in its place"] if row["maintenance"] else []
    if second := row["second"]:
        tasks = f"{second['running']} of {second['desired']} task{'s'[: second['desired'] != 1]}"
        holder = f", shifted by {second['holder']}" if second["holder"] else ", left by a deploy that ended"
        lines.append(f"second version: {second['weight']} % of the requests, {tasks}{holder}")
    return lines


def _processes(row: dict[str, Any]) -> list[str]:
    """The workers and schedules of a service, a line each."""
    lines = [f"worker {name}: {worker['state'] or 'not deployed'}" for name, worker in row["workers"].items()]
    for name, found in row["schedules"].items():
        what = f"{found['schedule']}, {found['state'].lower()}" if found["state"] else "not deployed"
        lines.append(f"schedule {name}: {what}")
    return lines


def read_status(world: World) -> dict[str, Any]:
    """The target's services as plain data."""
    settings = world.settings
    state = _state(world)
    platform = state.stacks.get("platform")
    world.load_balancer = base_url(world.connection, platform.outputs if platform else {})
    world.urls = urls(settings, world.load_balancer)
    traffic = TrafficStore(world.aws, settings).all() if "gateway" in state.stacks else {}
    services = {
        service.name: {**_row(world, state, service.name), **_shares(state, service.name, traffic)}
        for service in settings.services
    }
    last = history(world.aws, settings, limit=1) if "ledger" in state.stacks else []
    return {
        "target": settings.target.name,
        "account": settings.target.account,
        "region": settings.target.region,
        "services": services,
        "locks": held_locks(world, list(services)) if "ledger" in state.stacks else [],
        "last_deployment": last[0] if last else None,
    }


def _state(world: World) -> TargetState:
    """The state with the digest of each deployed tag."""
    from scripts.engine.state import read_stacks

    stacks, _ = read_stacks(world.aws, world.settings)
    first = TargetState(stacks=stacks)
    tags = {
        s.name: stack.image_tag if (stack := service_stack(first, s.name)) else None for s in world.settings.services
    }
    return read_state(world.aws, world.settings, tags)


def _row(world: World, state: TargetState, name: str) -> dict[str, Any]:
    stack, wanted, service = service_stack(state, name), state.digests.get(name), world.settings.service(name)
    own = _counts(state.running.get(name, Running()), wanted)
    url = world.urls.get(name) if stack else None
    asked = health_url(world.settings, name, world.urls)
    health = ask(asked, via=world.load_balancer).text if url and asked else None
    ecs_names = {worker.name: service.ecs_name(worker.name) for worker in service.workers}
    return {
        "image_tag": stack.image_tag if stack else None,
        "digest": wanted,
        "stack_status": stack.status if stack else None,
        **own,
        "health": health,
        "url": url,
        "public": service.public and world.settings.is_behind_gateway(service),
        "state": f"{own['state']}, {health}" if stack else "",
        "workers": {
            worker: _counts(state.running[ecs_name], wanted) if ecs_name in state.running else {"state": ""}
            for worker, ecs_name in ecs_names.items()
        },
        "schedules": read_schedules(world.aws, world.settings, name),
    }


def _shares(state: TargetState, name: str, traffic: Mapping[str, Traffic]) -> dict[str, Any]:
    item, running = traffic.get(name, Traffic()), state.running.get(second_name(name))
    second = {"weight": item.next, "holder": item.holder or None, **_second(running)} if running else None
    return {"maintenance": item.maintenance, "second": second}


def _second(running: Running) -> dict[str, Any]:
    return {"desired": running.desired, "running": len(running.digests), "digests": sorted(set(running.digests))}


def _counts(running: Running, wanted: str | None) -> dict[str, Any]:
    right = sum(digest == wanted for digest in running.digests)
    return {
        "desired": running.desired,
        "running": len(running.digests),
        "running_wanted": right,
        "state": f"{right} of {running.desired} task{'s'[: running.desired != 1]}",
    }


def main() -> None:
    """Entry point."""
    command.run(status_verb)


if __name__ == "__main__":
    main()
