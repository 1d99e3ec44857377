"""Compressed streams, unpacked in bounded memory and no further than the limits say."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

from analyzer.failure import Failure
from analyzer.source.limits import Limits

XZ_MEMORY = 96_000_000
"""Bytes that unpacking xz may take; its strongest setting takes 66 MB."""
BLOCK = 1 << 16
FREE = 16_000_000
"""Unpacked bytes from which on the ratio counts: small files may be all zeros."""


class _Decompressor(Protocol):
    """What bz2 and lzma have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib's decompressor in the shape of the others."""

    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._unpacker.eof

    @property
    def needs_input(self) -> bool:
        return not self._unpacker.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._unpacker.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._unpacker.decompress(self._unpacker.unconsumed_tail + data, max(max_length, 0))


class _Plain:
    """No compression."""

    eof, unused_data = False, b""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def needs_input(self) -> bool:
        return not self._rest

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        whole = self._rest + data
        self._rest = whole[max_length:]
        return whole[:max_length]


FORMATS: tuple[tuple[bytes, Callable[[], _Decompressor]], ...] = (
    (b"\x1f\x8b", _Gzip),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\0", lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY)),
)
"""First bytes -> what unpacks the rest."""
ERRORS = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError)
"""What decompressors raise on damaged data."""


class Unpacked(io.RawIOBase):
    """The unpacked bytes of a stream; raises Failure TooLarge as soon as a limit is passed."""

    def __init__(self, packed: BinaryIO, limits: Limits) -> None:
        super().__init__()
        self._packed, self._limits = packed, limits
        self._head = packed.read(BLOCK)
        self._format = next((make for magic, make in FORMATS if self._head.startswith(magic)), _Plain)
        self._unpacker = self._format()
        self._read, self._written = 0, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fills a buffer with at least one byte, 0 at the end."""
        view = memoryview(buffer)  # type: ignore[arg-type] # whatever has a buffer
        data = self._next(min(len(view), BLOCK)) if view.nbytes else b""
        view[: len(data)] = data
        return len(data)

    def _next(self, most: int) -> bytes:
        while True:
            if self._unpacker.eof and not self._renew():
                return b""
            block = self._block() if self._unpacker.needs_input else b""
            was_hungry = self._unpacker.needs_input
            data = self._unpacker.decompress(block, most)
            if data:
                return self._counted(data)
            if was_hungry and not block:
                return b""

    def _renew(self) -> bool:
        """Another stream may follow the one that ended: `cat a.gz b.gz`."""
        self._head = self._unpacker.unused_data or self._block()
        self._read -= len(self._unpacker.unused_data)
        self._unpacker = self._format()
        return bool(self._head.strip(b"\0"))

    def _block(self) -> bytes:
        block, self._head = self._head or self._packed.read(BLOCK), b""
        self._read += len(block)
        if self._read > self._limits.fetched_bytes:
            raise bomb(f"has more than {self._limits.fetched_bytes // 1_000_000} MB")
        return block

    def _counted(self, data: bytes) -> bytes:
        self._written += len(data)
        check_unpacked(self._written, self._read, self._limits)
        return data


def check_unpacked(unpacked: int, packed: int, limits: Limits) -> None:
    """Raises Failure TooLarge for more than an archive of source has."""
    if unpacked > limits.unpacked_bytes:
        raise bomb(f"unpacks to more than {limits.unpacked_bytes // 1_000_000} MB")
    if unpacked > FREE and unpacked > packed * limits.unpacked_ratio:
        raise bomb(f"unpacks to more than {limits.unpacked_ratio} times its size")


def bomb(why: str) -> Failure:
    """For an archive beyond a limit."""
    return Failure("TooLarge", f"the archive {why}", remedy="unpack it and analyze the folder of the service")


def no_archive() -> Failure:
    """For a file that is none, or damaged."""
    return Failure(
        "InvalidSource",
        "the file is no archive that can be read, or it is damaged",
        remedy="name a .tar, .tar.gz, .tar.bz2, .tar.xz or .zip file",
    )
