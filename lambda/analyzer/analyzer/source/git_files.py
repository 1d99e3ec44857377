"""Every file of a git commit, for those who build it: nothing is pruned, and nothing is left out without a word.

An analysis looks at a bounded part of a tree (`git_tree`); an image needs all of it. The names are those of the
commit: whoever writes them to a disk has to check them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from stat import S_IFLNK, S_IFMT, S_ISDIR

from analyzer.failure import Failure
from analyzer.source.budget import too_large
from analyzer.source.git_tree import Objects
from analyzer.source.limits import Limits

SUBMODULE = 0o160000


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit and the folder that it is of."""

    id: str
    time: int
    """Unix seconds of the commit, 0 where it does not tell."""
    root: bytes


@dataclass(frozen=True, slots=True)
class Item:
    """One name of a commit; folders come before what is in them."""

    folder: bytes
    """Path of the folder that it is in, b"" for the root."""
    name: bytes
    mode: int
    """As git has it."""
    id: bytes

    @property
    def path(self) -> bytes:
        """The whole path."""
        return self.folder + b"/" + self.name if self.folder else self.name

    @property
    def is_folder(self) -> bool:
        return S_ISDIR(self.mode) and not self.is_submodule

    @property
    def is_link(self) -> bool:
        return S_IFMT(self.mode) == S_IFLNK

    @property
    def is_submodule(self) -> bool:
        return S_IFMT(self.mode) == SUBMODULE


def commit_of(objects: Objects, name: str) -> Commit:
    """The commit of that id, or that a tag of that id is of. Raises Failure RefNotFound."""
    found, head = objects.commit_head(name.encode("ascii"))
    words = head.get(b"committer", b"").split()
    time = int(words[-2]) if len(words) > 2 and words[-2].isdigit() else 0
    return Commit(found.decode("ascii"), time, head[b"tree"])


def items(objects: Objects, commit: Commit, limits: Limits) -> Iterator[Item]:
    """Everything in a commit, folders first. Raises Failure TooLarge, InvalidSource."""
    pending, count = [(b"", commit.root)], 0
    while pending:
        folder, name = pending.pop()
        rows = objects.folder(name)
        if rows is None:
            raise Failure("InvalidSource", "a folder of the commit is damaged", remedy="check it with `git fsck`")
        for row in rows:
            item = Item(folder, *row)
            count += 1
            if count > limits.files:
                raise too_large(f"holds more than {limits.files:,} files and folders")
            yield item
            if item.is_folder:
                pending.append((item.path, item.id))


def content(objects: Objects, item: Item, limits: Limits) -> bytes:
    """The bytes of a file, or the target of a link. Raises Failure InvalidSource."""
    data = objects.blob(item.id, limits.object_bytes)
    if data is None:
        what = f"a file of the commit is damaged, or larger than {limits.object_bytes // 1_000_000} MB"
        raise Failure("InvalidSource", what, remedy="check it with `git fsck`; keep large files elsewhere")
    return data
