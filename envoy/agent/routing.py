"""Keeps Envoy's clusters, endpoints and routes as services, tasks and shares come and go.

A route never leads to a cluster that is not there: clusters come before their routes, when Envoy has them, and go after
the routes that named them are proven to be gone. Each set of routes holds a path of its own by which that is proven.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from agent import clusters, files, log, routes
from agent.discovery import Addresses
from agent.leaving import Leaving
from agent.services import Service
from agent.traffic import NEXT, Entry, Way

ROUTES_FILE, CLUSTERS_FILE = "routes.json", "clusters.json"
CLUSTER_SECONDS = 2.0


class Envoy(Protocol):
    """Who knows what Envoy has."""

    def has(self, clusters: Collection[str], seconds: float) -> bool:
        """Whether it has these clusters before the time is over; also when it does not run yet."""


class Routing:
    """The files of one Envoy."""

    def __init__(self, state: Path, page: Path, envoy: Envoy) -> None:
        self._state, self._page, self._envoy = state, page, envoy
        self._lock = threading.Lock()
        self._services: Sequence[Service] = ()
        self._tasks: Addresses = {}
        self._left: Addresses = {}
        self._leaving = Leaving()
        self._entries: Mapping[str, Entry] = {}
        self._there: dict[str, Service] = {}
        self._named: dict[str, Service] = {}
        self.digest = ""
        """Of the routes that are in place."""
        self._proven = ""
        self.put([], {})

    def put(self, services: Sequence[Service], tasks: Addresses) -> None:
        """Services and their tasks, as they are now."""
        with self._lock:
            self._services, self._tasks, self._left = services, tasks, self._leaving.look(tasks)
            self._write()

    def steer(self, entries: Iterable[Entry]) -> None:
        """Shares and maintenance, as they are now."""
        wanted = {one.service: one for one in entries}
        with self._lock:
            if wanted != self._entries:
                self._entries = wanted
                self._write()

    def proven(self, digest: str) -> None:
        """Envoy has the routes with that digest."""
        with self._lock:
            self._proven = digest

    @property
    def is_proven(self) -> bool:
        """Whether Envoy is known to have the routes that are in place."""
        return self._proven == self.digest

    def _write(self) -> None:
        wanted = {one.name: one for service in self._services for one in self._versions(service)}
        for name, service in wanted.items():
            there, left = self._tasks.get(name, ()), self._left.get(name, ())
            ends = clusters.endpoints(name, service.port, there, left)
            files.replace_when_changed(self._state / clusters.endpoints_file(name), files.resources(ends))
        self._put_clusters({**({} if self.is_proven else self._there), **self._named, **wanted})
        digest, text = routes.file(self._services, self._page, {one.name: self._way(one) for one in self._services})
        if files.replace_when_changed(self._state / ROUTES_FILE, text):
            log.say("routes", services=sorted(wanted), shares=self._shares())
        self.digest, self._named = digest, wanted

    def _put_clusters(self, there: dict[str, Service]) -> None:
        rows = [row for name in sorted(there) for row in clusters.of(there[name], self._state)]
        if files.replace_when_changed(self._state / CLUSTERS_FILE, files.resources(*rows)):
            self._envoy.has([row["name"] for row in rows], CLUSTER_SECONDS)
        self._there = there

    def _versions(self, service: Service) -> list[Service]:
        has_next = self._way(service).has_next
        return [service, *([replace(service, name=service.name + NEXT)] if has_next else [])]

    def _way(self, service: Service) -> Way:
        entry, has_next = self._entries.get(service.name), bool(self._tasks.get(service.name + NEXT))
        if entry is None:
            return Way(has_next=has_next)
        return Way(next=entry.next, has_next=has_next, is_closed=entry.maintenance)

    def _shares(self) -> dict[str, int]:
        return {name: entry.next for name, entry in self._entries.items() if entry.next}
