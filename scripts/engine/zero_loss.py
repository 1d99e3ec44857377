"""Sends a steady load through the load balancer while a version is rolled out, and proves that nothing was lost.

Per service one scheduler thread hands out requests at fixed moments; a pool of senders takes them, so that slow answers
hold no other request up. Most requests come on a connection of their own, as from new users; every fourth on one that
was open. Beside them run long requests: they are what a task must finish after it was told to stop. Several at a time,
one begun after the other, so that hardly a task is told to stop that has none under way.
"""

from __future__ import annotations

import http.client
import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

from scripts.engine.addresses import health_url
from scripts.engine.errors import Cancelled, Failed, SlipwayError
from scripts.engine.proof import Marks, Proving, Sample, is_lossy, loss, sentences, tally
from scripts.engine.request import Address, address, send, send_on
from scripts.engine.rollout import Baseline
from scripts.engine.world import World

BEFORE_SECONDS, AFTER_SECONDS = 3.0, 3.0
"""Load before the update begins, and after the new version is live."""
TIMEOUT, LONG_TIMEOUT = 10.0, 60.0
"""Seconds that a request waits for its answer; the long one as long as a load balancer does by default."""
SENDERS = 256
"""Requests under way at once, at most; what is due while all are busy is sent late, its time counted from when due."""
KEPT_EACH = 4
"""Every how manyth request comes on an open connection."""
LONG_AT_ONCE, LONG_EACH_SECONDS = 4, 1.0
"""Long requests under way at a time; seconds between the starts of the first ones, and of two in a row at least."""


class Load:
    """The load on one service, from `start` to `stop`."""

    def __init__(self, where: Address, long: Address | None, proving: Proving) -> None:
        self.where, self.long, self.proving = where, long, proving
        self.marks = Marks()
        self.samples: list[Sample] = []
        self.long_samples: list[Sample] = []
        self._over = threading.Event()
        self._kept: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue()
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix="slipway-prove")
        self._clock = threading.Thread(target=self._schedule, daemon=True, name="slipway-prove-clock")
        self._long = [
            threading.Thread(
                target=self._send_long, args=(at * LONG_EACH_SECONDS,), daemon=True, name="slipway-prove-long"
            )
            for at in range(LONG_AT_ONCE if long else 0)
        ]

    def start(self) -> None:
        """Begin to send."""
        self._clock.start()
        for thread in self._long:
            thread.start()

    def mark(self, **moments: float) -> None:
        """Remember when the update began, or when the new version was live."""
        self.marks = replace(self.marks, **moments)

    def stop(self, *, at_once: bool = False) -> dict[str, Any]:
        """End, wait for what is under way unless it has to be `at_once`, and tell what came of it."""
        self._over.set()
        self._clock.join()
        for thread in self._long if not at_once else ():
            thread.join()
        self._senders.shutdown(wait=not at_once, cancel_futures=at_once)
        while not self._kept.empty():
            self._kept.get_nowait().close()
        return tally(list(self.samples), list(self.long_samples), self.marks, self.proving)

    def _schedule(self) -> None:
        begin, number = time.monotonic(), 0
        while not self._over.wait(max(0.0, begin + number / self.proving.rate - time.monotonic())):
            ask = self._ask if number % KEPT_EACH else self._ask_again
            self._senders.submit(self._send, begin + number / self.proving.rate, ask)
            number += 1

    def _send(self, due: float, ask: Callable[[], str]) -> None:
        kind = ask()
        self.samples.append(Sample(due, (time.monotonic() - due) * 1000, kind))

    def _ask(self) -> str:
        return send(self.where, TIMEOUT).kind

    def _ask_again(self) -> str:
        """On a connection that was open, where there is one."""
        connection = None
        with suppress(queue.Empty):
            connection = self._kept.get_nowait()
        reply, connection = send_on(self.where, TIMEOUT, connection)
        if connection:
            self._kept.put(connection)
        return reply.kind

    def _send_long(self, pause: float) -> None:
        while self.long and not self._over.wait(pause):
            due = time.monotonic()
            kind = send(self.long, LONG_TIMEOUT).kind
            took = time.monotonic() - due
            self.long_samples.append(Sample(due, took * 1000, kind))
            pause = max(0.0, LONG_EACH_SECONDS - took)


def begin(world: World, service: str) -> str:
    """Start the load in front of the update and look at it for some seconds; raises Failed where it cannot prove."""
    load = _load(world, service)
    before = world.baselines.get(service, Baseline())
    if load is None:
        return "no tasks wanted, nothing to prove"
    if before.task_definition is None:
        return "nothing serves yet, so there is nothing to lose before it is live"
    world.loads[service] = load
    load.start()
    _wait(world, BEFORE_SECONDS, service)
    while load.long and not load.long_samples:
        _wait(world, 0.1, service)
    seen = list(load.samples)
    for samples, where in ((seen, load.where), (load.long_samples, load.long)):
        if where and samples and all(one.kind != "ok" for one in samples):
            raise Failed(
                f"GET {where.path} fails before the update already: {samples[-1].kind}",
                where=f"prove {service}",
                remedy="nothing was updated; prove with a path that answers, or deploy without --prove",
            )
    load.mark(updated=time.monotonic())
    return f"{len(seen)} requests before the update, {sum(one.kind != 'ok' for one in seen)} failed"


def finish(world: World, service: str) -> str:
    """Go on for some seconds after live, then stop and tell."""
    load = world.loads.get(service) or _load(world, service)
    if load is None:
        return "no tasks wanted, nothing to prove"
    now = time.monotonic()
    if service not in world.loads:
        world.loads[service] = load
        load.mark(updated=now)
        load.start()
    load.mark(live=now)
    _wait(world, AFTER_SECONDS, service)
    _close(world, service)
    return sentences(world.proofs[service])[0]


def close(world: World) -> None:
    """Stop what still runs, as after a rollout that failed; what was measured until then is kept."""
    for service in list(world.loads):
        _close(world, service)


def losses(world: World, services: Mapping[str, SlipwayError]) -> dict[str, SlipwayError]:
    """Service -> error where more was lost than may; `services` ended with an error of their own and keep it."""
    return {
        service: Failed(
            f"{service} is live, but {loss(proof)}; allowed are {proof['max_failed']}",
            where="prove",
            remedy=f"docs/zero-loss.md names what loses requests; ./poe rollback {service} goes back",
        )
        for service, proof in world.proofs.items()
        if service not in services and is_lossy(proof)
    }


def _close(world: World, service: str) -> None:
    world.proofs[service] = world.loads.pop(service).stop(at_once=world.cancelled(0))


def _load(world: World, service: str) -> Load | None:
    url, proving = health_url(world.settings, service, world.urls), world.proving
    if proving is None or url is None:
        return None
    base, path = world.urls[service].rstrip("/"), proving.path
    long = address(base + proving.long_path, world.load_balancer) if proving.long_path else None
    where = address(base + path if path else url, world.load_balancer)
    return Load(where, long, replace(proving, path=path or world.settings.service(service).health_path))


def _wait(world: World, seconds: float, service: str) -> None:
    if world.cancelled(seconds):
        raise Cancelled(f"stopped proving {service}", where="prove", remedy="./poe status shows what runs")
