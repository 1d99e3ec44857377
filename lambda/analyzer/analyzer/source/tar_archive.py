"""Tar archives, read once from the front: what may be read is kept, in memory or in a temporary file without a name."""

from __future__ import annotations

import hashlib
import tarfile
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, Self

from analyzer.source.limits import Limits
from analyzer.source.listing import OUTSIDE, Found, inside, listing, without_top
from analyzer.source.readable import readable
from analyzer.source.tree import HASHED, NO_ID, Tree
from analyzer.source.unpack import Unpacked, bomb

IN_MEMORY = 32_000_000
"""Bytes of content that are held in memory; with more all of it goes to a file."""
BLOCK = 1 << 18
NOWHERE = (-1, 0)
"""Place of bytes that are not held."""
EXTENDED = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
HEADER_BYTES = 1_000_000


class _Member(tarfile.TarInfo):
    """An entry whose extended header is of a bearable size: it is read into memory at once."""

    def _proc_member(self, archive: tarfile.TarFile) -> object:
        if self.type in EXTENDED and self.size > HEADER_BYTES:
            raise bomb("has a header of more than a path")
        return super()._proc_member(archive)  # type: ignore[misc] # "can be overridden in a subclass", it says


class Contents:
    """What is in a tar archive: names, and the bytes of files that may be read."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.found = Found()
        self._places: dict[str, tuple[int, int]] = {}
        self._ids: dict[str, str] = {}
        self._spool = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed with this

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def take(self, file: BinaryIO) -> None:
        """Reads an archive. Raises Failure TooLarge, TarError and what `unpack.ERRORS` holds."""
        entries = 0
        with tarfile.open(fileobj=Unpacked(file, self.limits), mode="r|", tarinfo=_Member) as archive:
            while member := archive.next():
                archive.members = []  # type: ignore[attr-defined] # or it holds every entry that it has seen
                entries += 1
                if entries > self.limits.entries:
                    raise bomb(f"has more than {self.limits.entries} entries")
                if not member.isdir():
                    self._member(archive, member)

    def tree(self) -> Tree:
        """The tree, a folder that holds everything taken off."""
        self.found.files = list(self._ids)
        found, top = without_top(self.found)
        return Tree(
            listing(found, self.limits),
            lambda path: self._load(top + path),
            lambda path: self._ids.get(top + path, NO_ID),
            limits=self.limits,
        )

    def _member(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        path = inside(member.name)
        if path is None:
            self.found.cut(OUTSIDE)
        elif member.issym():
            self._forget(path)
            self.found.links[path] = member.linkname
        elif member.islnk():
            self._hard_link(path, inside(member.linkname))
        elif member.isreg():
            self._forget(path)
            self._ids[path] = NO_ID
            if self._wants(path, member.size) and (content := archive.extractfile(member)):
                self._keep(path, member.size, content)

    def _hard_link(self, path: str, target: str | None) -> None:
        """Another name of an earlier file."""
        if target is None or target not in self._ids:
            self.found.cut(OUTSIDE)
        elif target != path:
            self._forget(path)
            self._ids[path] = self._ids[target]
            self._places[path] = self._places.get(target, NOWHERE)

    def _forget(self, path: str) -> None:
        """The later of two entries of one name counts."""
        self._places.pop(path, None)
        self._ids.pop(path, None)
        self.found.links.pop(path, None)

    def _wants(self, path: str, size: int) -> bool:
        """Whether the bytes are needed; the folder that holds everything may not count."""
        return size <= max(self.limits.file_bytes, HASHED) and (readable(path) or readable(path.partition("/")[2]))

    def _keep(self, path: str, size: int, content: IO[bytes]) -> None:
        place = self._spool.seek(0, 2)
        digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        while block := content.read(BLOCK):
            digest.update(block)
            if size <= self.limits.file_bytes:
                self._spool.write(block)
        self._ids[path] = digest.hexdigest()
        if size <= self.limits.file_bytes:
            self._places[path] = (place, size)

    def _load(self, path: str) -> bytes | None:
        place, length = self._places.get(path, NOWHERE)
        if place < 0:
            return None
        self._spool.seek(place)
        return self._spool.read(length)
