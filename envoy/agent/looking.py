"""Looks at which services and tasks there are, and at the authentication settings."""

from __future__ import annotations

from agent import aws, discovery, log
from agent.credentials import Provider
from agent.environment import Environment
from agent.routing import Routing
from agent.services import Service

PARAMETER_ROUNDS = 2
"""Parameters are read every so many looks at the tasks."""


class Look:
    """One step looks at the tasks, and now and then at the parameters; what cannot be read stays as it was."""

    def __init__(self, here: Environment, provider: Provider, routing: Routing) -> None:
        self._here, self.auth = here, here.auth
        self._ssm = aws.Api(aws.SSM, here.region, here.endpoint, provider)
        self._ecs = aws.Api(aws.ECS, here.region, here.endpoint, provider)
        self._routing = routing
        self._services: list[Service] = []
        self._round = 0
        self._changes = log.Changes()
        self.has_answer = False
        """Whether services and tasks have been known at all."""

    def step(self) -> None:
        """Look."""
        is_due, self._round = self._round % PARAMETER_ROUNDS == 0, self._round + 1
        try:
            if is_due:
                found = discovery.parameters(self._ssm, self._here.parameters)
                self._services = discovery.services(found)
                self.auth = self._here.auth or found.get("auth") or found.get("development-auth", "")
            tasks = discovery.addresses(self._ecs, self._here.prefix) if self._services else {}
        except OSError as error:
            self._round = 0  # what was not read is due
            self._changes.trouble("services cannot be looked up; routes stay", error)
        else:
            self._changes.fine("services can be looked up again")
            self._routing.put(self._services, tasks)
            self.has_answer = True
