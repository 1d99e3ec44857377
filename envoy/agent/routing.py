"""Keeps Envoy's clusters, endpoints and routes as services and tasks come and go.

A route never leads to a cluster that is not there: clusters come before their routes, and go one round after them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from agent import clusters, files, log, routes
from agent.discovery import Addresses
from agent.services import Service

ROUTES_FILE, CLUSTERS_FILE = "routes.json", "clusters.json"


class Routing:
    """The files of one Envoy."""

    def __init__(self, state: Path, page: Path) -> None:
        self._state, self._page = state, page
        self._shown: Mapping[str, Service] = {}
        self.put([], {})

    def put(self, services: Sequence[Service], tasks: Addresses) -> None:
        """Everything as it is now."""
        wanted = {service.name: service for service in services}
        for service in services:
            ends = clusters.endpoints(service.name, ((one, service.port) for one in tasks.get(service.name, ())))
            files.replace_when_changed(self._state / clusters.endpoints_file(service.name), files.resources(ends))
        there = {**self._shown, **wanted}
        rows = [clusters.cluster(there[name], self._state) for name in sorted(there)]
        files.replace_when_changed(self._state / CLUSTERS_FILE, files.resources(*rows))
        is_new = files.replace_when_changed(
            self._state / ROUTES_FILE, files.resources(routes.resource(services, self._page))
        )
        if is_new:
            log.say("routes", services=sorted(wanted))
        self._shown = wanted
