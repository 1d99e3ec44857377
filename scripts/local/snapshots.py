"""Saves the emulator's state while it runs, so that killing it loses a second of changes instead of everything.

MiniStack saves only on a clean shutdown, one file a service. A snapshot here is a folder with all files, made visible
by one rename: it is whole or absent. It is taken when nothing is going on (no change for a moment, no stack operation
under way), because half of a deploy is not a state that a later deploy can start from; a kill in the middle of a
deploy therefore goes back to the state before it.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

QUIET = 0.5
"""Seconds without a change before a snapshot."""
LONGEST_WAIT = 15.0
"""Seconds after which changes are saved although more keep coming."""
TICK = 0.2
KEPT = 2
"""Snapshots kept: the current one and the one before."""
READ_ONLY = ("Describe", "Get", "List", "BatchGet", "Head", "Query", "Scan", "Filter", "Validate", "Detect", "Lookup")


def is_change(method: str, path: str, action: str) -> bool:
    """Whether a request may change state; `action` is the AWS operation where the protocol names one."""
    if method in ("GET", "HEAD", "OPTIONS") or path.startswith("/_"):
        return False
    return not action.startswith(READ_ONLY)


class Changes:
    """When the state last changed, seen from the outside."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.first: float | None = None
        self.last = 0.0
        self.under_way = 0

    def note(self) -> None:
        """Something changed now."""
        self.last = self.clock()
        if self.first is None:
            self.first = self.last

    def ready(self, *, busy: bool) -> bool:
        """Whether now is the time for a snapshot; `busy` while an operation runs in the background."""
        if self.first is None:
            return False
        now = self.clock()
        if busy:
            self.last = now
        quiet = not self.under_way and now - self.last >= QUIET
        return quiet or (not busy and now - self.first >= LONGEST_WAIT)

    def saved(self) -> None:
        """Everything up to now is in a snapshot."""
        self.first = None


def watched(application: Application, changes: Changes) -> Application:
    """The application, with every request that may change state noted."""

    async def run(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        target = headers.get("x-amz-target", "").rpartition(".")[2]
        first = {"type": "http.request", "body": b"", "more_body": False}
        if not target and "x-www-form-urlencoded" in headers.get("content-type", ""):
            first = dict(await receive())
            target = form_action(first.get("body", b""))
            receive = _replay(first, receive)
        if not is_change(scope["method"], scope["path"], target):
            await application(scope, receive, send)
            return
        changes.under_way += 1
        try:
            await application(scope, receive, send)
        finally:
            changes.under_way -= 1
            changes.note()

    return run


def form_action(body: bytes) -> str:
    """The `Action` of a form-encoded AWS request."""
    for part in body[:4096].split(b"&"):
        if part.startswith(b"Action="):
            return part[7:].decode("latin-1")
    return ""


def _replay(first: Message, receive: Receive) -> Receive:
    pending = [first]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed


class Snapshots:
    """A folder of snapshots; `current` is a link to the newest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.current = folder / "current"

    def save(self, states: dict[str, str]) -> None:
        """Writes one file a service and makes them current."""
        number = 1 + max((int(path.name) for path in self._all()), default=0)
        fresh = self.folder / str(number)
        fresh.mkdir(parents=True)
        for service, text in states.items():
            (fresh / f"{service}.json").write_text(text, "utf-8")
        link = self.folder / "next"
        link.unlink(missing_ok=True)
        link.symlink_to(fresh.name)
        link.replace(self.current)
        for old in sorted(self._all(), key=lambda path: int(path.name))[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)

    def _all(self) -> list[Path]:
        return [path for path in self.folder.glob("*") if path.name.isdigit()]


class Saver:
    """Takes snapshots of a running MiniStack."""

    def __init__(self, app: Any, persistence: Any, snapshots: Snapshots, changes: Changes) -> None:
        self.app, self.persistence, self.snapshots, self.changes = app, persistence, snapshots, changes
        self.lock = threading.Lock()

    def save(self, services: dict[str, Callable[[], Any]]) -> None:
        """One snapshot; stands in for MiniStack's `save_all`, which writes file by file."""
        with self.lock:
            self.changes.saved()
            states = {name: self._text(name, get_state) for name, get_state in services.items()}
            self.snapshots.save({name: text for name, text in states.items() if text})

    def _text(self, name: str, get_state: Callable[[], Any]) -> str:
        state = stable(get_state)
        if state is None:
            return ""
        wrapped = {"__ministack_format__": self.persistence._state_format_version(name), "payload": state}
        return json.dumps(wrapped, default=self.persistence._json_default)

    def busy(self) -> bool:
        """Whether a stack operation is under way."""
        stacks = self.app._get_module("cloudformation")._stacks
        return any(str(stack.get("StackStatus", "")).endswith("_IN_PROGRESS")
                   and stack.get("StackStatus") != "REVIEW_IN_PROGRESS" for stack in list(stacks._data.values()))

    def run(self) -> None:
        """Saves whenever it is time, for the life of the process."""
        while True:
            time.sleep(TICK)
            try:
                if self.changes.ready(busy=self.busy()):
                    self.save(self.app._build_persistence_save_dict())
            except Exception:
                self.changes.note()
                self.app.logger.exception("snapshot failed; it is tried again")


def stable(get_state: Callable[[], Any], attempts: int = 5) -> Any:
    """A service's state; a copy that met a change half-way ("dictionary changed size") is made again."""
    for _ in range(attempts - 1):
        try:
            return get_state()
        except RuntimeError:
            time.sleep(0.02)
    return get_state()
