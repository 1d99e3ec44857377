"""Correction to persistence: the state is saved while the emulator runs, not only when it is shut down cleanly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from scripts.local.corrections.upstream import Module
from scripts.local.snapshots import Changes, Snapshots

TICK = 0.2


class Saver:
    """Takes snapshots of a running MiniStack."""

    def __init__(self, app: Module, persistence: Module, snapshots: Snapshots, changes: Changes) -> None:
        self.app, self.persistence, self.snapshots, self.changes = app, persistence, snapshots, changes
        self.lock = threading.Lock()

    def save(self, services: dict[str, Callable[[], Any]]) -> None:
        """One snapshot."""
        with self.lock:
            self.changes.saved()
            states = {name: self._text(name, get_state) for name, get_state in services.items()}
            self.snapshots.save({name: text for name, text in states.items() if text})

    def close(self, services: dict[str, Callable[[], Any]]) -> None:
        """The last snapshot, of what runs; from then on nothing is started. Stands in for MiniStack's `save_all`.

        Upstream's scheduler replaces the tasks that its own shutdown stops, and leaves their containers behind.
        """
        self.save(services)
        ecs = self.app._get_module("ecs")
        ecs._reconcile_service_tasks = lambda *_: None
        ecs._run_docker_container = _refuse_to_start

    def _text(self, name: str, get_state: Callable[[], Any]) -> str:
        state = stable(get_state)
        if state is None:
            return ""
        wrapped = {"__ministack_format__": self.persistence._state_format_version(name), "payload": state}
        return json.dumps(wrapped, default=self.persistence._json_default)

    def stacks(self) -> bool:
        """Whether a stack operation is under way."""
        stored = self.app._get_module("cloudformation")._stacks._data
        states = (str(stack.get("StackStatus", "")) for stack in list(stored.values()))
        return any(state.endswith("_IN_PROGRESS") and state != "REVIEW_IN_PROGRESS" for state in states)

    def rollouts(self) -> bool:
        """Whether an ECS service is between two versions."""
        services = [service for _, service in self.app._get_module("ecs")._services.all_items()]
        return any(
            deployment.get("status") == "PRIMARY" and deployment.get("rolloutState") == "IN_PROGRESS"
            for service in services
            if service.get("status") == "ACTIVE"
            for deployment in list(service.get("deployments") or [])
        )

    def run(self) -> None:
        """Saves whenever it is time, for the life of the process."""
        while True:
            time.sleep(TICK)
            try:
                self._save_when_ready()
            except (OSError, RuntimeError, TypeError, ValueError):
                self.changes.note()
                self.app.logger.exception("snapshot failed; it is tried again")

    def _save_when_ready(self) -> None:
        if self.changes.first is not None and self.changes.ready(stacks=self.stacks(), rollouts=self.rollouts()):
            self.save(self.app._build_persistence_save_dict())


def _refuse_to_start(*_: object, **__: object) -> None:
    raise RuntimeError("the embedded cloud is shutting down")


def stable(get_state: Callable[[], Any], attempts: int = 5) -> Any:
    """A service's state; a copy that met a change half-way ("dictionary changed size") is made again."""
    for _ in range(attempts - 1):
        try:
            return get_state()
        except RuntimeError:
            time.sleep(0.02)
    return get_state()
