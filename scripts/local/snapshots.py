"""Saves the emulator's state while it runs, so that killing it loses a second of changes instead of everything.

MiniStack saves only on a clean shutdown, one file a service. A snapshot here is a folder with all files, made visible
by one rename: it is whole or absent. It is taken when nothing is going on (no change for a moment, no stack operation
or rollout under way), because half of a deploy is not a state that a later deploy can start from: a kill in the middle
of a stack operation or a rollout goes back to the state before it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from pathlib import Path
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Coroutine[Any, Any, None]]

QUIET = 0.5
"""Seconds without a change before a snapshot."""
LONGEST_WAIT = 15.0
"""Seconds after which changes are saved although more keep coming."""
STACK_WAIT = 900.0
"""Seconds that a stack operation may take: a stack restored half-way would stay IN_PROGRESS for ever."""
ROLLOUT_WAIT = 60.0
"""Seconds that a rollout may take; one restored half-way goes on."""
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
        self.calm_since = 0.0
        self.under_way = 0

    def note(self) -> None:
        """Something changed now."""
        self.last = self.clock()
        if self.first is None:
            self.first = self.last

    def ready(self, *, stacks: bool, rollouts: bool) -> bool:
        """Whether now is the time for a snapshot; `stacks` and `rollouts` say what runs in the background."""
        if self.first is None:
            return False
        now = self.clock()
        age = now - self.first
        if (stacks and age < STACK_WAIT) or (rollouts and age < ROLLOUT_WAIT):
            self.calm_since = now
            return False
        quiet = not self.under_way and now - max(self.last, self.calm_since) >= QUIET
        return quiet or now - max(self.first, self.calm_since) >= LONGEST_WAIT

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
        if not target and "x-www-form-urlencoded" in headers.get("content-type", ""):
            first = await receive()
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
