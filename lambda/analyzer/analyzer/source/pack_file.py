"""Sizes in git packs, known before anything is unpacked: a few bytes of a pack can claim to be gigabytes.

The format is git's gitformat-pack.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from analyzer.source.budget import too_large
from analyzer.source.limits import Limits

OFFSET_DELTA, REFERENCE_DELTA = 6, 7
HEADER = 12
"""Bytes before the first object: "PACK", version, number of objects."""
HEAD = 128
"""Bytes that hold the head of an object and the start of its data."""
STEP, BLOCK = 1 << 12, 1 << 18


class Damaged(ValueError):
    """The pack is not what its format says."""


def size_at(pack: Path, offset: int, hash_length: int) -> int:
    """Size of the object that begins there in a pack, once it is unpacked and its delta applied."""
    with pack.open("rb") as file:
        file.seek(offset)
        return _size(file.read(HEAD), hash_length)[0]


def check_pack(file: BinaryIO, limits: Limits, tick: Callable[[], object]) -> None:
    """Raises Failure TooLarge when unpacking would take more than the limits, Damaged; calls `tick` now and then."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] != b"PACK":
            raise Damaged
        total, position = 0, HEADER
        for _ in range(int.from_bytes(data[8:HEADER], "big")):
            tick()
            size, start, packed = _size(data[position : position + HEAD], 20)
            total += size
            if size > limits.object_bytes:
                raise too_large(f"holds a file of more than {limits.object_bytes // 1_000_000} MB")
            if total > limits.unpacked_bytes:
                raise too_large(f"unpacks to more than {limits.unpacked_bytes // 1_000_000} MB")
            position = _after(data, position + start, packed)


def _size(head: bytes, hash_length: int) -> tuple[int, int, int]:
    """Size of an object, where its compressed data begins, and the size of that once it is unpacked."""
    try:
        kind, packed, start = _head(head)
        if kind not in (OFFSET_DELTA, REFERENCE_DELTA):
            return packed, start, packed
        start = start + hash_length if kind == REFERENCE_DELTA else _number(head, start)[1]
        delta = zlib.decompressobj().decompress(head[start:], 32)
        return _number(delta, _number(delta, 0)[1])[0], start, packed
    except (IndexError, zlib.error) as error:
        raise Damaged from error


def _head(head: bytes) -> tuple[int, int, int]:
    """Type and size of an entry, and where its head ends."""
    kind, size, end = head[0] >> 4 & 7, head[0] & 15, 1
    if head[0] & 0x80:
        more, end = _number(head, 1)
        size |= more << 4
    return kind, size, end


def _number(data: bytes, start: int) -> tuple[int, int]:
    """A number of 7 bits a byte, lowest first, and where it ends."""
    number = shift = 0
    while True:
        byte = data[start]
        number, shift, start = number | (byte & 0x7F) << shift, shift + 7, start + 1
        if not byte & 0x80:
            return number, start


def _after(data: mmap.mmap, position: int, size: int) -> int:
    """Where the compressed data that begins at a position ends; it has to unpack to that size."""
    unpacker, unpacked, step = zlib.decompressobj(), 0, STEP
    while not unpacker.eof:
        block = data[position : position + step]
        position, step = position + len(block), min(step * 4, BLOCK)
        try:
            unpacked += len(unpacker.decompress(block, size - unpacked + 1))
        except zlib.error as error:
            raise Damaged from error
        if not block or unpacked > size or unpacker.unconsumed_tail:
            raise Damaged
    if unpacked != size:
        raise Damaged
    return position - len(unpacker.unused_data)
