"""A folder of this machine as a tree. Nothing outside of it is opened, whatever changes in it meanwhile.

The listing does not follow links and does not open special files. A file is opened part by part from the root, each
part refused when it is a link, so that a folder swapped for a link in the meantime leads nowhere.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from contextlib import suppress
from itertools import islice
from operator import itemgetter
from pathlib import Path

from analyzer.failure import Failure
from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.listing import scanned
from analyzer.source.scan import Clock, Entry, scan
from analyzer.source.tree import HASHED, NO_ID, Tree
from analyzer.source.view import SourceView

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
    found = scan(lambda folder: _entries(root, folder, limits), limits, clock)
    _follow(root, found.links)
    return Tree(
        scanned(found, limits),
        lambda path: _read(root, path, limits.file_bytes),
        lambda path: _identify(root, path, limits.file_bytes),
        limits=limits,
    )


def _entries(root: str, folder: str, limits: Limits) -> list[Entry] | None:
    try:
        with os.scandir(f"{root}/{folder}") as found:
            entries = [entry for each in islice(found, limits.entries) if (entry := _entry(each))]
    except OSError:
        return None
    return sorted(entries, key=itemgetter(0))


def _entry(entry: os.DirEntry[str]) -> Entry | None:
    """None for a pipe, a socket or a device."""
    if entry.is_symlink():
        return entry.name, "link"
    if entry.is_file(follow_symlinks=False):
        return entry.name, "file"
    return (entry.name, "folder") if entry.is_dir(follow_symlinks=False) else None


def _follow(root: str, links: dict[str, str]) -> None:
    """Reads where links lead, without going there."""
    for path in links:
        with suppress(OSError):
            links[path] = os.readlink(f"{root}/{path}")


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
