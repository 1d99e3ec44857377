"""A tree from any source: the list of its files, the git blob ids of those that may be read, and their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property

from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.listing import Listing
from analyzer.source.readable import chosen, readable
from analyzer.source.view import SourceView

NO_ID = "-"
"""In place of the id of a file that is too large to be hashed; it is not read either."""

HASHED = 16_000_000
"""Bytes up to which a file that is too large to be read is hashed all the same: lock files above all."""


class Tree:
    """What `analyze` reads and what the content key is made of.

    `load` answers the bytes of a listed file (never of a link), or None when it cannot be read or is larger than
    `Limits.file_bytes`. `identify` answers its git blob id.
    """

    def __init__(
        self,
        listing: Listing,
        load: Callable[[str], bytes | None],
        identify: Callable[[str], str] | None = None,
        *,
        limits: Limits = DEFAULT,
        commit: str | None = None,
    ) -> None:
        self.listing = listing
        self.commit = commit
        """Hexadecimal id of the git commit, None when the tree is not one."""
        self._load = load
        self._identify = identify
        self._limits = limits
        self._held: dict[str, bytes | None] = {}
        self._spent = 0

    @cached_property
    def covered(self) -> frozenset[str]:
        """Paths that may be read: those that the content key covers."""
        targets = self.listing.targets
        return frozenset(
            path for path in chosen(self.listing.paths, self._limits) if path not in targets or readable(targets[path])
        )

    def view(self) -> SourceView:
        """The view for `analyze`."""
        listing = self.listing
        return SourceView(listing.paths, self.read, truncated=listing.truncated, cautions=listing.cautions)

    def read(self, path: str) -> bytes | None:
        """The bytes of a covered file; None beyond a bound. What was read once is held."""
        if path not in self.covered:
            return None
        path = self._file(path)
        if path not in self._held:
            self._held[path] = self._within_budget(self._load(path))
        return self._held[path]

    def blob_id(self, path: str) -> str:
        """The git blob id of a covered file, NO_ID when it is too large."""
        path = self._file(path)
        if self._identify:
            return self._identify(path)
        data = self._load(path)
        return NO_ID if data is None else blob_id(data)

    def _file(self, path: str) -> str:
        return self.listing.targets.get(path, path)

    def _within_budget(self, data: bytes | None) -> bytes | None:
        if data is None or self._spent + len(data) > self._limits.read_bytes:
            return None
        self._spent += len(data)
        return data


def blob_id(data: bytes) -> str:
    """The id that git gives to a file with that content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
