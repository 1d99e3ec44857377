"""Starts the gateway: first what Envoy watches, then Envoy, then the threads that keep it current."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from dataclasses import dataclass

from agent import aws, environment, files, identity, log, shadow
from agent.candidate import Beside, Candidate
from agent.credentials import Provider
from agent.enforcing import POLICY_FILE, Enforcer
from agent.environment import Environment
from agent.envoy_api import EnvoyApi
from agent.keys import Keys
from agent.looking import Look
from agent.metrics import Metrics
from agent.policies import Policies
from agent.readiness import Readiness
from agent.reporting import Reports
from agent.routing import Routing
from agent.server_time import ServerTime
from agent.steering import Steering
from agent.store import Store
from agent.supervision import Child, prepare
from agent.threads import Threads

POLICY_SECONDS = 0.25
TRAFFIC_SECONDS = 0.25
ROUTING_SECONDS = 1.0
KEYS_SECONDS = 1.0
REPORT_SECONDS = 1.0
METRICS_SECONDS = 1.0
FIRST_SECONDS = 5.0
"""So long Envoy waits for the first answer of the store, to begin with the live policies."""


@dataclass(frozen=True)
class Current:
    """What a gateway with a table keeps current."""

    enforcer: Enforcer
    policies: Policies
    candidate: Candidate
    steering: Steering
    reports: Reports
    server_time: ServerTime

    def try_candidate(self) -> None:
        """A step in a thread of its own: a candidate that is refused keeps no live version waiting."""
        self.candidate.step(self.policies.candidate)


def main() -> int:
    """The gateway's life; returns the exit code."""
    here, stop = environment.read(os.environ), threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    prepare(here.state)
    shutil.copy(here.configuration / POLICY_FILE, here.state / POLICY_FILE)
    files.replace(here.state / shadow.SHADOW_FILE, files.resources(shadow.idle()))
    api, keys = EnvoyApi(here.state, here.port), Keys(here.state)
    routing = Routing(here.state, here.configuration / "index.html", api)
    server_time = ServerTime()
    look = Look(here, Provider(os.environ, server_time), routing)
    keys.step(look.auth)
    current = _current(here, api, routing=routing, server_time=server_time)
    if current:
        current.policies.prepare(FIRST_SECONDS)
        if current.policies.has_answer:
            current.steering.prepare()
        look.step()
    child = Child(here, api)
    threads = Threads(stop, child)
    threads.every(KEYS_SECONDS, lambda: keys.step(look.auth))
    if current:
        readiness = Readiness(api, policies=current.policies.are_known, services=lambda: look.has_answer)
        threads.every(POLICY_SECONDS, lambda: _keep(current, readiness), first=lambda: _begin(current, readiness))
        threads.every(POLICY_SECONDS, current.try_candidate)
        threads.every(TRAFFIC_SECONDS, current.steering.step)
        threads.every(ROUTING_SECONDS, look.step)
        threads.whenever(lambda: current.reports.await_news(REPORT_SECONDS), current.reports.step)
        metrics = Metrics(api, here.prefix)
        threads.every(METRICS_SECONDS, metrics.step)
        child.on_drained = metrics.last
    return child.await_end(stop)


def _current(here: Environment, api: EnvoyApi, *, routing: Routing, server_time: ServerTime) -> Current | None:
    if not here.table:
        log.say("no policy store: the baked policies are enforced")
        return None
    reports = Reports(_store(here, server_time), identity.task_id(here.metadata))
    store = _store(here, server_time)
    enforcer = Enforcer(store, reports, state=here.state, prover=api)
    candidate = Candidate(_store(here, server_time), reports, Beside(here.state, api, lambda: enforcer.version))
    steering = Steering(_store(here, server_time), reports, routing=routing, envoy=api)
    return Current(enforcer, Policies(store, enforcer), candidate, steering, reports, server_time)


def _store(here: Environment, server_time: ServerTime) -> Store:
    """Each thread has its own connection; what one learns of the time counts for all."""
    provider = Provider(os.environ, server_time)
    return Store(aws.Api(aws.DYNAMODB, here.region, here.endpoint, provider), here.table, server_time)


def _begin(current: Current, readiness: Readiness) -> None:
    readiness.hold()
    current.enforcer.settle()
    readiness.hold()


def _keep(current: Current, readiness: Readiness) -> None:
    current.policies.step()
    current.reports.say(clock_ahead=current.server_time.off())
    readiness.step()


if __name__ == "__main__":
    raise SystemExit(main())
