"""Archives as trees: tar (plain, gzip, bzip2, xz) and zip, read once, in bounded memory, nothing unpacked to a disk
path that the archive names.

A folder that holds everything else is taken off, as in the archives of hosting sites. Entries whose path or link leads
out of the archive are left out, and the analysis says so.
"""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from stat import S_IFLNK, S_IFMT
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, Self

from analyzer.failure import Failure
from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.listing import OUTSIDE, Found, inside, listing
from analyzer.source.readable import readable
from analyzer.source.tree import HASHED, NO_ID, Tree
from analyzer.source.unpack import ERRORS, Unpacked, bomb, check_unpacked
from analyzer.source.zip_directory import check_directory

IN_MEMORY = 32_000_000
"""Bytes of content that are held in memory; more goes to a temporary file without a name."""
LINK_BYTES = 4_096
BLOCK = 1 << 18
NOWHERE = (-1, 0)
"""Place of bytes that are not held."""
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
DOS = 0
"""System of a zip entry whose folders may be parted by backslashes."""
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
EXTENDED = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
HEADER_BYTES = 1_000_000


@contextmanager
def archive_tree(file: BinaryIO, limits: Limits = DEFAULT) -> Iterator[Tree]:
    """The tree in an archive; the file has to be seekable for zip. Raises Failure InvalidSource, TooLarge."""
    head = file.read(4)
    file.seek(0)
    with _Contents(limits) as contents:
        try:
            _read_zip(file, contents) if head in ZIP else _read_tar(file, contents)
        except (tarfile.TarError, zipfile.BadZipFile, NotImplementedError, RuntimeError, *ERRORS) as error:
            raise Failure(
                "InvalidSource",
                "the file is no archive that can be read, or it is damaged",
                remedy="name a .tar, .tar.gz, .tar.bz2, .tar.xz or .zip file",
            ) from error
        yield contents.tree()


class _Contents:
    """What was found in an archive: names, and the bytes of files that may be read."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.found = Found()
        self.entries = 0
        self._places: dict[str, tuple[int, int]] = {}
        self._ids: dict[str, str] = {}
        self._spool = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed with this

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def count(self) -> None:
        """One more entry. Raises Failure TooLarge."""
        self.entries += 1
        if self.entries > self.limits.entries:
            raise bomb(f"has more than {self.limits.entries} entries")

    def leave_out(self) -> None:
        """An entry leads out of the archive."""
        self.found.cut(OUTSIDE)

    def link(self, path: str, target: str) -> None:
        """A symbolic link."""
        self._forget(path)
        self.found.links[path] = target

    def hard_link(self, path: str, target: str | None) -> None:
        """Another name of an earlier file."""
        if target is None or target not in self._ids:
            self.leave_out()
        elif target != path:
            self._forget(path)
            self._ids[path] = self._ids[target]
            self._places[path] = self._places.get(target, NOWHERE)

    def file(self, path: str, size: int, opened: Callable[[], IO[bytes] | None]) -> None:
        """A file, opened when its bytes are wanted; a later one of the same name counts."""
        self._forget(path)
        self._ids[path] = NO_ID
        content = opened() if self._wants(path, size) else None
        if content:
            with content:
                self._take(path, size, content)

    def _wants(self, path: str, size: int) -> bool:
        """Whether the bytes are needed; the folder that holds everything may not count."""
        return size <= max(self.limits.file_bytes, HASHED) and (readable(path) or readable(path.partition("/")[2]))

    def _take(self, path: str, size: int, content: IO[bytes]) -> None:
        place, length = self._spool.seek(0, 2), 0
        digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        while length <= size and (block := content.read(BLOCK)):
            length += len(block)
            digest.update(block)
            if size <= self.limits.file_bytes:
                self._spool.write(block)
        if length == size:
            self._ids[path] = digest.hexdigest()
            if size <= self.limits.file_bytes:
                self._places[path] = (place, length)

    def tree(self) -> Tree:
        """The tree, a folder that holds everything taken off."""
        self.found.files = list(self._ids)
        top = _single_top([*self.found.files, *self.found.links])
        strip = len(top)
        found = Found(
            [path[strip:] for path in self.found.files],
            {path[strip:]: target for path, target in self.found.links.items()},
            cuts=self.found.cuts,
        )
        return Tree(
            listing(found, self.limits),
            lambda path: self._load(top + path),
            lambda path: self._ids.get(top + path, NO_ID),
            limits=self.limits,
        )

    def _forget(self, path: str) -> None:
        self._places.pop(path, None)
        self._ids.pop(path, None)
        self.found.links.pop(path, None)

    def _load(self, path: str) -> bytes | None:
        place, length = self._places.get(path, NOWHERE)
        if place < 0:
            return None
        self._spool.seek(place)
        return self._spool.read(length)


class _Member(tarfile.TarInfo):
    """An entry of a tar file whose extended header is of a bearable size: it is read into memory at once."""

    def _proc_member(self, archive: tarfile.TarFile) -> object:
        if self.type in EXTENDED and self.size > HEADER_BYTES:
            raise bomb("has a header of more than a path")
        return super()._proc_member(archive)  # type: ignore[misc] # "can be overridden in a subclass", it says


def _read_tar(file: BinaryIO, contents: _Contents) -> None:
    with tarfile.open(fileobj=Unpacked(file, contents.limits), mode="r|", tarinfo=_Member) as archive:
        while member := archive.next():
            archive.members = []  # type: ignore[attr-defined] # or it holds every entry that it has seen
            contents.count()
            if not member.isdir():
                _take_member(archive, member, contents)


def _take_member(archive: tarfile.TarFile, member: tarfile.TarInfo, contents: _Contents) -> None:
    path = inside(member.name)
    if path is None:
        contents.leave_out()
    elif member.issym():
        contents.link(path, member.linkname)
    elif member.islnk():
        contents.hard_link(path, inside(member.linkname))
    elif member.isreg():
        contents.file(path, member.size, lambda: archive.extractfile(member))


def _read_zip(file: BinaryIO, contents: _Contents) -> None:
    size = check_directory(file, contents.limits)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        check_unpacked(sum(member.file_size for member in members), size, contents.limits)
        for member in members:
            contents.count()
            if not member.is_dir():
                _take_zipped(archive, member, contents)


def _take_zipped(archive: zipfile.ZipFile, member: zipfile.ZipInfo, contents: _Contents) -> None:
    name = member.filename.replace("\\", "/") if member.create_system == DOS else member.filename
    path = inside(name)
    if path is None:
        contents.leave_out()
    elif S_IFMT(member.external_attr >> 16) == S_IFLNK:
        opened = _opened(archive, member)
        target = opened.read(LINK_BYTES) if opened else b"/"
        contents.link(path, target.decode("utf-8", "surrogateescape"))
    else:
        contents.file(path, member.file_size, lambda: _opened(archive, member))


def _opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes] | None:
    """None for what is encrypted, or packed in a way that takes as much memory as it says."""
    if member.flag_bits & 1 or member.compress_type not in PACKED:
        return None
    return archive.open(member)


def _single_top(paths: list[str]) -> str:
    """The folder that holds everything, with its slash; empty when there is none."""
    tops = {path.partition("/")[0] for path in paths}
    if len(tops) != 1 or not all("/" in path for path in paths):
        return ""
    return f"{tops.pop()}/"
