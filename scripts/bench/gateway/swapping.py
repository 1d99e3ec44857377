"""Policies swapped and routes changed while requests go on: none of them may fail.

Versions are published by the engine's own code, each awaited on every gateway task; meanwhile a service's parameter
moves from path to path. wrk sends to one task of the gateway, past the load balancer, as much as it takes.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from scripts.bench import workspace
from scripts.bench.gateway import tasks, wrk
from scripts.bench.gateway.wrk import Line, Load, Wrk
from scripts.bench.site import Site
from scripts.bench.spread import spread
from scripts.engine.ledger import actor
from scripts.engine.policies.bundle import Bundle, compile_folder
from scripts.engine.policies.publishing import Publisher
from scripts.engine.policies.source import SCHEMA

SWAPS, ROUTES = 100, 20
VERSIONS = 10
"""Different ones, in turn: a version that was stored once is made live without another upload."""
CONNECTIONS = 8
ROUTE_SECONDS = 20.0
SERVICE = "bench"
NOBODY_THERE = 503
"""Of a route to a service without a task: the route is there."""
OPEN = """
@id("everything")
@description("Everybody may do everything")
permit (principal, action, resource);

@id("but-one")
@description("Nobody reaches the path that tells versions apart")
forbid (principal, action, resource == Path::"/bench-version/{number}");
"""
Say = Callable[[str], None]


def measure(site: Site, swaps: int, say: Say) -> dict[str, Any]:
    """Facts: requests and how many failed, swaps and seconds of each, changes of routes."""
    wrk.ensure(say)
    gateways = tasks.addresses(site)
    lines = [Line("/", {}), Line(site.settings.service(workspace.SERVICE).path, {})]
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name, _published(site) as publisher:
        publisher.publish(_version(site, Path(name), 0))
        load = Wrk(f"http://{gateways[0]}", lines, Path(name), connections=CONNECTIONS)
        with load, ThreadPoolExecutor(1) as pool:
            routes = pool.submit(_change_routes, site, gateways, swaps * ROUTES // SWAPS)
            seconds = [_swap(publisher, _version(site, Path(name), number)) for number in range(1, swaps + 1)]
            changed = routes.result()
    assert load.load is not None, "it has ended"
    facts = facts_of(load.load, seconds, changed)
    say(
        f"swaps    {facts['requests']:,} requests, {facts['failed']} failed; {swaps} swaps, {changed} changes of routes"
    )
    return facts


def facts_of(load: Load, swaps: list[float], routes: int) -> dict[str, Any]:
    """What was sent and what came of it."""
    found = {"requests": load.requests, "failed": load.failed, "rate": round(load.rate), "p99": round(load.p99, 1)}
    return {**found, "swaps": len(swaps), "routes": routes, "seconds": spread(swaps).as_facts()}


def _swap(publisher: Publisher, bundle: Bundle) -> float:
    began = time.monotonic()
    publisher.publish(bundle)
    return time.monotonic() - began


@contextmanager
def _published(site: Site) -> Iterator[Publisher]:
    """Publishes versions; afterwards the copy's own are live again."""
    publisher = Publisher(site.aws(), site.settings, actor(), threading.Event().wait)
    try:
        yield publisher
    finally:
        publisher.publish(compile_folder(site.settings))


def _version(site: Site, folder: Path, number: int) -> Bundle:
    """One of a few versions in turn, all of which let everybody in."""
    policies = folder / "policies"
    policies.mkdir(exist_ok=True)
    (policies / SCHEMA).write_bytes((site.root / "policies" / SCHEMA).read_bytes())
    (policies / "bench.cedar").write_text(OPEN.format(number=number % VERSIONS), "utf-8")
    return compile_folder(replace(site.settings, root=folder))


def _change_routes(site: Site, gateways: list[str], changes: int) -> int:
    """Move a service that has no tasks from path to path; returns how often."""
    ssm, name = site.aws().client("ssm"), f"/slipway/{site.settings.prefix}/gateway/services/{SERVICE}"
    try:
        for number in range(changes):
            value = json.dumps({"port": 8000, "path": f"/bench-route/{number}"})
            ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
            tasks.await_status(gateways, f"/bench-route/{number}", NOBODY_THERE, ROUTE_SECONDS)
    finally:
        with suppress(ssm.exceptions.ParameterNotFound):
            ssm.delete_parameter(Name=name)
    return changes
