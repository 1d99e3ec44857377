"""The size of a zip file's directory, looked at before it is read: reading it makes an object of each entry.

The format is PKWARE's APPNOTE, sections 4.3.14 to 4.3.16.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from analyzer.source.limits import Limits
from analyzer.source.unpack import bomb

END = b"PK\x05\x06"
LARGE_END = b"PK\x06\x06"
LONGEST_COMMENT = 65_535
DIRECTORY_BYTES = 24_000_000
"""Of 100,000 entries with paths of average length, twice."""


def check_directory(file: BinaryIO, limits: Limits) -> int:
    """The size of the zip file. Raises Failure TooLarge."""
    size = file.seek(0, 2)
    if size > limits.fetched_bytes:
        raise bomb(f"has more than {limits.fetched_bytes // 1_000_000} MB")
    file.seek(max(0, size - LONGEST_COMMENT - 22 - 76))
    tail = file.read()
    file.seek(0)
    for entries, length in _claims(tail):
        if entries > limits.entries:
            raise bomb(f"has more than {limits.entries} entries")
        if length > DIRECTORY_BYTES:
            raise bomb("has a directory of more entries than a source tree")
    return size


def _claims(tail: bytes) -> list[tuple[int, int]]:
    """Entries and bytes of the directory, as each of the two kinds of end record says."""
    found = []
    end = tail.rfind(END)
    if 0 <= end <= len(tail) - 22:
        entries, length = struct.unpack_from("<HI", tail, end + 10)
        found.append((entries, 0 if length == 0xFFFFFFFF else length))
    large = tail.rfind(LARGE_END)
    if 0 <= large <= len(tail) - 56:
        found.append(struct.unpack_from("<QQ", tail, large + 32))
    return found
