"""Peak memory of a process and of everything below it, read from /proc while it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

PAUSE = 0.01
PROC = Path("/proc")


@dataclass(frozen=True)
class Peak:
    """Peak resident memory in bytes."""

    own: int
    """Of the process itself, as the kernel keeps it (VmHWM)."""
    tree: int
    """Largest sum over the process and its descendants; pages that they share count more than once."""
    processes: int
    """How many processes that sum was over."""


class Meter:
    """Watches the tree of a process while the block runs."""

    def __init__(self, pid: int) -> None:
        self.peak = Peak(0, 0, 0)
        self._pid, self._stop = pid, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="memory")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PAUSE):
            self.peak = larger(self.peak, look(self._pid))


def larger(before: Peak, now: Peak) -> Peak:
    """The peak after one more look."""
    tree = max(before, now, key=lambda peak: peak.tree)
    return Peak(max(before.own, now.own), tree.tree, tree.processes)


def look(pid: int) -> Peak:
    """Memory of a process tree now."""
    sizes = [size for each in tree(pid) if (size := in_status(_status(each), "VmRSS"))]
    return Peak(in_status(_status(pid), "VmHWM"), sum(sizes), len(sizes))


def tree(pid: int) -> Iterator[int]:
    """The process and its descendants; those that end while we look are left out."""
    yield pid
    for task in sorted((PROC / str(pid) / "task").glob("*")):
        try:
            children = (task / "children").read_text("ascii").split()
        except OSError:
            continue
        for child in children:
            yield from tree(int(child))


def in_status(status: str, key: str) -> int:
    """A size of /proc/PID/status in bytes; 0 for a process without memory of its own."""
    for line in status.splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    return 0


def _status(pid: int) -> str:
    try:
        return (PROC / str(pid) / "status").read_text("ascii", "replace")
    except OSError:
        return ""
