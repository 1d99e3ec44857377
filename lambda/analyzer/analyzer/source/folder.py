"""A folder of this machine as a tree. Nothing outside of it is opened, whatever changes in it meanwhile.

The listing does not follow links and does not open special files. A file is opened part by part from the root, each
part refused when it is a link, so that a folder swapped for a link in the meantime leads nowhere.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path

from analyzer.failure import Failure
from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.listing import TOO_DEEP, TOO_MANY, TOO_SLOW, UNREADABLE, Found, is_usable, listing
from analyzer.source.pruning import is_marked, is_never_source
from analyzer.source.tree import NO_ID, Tree
from analyzer.source.view import SourceView

Clock = Callable[[], float]

HASHED = 16_000_000
"""Bytes up to which a file that is too large to be read is hashed for the content key: lock files above all."""
BLOCK = 1 << 20
INSIDE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
"""Never through a link, and never waiting for the other end of a pipe."""


def of_folder(folder: Path, limits: Limits = DEFAULT) -> SourceView:
    """The view of a folder."""
    return folder_tree(folder, limits).view()


def folder_tree(folder: Path, limits: Limits = DEFAULT, *, clock: Clock = time.monotonic) -> Tree:
    """The tree of a folder; at most `Limits.seconds` are spent on listing it. Raises Failure when it is not one."""
    root = str(folder)
    if not folder.is_dir():
        raise Failure("SourceNotFound", f"there is no folder {folder}", remedy="check the path")
    found = _Scan(root, limits, clock).run()
    return Tree(
        listing(found, limits),
        lambda path: _read(root, path, limits.file_bytes),
        lambda path: _identify(root, path, limits.file_bytes),
        limits=limits,
    )


class _Scan:
    """Lists a folder level by level, so that what is near the root is listed before a limit is reached."""

    def __init__(self, root: str, limits: Limits, clock: Clock) -> None:
        self.root, self.limits, self.clock = root, limits, clock
        self.until = clock() + limits.seconds
        self.found = Found()

    def run(self) -> Found:
        """What is in the folder."""
        level = [""]
        for depth in range(self.limits.depth + 2):
            if depth > self.limits.depth and level:
                self.found.cut(TOO_DEEP)
                break
            level = [below for folder in level for below in self._folder(folder)]
        return self.found

    def _folder(self, folder: str) -> list[str]:
        """Takes a folder's files, answers its folders."""
        if len(self.found.files) + len(self.found.links) > self.limits.files or self._is_late():
            return []
        entries = self._entries(folder)
        if folder and is_marked(folder, (entry.name for entry in entries)):
            return []
        return [path for entry in entries if (path := self._entry(entry, folder))]

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(f"{self.root}/{folder}") as scan:
                entries = list(islice(scan, self.limits.entries + 1))
        except OSError:
            self.found.cut(UNREADABLE)
            return []
        if len(entries) > self.limits.entries:
            self.found.cut(TOO_MANY)
        return sorted(entries, key=lambda entry: entry.name)

    def _entry(self, entry: os.DirEntry[str], folder: str) -> str | None:
        """Takes a file or link; the path of a folder that is to be listed too."""
        path = f"{folder}/{entry.name}" if folder else entry.name
        if not is_usable(entry.name):
            self.found.unusable.add(path)
        elif entry.is_symlink():
            with suppress(OSError):
                self.found.links[path] = os.readlink(entry.path)
        elif entry.is_file(follow_symlinks=False):
            self.found.files.append(path)
        elif entry.is_dir(follow_symlinks=False) and not is_never_source(path):
            return path
        return None

    def _is_late(self) -> bool:
        if self.clock() < self.until:
            return False
        self.found.cuts[TOO_SLOW] = 1
        return True


def _read(root: str, path: str, most: int) -> bytes | None:
    """The bytes of a regular file below the root, None when it has more than `most` or is no such file any more."""
    file = _open(root, path)
    if file is None:
        return None
    with os.fdopen(file, "rb", buffering=0) as opened:
        if os.fstat(file).st_size > most:
            return None
        data = bytearray()
        with suppress(OSError):
            while len(data) <= most and (block := opened.read(BLOCK)):
                data += block
    return bytes(data) if len(data) <= most else None


def _identify(root: str, path: str, most: int) -> str:
    """The git blob id, or NO_ID. A file that is larger than `most` is hashed block by block."""
    file = _open(root, path)
    if file is None:
        return NO_ID
    with os.fdopen(file, "rb", buffering=0) as opened:
        size = os.fstat(file).st_size
        if size > max(most, HASHED):
            return NO_ID
        digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        with suppress(OSError):
            while block := opened.read(BLOCK):
                digest.update(block)
    return digest.hexdigest()


def _open(root: str, path: str) -> int | None:
    """A descriptor of a regular file, no part of its path a link."""
    *folders, name = path.split("/")
    held = []
    try:
        held.append(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        for folder in folders:
            held.append(os.open(folder, INSIDE | os.O_DIRECTORY, dir_fd=held[-1]))
        return _regular(os.open(name, INSIDE, dir_fd=held[-1]))
    except OSError:
        return None
    finally:
        for descriptor in held:
            os.close(descriptor)


def _regular(file: int) -> int | None:
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    return None
