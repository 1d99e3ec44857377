"""The tree of a git commit, read from an object store without a git process: no hooks, no filters, no submodules."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IFLNK, S_IFMT, S_ISDIR, S_ISREG
from typing import TYPE_CHECKING

from analyzer.failure import Failure
from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.listing import scanned
from analyzer.source.pack_file import Damaged, size_at
from analyzer.source.scan import Clock, Entry, scan
from analyzer.source.tree import NO_ID, Tree

if TYPE_CHECKING:
    from dulwich.object_store import DiskObjectStore
    from dulwich.repo import Repo

Fetch = Callable[[Iterable[bytes]], None]
"""Brings objects (hexadecimal ids) into the store that are not there yet."""

TREE_BYTES = 16_000_000
"""Of commits, tags and folders; git's own largest are a tenth of that."""
LINK_BYTES = 4_096
TAGS = 8
"""Tags of tags that are followed."""
COMMIT, TREE, BLOB, TAG = 1, 2, 3, 4
"""Types of objects in git's own numbers."""


@contextmanager
def local_tree(
    folder: Path, ref: str | None = None, limits: Limits = DEFAULT, *, clock: Clock = time.monotonic
) -> Iterator[Tree]:
    """The tree of a repository of this machine, bare or not, at a branch, tag or commit (HEAD when none is named).

    Raises Failure SourceNotFound, RefNotFound, InvalidSource.
    """
    with local_commit(folder, ref) as (commit, objects):
        yield git_tree(objects.store, commit.encode("ascii"), limits, clock=clock)


@contextmanager
def local_commit(folder: Path, ref: str | None) -> Iterator[tuple[str, Objects]]:
    """The id that a name stands for in a repository of this machine, and its objects; raises as `local_tree` does."""
    from dulwich.errors import NotGitRepository
    from dulwich.repo import Repo

    try:
        repository = Repo(str(folder))
    except (NotGitRepository, OSError, ValueError) as error:
        message = f"{folder} is not a git repository, so it has no #{ref}" if ref else f"{folder} is not a repository"
        raise Failure("SourceNotFound", message, remedy="leave the # out to analyze the folder as it is") from error
    with repository:
        commit = _named(repository, ref)
        if commit is None:
            raise ref_not_found(ref)
        yield commit.decode("ascii"), Objects(repository.object_store)


def git_tree(
    store: DiskObjectStore,
    name: bytes,
    limits: Limits = DEFAULT,
    *,
    fetch: Fetch | None = None,
    clock: Clock = time.monotonic,
) -> Tree:
    """The tree of a commit or tag (hexadecimal id). Blobs are asked of `fetch` in one go when the first is read."""
    objects = Objects(store, fetch)
    commit, root = objects.commit(name)
    folders = _Folders(objects, root)
    found = scan(folders.entries, limits, clock)
    objects.bring(folders.ids[path] for path in found.links)
    for path in found.links:
        found.links[path] = (objects.blob(folders.ids[path], LINK_BYTES) or b"/").decode("utf-8", "surrogateescape")

    def load(path: str) -> bytes | None:
        objects.bring(folders.ids[tree.listing.targets.get(each, each)] for each in tree.covered)
        return objects.blob(folders.ids[path], limits.file_bytes)

    tree = Tree(
        scanned(found, limits),
        load,
        lambda path: folders.ids[path].decode("ascii") if path in folders.ids else NO_ID,
        limits=limits,
        commit=commit.decode("ascii"),
    )
    return tree


def ref_not_found(ref: str | None) -> Failure:
    """For a branch, tag or commit that is not there."""
    if ref is None:
        return Failure("RefNotFound", "the repository has no commit yet", remedy="commit and push something first")
    return Failure(
        "RefNotFound",
        f"the repository has no branch, tag or commit {ref}",
        remedy="check the name; a commit is named by its full id of 40 digits",
    )


class Objects:
    """Objects of a store, within bounds."""

    def __init__(self, store: DiskObjectStore, fetch: Fetch | None = None) -> None:
        self.store, self.fetch = store, fetch
        self.asked: set[bytes] = set()

    def bring(self, ids: Iterable[bytes]) -> None:
        """Fetch those objects that are missing and were not asked for before."""
        wanted = {each for each in ids if each not in self.asked} if self.fetch else set()
        self.asked |= wanted
        missing = sorted(each for each in wanted if each not in self.store)  # type: ignore[operator] # ids are bytes
        if self.fetch and missing:
            self.fetch(missing)

    def commit(self, name: bytes) -> tuple[bytes, bytes]:
        """Ids of a commit and its root folder; tags are followed to their commit."""
        found, head = self.commit_head(name)
        return found, head[b"tree"]

    def commit_head(self, name: bytes) -> tuple[bytes, dict[bytes, bytes]]:
        """Id of a commit and the lines of its head; tags are followed to their commit."""
        for _ in range(TAGS):
            kind, data = self._object(name, TREE_BYTES) or (0, b"")
            head = dict(line.split(b" ", 1) for line in data.partition(b"\n\n")[0].split(b"\n") if b" " in line)
            if kind == COMMIT and b"tree" in head:
                return name, head
            if kind != TAG or b"object" not in head:
                break
            name = head[b"object"]
        raise ref_not_found(name.decode("ascii", "replace"))

    def folder(self, name: bytes) -> list[tuple[bytes, int, bytes]] | None:
        """Name, mode and id of what a folder holds."""
        from dulwich.objects import parse_tree

        kind, data = self._object(name, TREE_BYTES) or (0, b"")
        with suppress(ValueError, IndexError, self._errors()):
            return list(parse_tree(data, len(name) // 2)) if kind == TREE else None
        return None

    def blob(self, name: bytes, most: int) -> bytes | None:
        """The content of a file, None when it is not there or larger than `most`."""
        kind, data = self._object(name, most) or (0, b"")
        return data if kind == BLOB and len(data) <= most else None

    def _object(self, name: bytes, most: int) -> tuple[int, bytes] | None:
        self.store.loose_object_size_limit = most + 64
        with suppress(KeyError, ValueError, AssertionError, OSError, zlib.error, self._errors()):
            if self._packed_size(name) <= most:
                return self.store.get_raw(name)  # type: ignore[arg-type] # an id is bytes
        return None

    def _packed_size(self, name: bytes) -> int:
        """0 for what is in no pack."""
        for pack in self.store.packs:
            with suppress(KeyError):
                offset = pack.index.object_offset(name)  # type: ignore[arg-type] # an id is bytes
                with suppress(Damaged):
                    return size_at(Path(str(pack.data.path)), offset, len(name) // 2)
        return 0

    @staticmethod
    def _errors() -> type[Exception]:
        from dulwich.errors import FileFormatException

        return FileFormatException


class _Folders:
    """The folders of a commit by path, found from the root on."""

    def __init__(self, objects: Objects, root: bytes) -> None:
        self.objects = objects
        self.ids: dict[str, bytes] = {"": root}

    def entries(self, folder: str) -> list[Entry] | None:
        """What a folder holds; notes the ids."""
        rows = self.objects.folder(self.ids[folder])
        if rows is None:
            return None
        entries = [entry for name, mode, sha in rows if (entry := self._entry(folder, name, mode, sha))]
        return sorted(entries)

    def _entry(self, folder: str, raw: bytes, mode: int, sha: bytes) -> Entry | None:
        """None for submodules and for names that no file system has."""
        name = raw.decode("utf-8", "surrogateescape")
        if name in ("", ".", "..") or "/" in name:
            return None
        self.ids[f"{folder}/{name}" if folder else name] = sha
        if S_ISDIR(mode):
            return name, "folder"
        if S_IFMT(mode) == S_IFLNK:
            return name, "link"
        return (name, "file") if S_ISREG(mode) else None


def _named(repository: Repo, ref: str | None) -> bytes | None:
    """The id that a name stands for: a branch before a tag of that name, then a remote's branch, then a commit."""
    from dulwich.refs import Ref

    name = (ref or "HEAD").encode()
    for place in (name, b"refs/heads/" + name, b"refs/tags/" + name, b"refs/remotes/origin/" + name):
        if place == b"HEAD" or place.startswith(b"refs/"):
            with suppress(KeyError, ValueError, OSError):
                return repository.refs[Ref(place)]
    return _by_id(repository, name)


def _by_id(repository: Repo, name: bytes) -> bytes | None:
    """A commit by its id or the only one that begins so."""
    if not 4 <= len(name) <= 64 or name.strip(b"0123456789abcdef"):
        return None
    found = {bytes(each) for each in repository.object_store.iter_prefix(name)}
    return found.pop() if len(found) == 1 else None
