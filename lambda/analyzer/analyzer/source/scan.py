"""Walks folders level by level within the limits; what a folder holds is asked of the kind of source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from analyzer.source.limits import Limits
from analyzer.source.listing import CROWDED, TOO_DEEP, TOO_MANY, TOO_SLOW, UNREADABLE, Found, is_usable
from analyzer.source.pruning import is_marked, is_never_source

Clock = Callable[[], float]


Entry = tuple[str, Literal["file", "folder", "link"]]
"""One name in a folder, and what it is."""
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
        entries = self._first(list(entries))
        if folder and is_marked(folder, (name for name, _ in entries)):
            return []
        self.seen += len(entries)
        return list(self._take(f"{folder}/" if folder else "", entries))

    def _take(self, place: str, entries: Iterable[Entry]) -> Iterator[str]:
        found = self.found
        for name, kind in entries:
            if not is_usable(name):
                found.unusable.add(place + name)
            elif kind == "file":
                found.files.append(place + name)
            elif kind == "link":
                found.links[place + name] = ""
            elif not is_never_source(place + name):
                yield place + name

    def _first(self, entries: list[Entry]) -> list[Entry]:
        """All folders, and no more files than one folder may have."""
        if len(entries) <= self.limits.folder_files:
            return entries
        files = [entry for entry in entries if entry[1] != "folder"]
        if len(files) > self.limits.folder_files:
            self.found.cuts[CROWDED] = 1
        return [*files[: self.limits.folder_files], *(entry for entry in entries if entry[1] == "folder")]

    def _is_enough(self) -> bool:
        if self.seen > self.limits.entries or len(self.found.files) > self.limits.files:
            self.found.cuts[TOO_MANY] = 1
        elif self.clock() > self.until:
            self.found.cuts[TOO_SLOW] = 1
        return TOO_MANY in self.found.cuts or TOO_SLOW in self.found.cuts
