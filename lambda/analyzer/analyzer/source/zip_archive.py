"""Zip archives: their directory tells what is in them, and only files that are read are unpacked."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from stat import S_IFLNK, S_IFMT
from typing import BinaryIO

from analyzer.source.limits import Limits
from analyzer.source.listing import OUTSIDE, Found, inside, listing, without_top
from analyzer.source.tree import HASHED, NO_ID, Tree, blob_id
from analyzer.source.unpack import ERRORS, check_unpacked, no_archive
from analyzer.source.zip_directory import check_directory

LINK_BYTES = 4_096
DOS = 0
"""System of an entry whose folders may be parted by backslashes."""
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
"""Ways of packing that take no more memory than they should."""


@contextmanager
def zip_tree(file: BinaryIO, limits: Limits) -> Iterator[Tree]:
    """The tree in a zip file. Raises Failure InvalidSource, also while it is read, and TooLarge."""
    size = check_directory(file, limits)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, *ERRORS) as error:
        raise no_archive() from error
    with archive:
        check_unpacked(sum(member.file_size for member in archive.infolist()), size, limits)
        yield _Contents(archive, limits).tree()


class _Contents:
    def __init__(self, archive: zipfile.ZipFile, limits: Limits) -> None:
        self.archive, self.limits = archive, limits
        self.found = Found()
        self.files: dict[str, zipfile.ZipInfo] = {}
        for member in archive.infolist():
            if not member.filename.endswith("/"):
                self._member(member)

    def tree(self) -> Tree:
        """The tree, a folder that holds everything taken off."""
        self.found.files = list(self.files)
        found, top = without_top(self.found)
        return Tree(
            listing(found, self.limits),
            lambda path: self._bytes(self.files[top + path], self.limits.file_bytes),
            lambda path: self._id(self.files[top + path]),
            limits=self.limits,
        )

    def _member(self, member: zipfile.ZipInfo) -> None:
        name = member.filename.replace("\\", "/") if member.create_system == DOS else member.filename
        path = inside(name)
        if path is None:
            self.found.cut(OUTSIDE)
        elif S_IFMT(member.external_attr >> 16) == S_IFLNK:
            self.files.pop(path, None)
            target = self._bytes(member, LINK_BYTES) or b"/"
            self.found.links[path] = target.decode("utf-8", "surrogateescape")
        else:
            self.found.links.pop(path, None)
            self.files[path] = member

    def _id(self, member: zipfile.ZipInfo) -> str:
        data = self._bytes(member, max(self.limits.file_bytes, HASHED))
        return NO_ID if data is None else blob_id(data)

    def _bytes(self, member: zipfile.ZipInfo, most: int) -> bytes | None:
        """The content; None when it is too large, encrypted, or packed in a way that takes what memory it wants."""
        if member.file_size > most or member.flag_bits & 1 or member.compress_type not in PACKED:
            return None
        try:
            with self.archive.open(member) as opened:
                return opened.read(most)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, *ERRORS) as error:
            raise no_archive() from error
