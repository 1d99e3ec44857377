"""Walks folders level by level within the limits; what a folder holds is asked of the kind of source."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from analyzer.source.limits import Limits
from analyzer.source.listing import TOO_DEEP, TOO_MANY, TOO_SLOW, UNREADABLE, Found, is_usable
from analyzer.source.pruning import is_marked, is_never_source

Clock = Callable[[], float]


class Entry(NamedTuple):
    """One name in a folder."""

    name: str
    kind: Literal["file", "folder", "link"]


Entries = Callable[[str], Iterable[Entry] | None]
"""What a folder holds ("" is the root), sorted by name; None when it cannot be listed."""


def scan(entries: Entries, limits: Limits, clock: Clock) -> Found:
    """What is in the tree; the targets of links are still open. What is near the root is found first."""
    walk = _Walk(entries, limits, clock)
    level = [""]
    for _ in range(limits.depth + 1):
        level = [below for folder in level for below in walk.folder(folder)]
    if level:
        walk.found.cut(TOO_DEEP)
    return walk.found


class _Walk:
    def __init__(self, entries: Entries, limits: Limits, clock: Clock) -> None:
        self.entries, self.limits, self.clock = entries, limits, clock
        self.until = clock() + limits.seconds
        self.found = Found()
        self.seen = 0

    def folder(self, folder: str) -> list[str]:
        """Takes a folder's files and links, answers its folders."""
        if self._is_enough():
            return []
        entries = self.entries(folder)
        if entries is None:
            self.found.cut(UNREADABLE)
            return []
        entries = list(entries)
        if folder and is_marked(folder, (entry.name for entry in entries)):
            return []
        self.seen += len(entries)
        return [path for entry in entries if (path := self._entry(entry, folder))]

    def _entry(self, entry: Entry, folder: str) -> str | None:
        path = f"{folder}/{entry.name}" if folder else entry.name
        if not is_usable(entry.name):
            self.found.unusable.add(path)
        elif entry.kind == "file":
            self.found.files.append(path)
        elif entry.kind == "link":
            self.found.links[path] = ""
        elif not is_never_source(path):
            return path
        return None

    def _is_enough(self) -> bool:
        if self.seen > self.limits.entries or len(self.found.files) > self.limits.files:
            self.found.cuts[TOO_MANY] = 1
        elif self.clock() > self.until:
            self.found.cuts[TOO_SLOW] = 1
        return TOO_MANY in self.found.cuts or TOO_SLOW in self.found.cuts
