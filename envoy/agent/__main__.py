"""Starts the gateway: first what Envoy watches, then Envoy, then the threads that keep it current."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable

from agent import aws, discovery, environment, files, identity, log, shadow
from agent.credentials import Provider
from agent.enforcing import POLICY_FILE, Enforcer
from agent.environment import Environment
from agent.envoy_api import EnvoyApi
from agent.keys import Keys
from agent.routing import Routing
from agent.services import Service
from agent.store import Store
from agent.supervision import Child, prepare

POLICY_SECONDS = 0.25
ROUTING_SECONDS = 1.0
KEYS_SECONDS = 1.0
PARAMETER_ROUNDS = 2
"""Parameters are read every so many looks at the tasks."""
FIRST_SECONDS = 5.0
"""So long Envoy waits for the first answer of the store, to begin with the live policies."""


def main() -> int:
    """The gateway's life; returns the exit code."""
    here, stop = environment.read(os.environ), threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    prepare(here.state)
    shutil.copy(here.configuration / POLICY_FILE, here.state / POLICY_FILE)
    files.replace(here.state / shadow.SHADOW_FILE, files.resources(shadow.idle()))
    look = Look(here, Provider(os.environ))
    keys = Keys(here.state)
    keys.step(look.auth)
    api = EnvoyApi(here.state, here.port)
    enforcer = _enforcer(here, api)
    if enforcer:
        enforcer.prepare(FIRST_SECONDS)
        look.step()
    child = Child(here, api)
    threads = Threads(stop, child)
    threads.start(KEYS_SECONDS, lambda: keys.step(look.auth))
    if enforcer:
        threads.start(POLICY_SECONDS, enforcer.step, first=lambda: _begin(enforcer, api))
        threads.start(ROUTING_SECONDS, look.step)
    return child.await_end(stop)


def _enforcer(here: Environment, api: EnvoyApi) -> Enforcer | None:
    if not here.table:
        log.say("no policy store: the baked policies are enforced")
        return None
    store = Store(aws.Api(aws.DYNAMODB, here.region, here.endpoint, Provider(os.environ)), here.table)
    return Enforcer(store, task=identity.task_id(here.metadata), state=here.state, prover=api)


def _begin(enforcer: Enforcer, api: EnvoyApi) -> None:
    """A task that does not know yet what to enforce denies, and is not ready, so that others get the requests."""
    if not enforcer.has_answer:
        while not api.post("/healthcheck/fail"):
            time.sleep(0.02)
    enforcer.settle()
    if not enforcer.has_answer:
        enforcer.on_answer = lambda: api.post("/healthcheck/ok")


class Threads:
    """What keeps Envoy current. When one of them fails the gateway ends, and ECS starts another."""

    def __init__(self, stop: threading.Event, child: Child) -> None:
        self._stop, self._child = stop, child

    def start(self, seconds: float, step: Callable[[], object], first: Callable[[], None] = lambda: None) -> None:
        """Take a step every so many seconds."""

        def run() -> None:
            try:
                first()
                while not self._stop.is_set():
                    started = time.monotonic()
                    step()
                    self._stop.wait(max(0.02, seconds - (time.monotonic() - started)))
            finally:
                if not self._stop.is_set():
                    self._child.process.terminate()

        threading.Thread(target=run, daemon=True).start()


class Look:
    """One step looks at the tasks, and now and then at the parameters; what cannot be read stays as it was."""

    def __init__(self, here: Environment, provider: Provider) -> None:
        self._here, self.auth = here, here.auth
        self._ssm = aws.Api(aws.SSM, here.region, here.endpoint, provider)
        self._ecs = aws.Api(aws.ECS, here.region, here.endpoint, provider)
        self._routing = Routing(here.state, here.configuration / "index.html")
        self._services: list[Service] = []
        self._round = 0
        self._changes = log.Changes()

    def step(self) -> None:
        """Look."""
        is_due, self._round = self._round % PARAMETER_ROUNDS == 0, self._round + 1
        try:
            if is_due:
                found = discovery.parameters(self._ssm, self._here.parameters)
                self._services = discovery.services(found)
                self.auth = self._here.auth or found.get("auth", "")
            tasks = discovery.addresses(self._ecs, self._here.prefix) if self._services else {}
        except OSError as error:
            self._changes.trouble("services cannot be looked up; routes stay", error)
        else:
            self._changes.fine("services can be looked up again")
            self._routing.put(self._services, tasks)


if __name__ == "__main__":
    raise SystemExit(main())
