"""Writes the files of a git commit into a fresh folder, as if whoever made the commit wanted to break out of it.

No git process runs: no hooks, no filters, no submodules, no credential helpers. A name that a checkout must not have
refuses the whole commit; a link that leads out of it, and a submodule, is left out and told. Folders are made anew and
files are made with O_EXCL, so nothing is ever written through a link or over something else; links come last.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.engine.errors import BadInput, Failed

if TYPE_CHECKING:
    from analyzer.source.git_files import Item
    from analyzer.source.git_tree import Objects
    from analyzer.source.limits import Limits

POINTER = b"version https://git-lfs.github.com/spec/"
"""How a file begins that only points to where the large one is. Source: git-lfs, docs/spec.md."""
SHORT_NAME = re.compile(r"git~\d+")
"""What Windows calls `.git`. Source: git, path.c, is_ntfs_dotgit."""


@dataclass
class Writing:
    """What was written so far."""

    size: int = 0
    """Bytes."""
    files: int = 0
    links: list[tuple[Path, str]] = field(default_factory=list)
    submodules: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    pointers: list[str] = field(default_factory=list)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is not as a clone would have it."""
        told = (
            (self.submodules, "submodules are not fetched, so its folder is not there"),
            (self.outside, "a link that leads out of the repository is left out"),
            (self.pointers, "kept with Git LFS, which is not fetched: only the pointer is there"),
        )
        return tuple(f"{_some(names)}: {why}" for names, why in told if names)


def write(objects: Objects, commit_id: str, folder: Path, limits: Limits) -> tuple[int, Writing]:
    """Write a commit into a folder that is not there yet; answers the commit's time and what was written.

    Raises BadInput, Failed, and the analyzer's Failure.
    """
    from analyzer.source.git_files import commit_of, items

    folder.mkdir()
    done = Writing()
    commit = commit_of(objects, commit_id)
    for item in items(objects, commit, limits):
        check_name(item.name, item.path)
        path = folder / os.fsdecode(item.path)
        try:
            _write(objects, item, path, done=done, limits=limits)
        except FileExistsError:
            raise _refused(item.path, "is there twice, perhaps in upper and lower case") from None
        except OSError as error:
            if error.filename is None:
                raise
            raise Failed(
                f"{shown(item.path)} cannot be written: {error.strerror}", where="source", remedy="./poe doctor"
            ) from None
    for path, target in done.links:
        path.symlink_to(target)
    return commit.time, done


def check_name(name: bytes, path: bytes) -> None:
    """Raises BadInput for a name that leads elsewhere, or into git's own folder on some file system."""
    if name in (b"", b".", b"..") or b"/" in name or b"\0" in name:
        raise _refused(path, "is a name that leads elsewhere")
    plain = "".join(char for char in os.fsdecode(name) if unicodedata.category(char) != "Cf")
    plain = plain.partition(":")[0].rstrip(". ").casefold()
    if plain == ".git" or SHORT_NAME.fullmatch(plain):
        raise _refused(path, "is git's own folder")


def leads_outside(folder: bytes, target: str) -> bool:
    """Whether a link may lead out of the tree; `..` is for the front, since behind a link it leads elsewhere."""
    if not target or target.startswith("/") or "\0" in target:
        return True
    parts = [part for part in target.split("/") if part not in ("", ".")]
    up = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    depth = len(folder.split(b"/")) if folder else 0
    return up > depth or ".." in parts[up:]


def shown(path: bytes) -> str:
    """A path for a message: names may hold line breaks and bytes that are no text."""
    text = os.fsdecode(path)
    return text if text.isprintable() else ascii(text)


def _write(objects: Objects, item: Item, path: Path, *, done: Writing, limits: Limits) -> None:
    from analyzer.source.git_files import content

    if item.is_submodule:
        done.submodules.append(shown(item.path))
    elif item.is_folder:
        path.mkdir()
    elif item.is_link:
        target = os.fsdecode(content(objects, item, limits))
        if leads_outside(item.folder, target):
            done.outside.append(shown(item.path))
        else:
            done.links.append((path, target))
    else:
        data = content(objects, item, limits)
        done.files += 1
        done.size += len(data)
        if done.size > limits.unpacked_bytes:
            raise Failed(
                f"the repository holds more than {limits.unpacked_bytes // 1_000_000} MB of files",
                where="source",
                remedy="clone it and run ./poe deploy-app FOLDER",
            )
        if len(data) < 1024 and data.startswith(POINTER):
            done.pointers.append(shown(item.path))
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755 if item.mode & 0o100 else 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(data)


def _refused(path: bytes, why: str) -> BadInput:
    return BadInput(
        f"the repository holds {shown(path)}, which {why}: it is not checked out",
        where="source",
        remedy="remove it from the repository",
    )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more}"
