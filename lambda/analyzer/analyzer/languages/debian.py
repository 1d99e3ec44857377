"""Which release of Debian an official image of a runtime exists on: images of old releases are never built anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Series = tuple[int, int]
NEWEST_PATCH = 1_000
"""Stands for the patch of a version that leaves it open."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release of Debian, and which versions of a runtime have an image on it."""

    name: str
    since: Series
    """From this series on all have one."""
    patches: Mapping[Series, int] = field(default_factory=dict)
    """First patch of an earlier series that has one."""


def release(parts: tuple[int, ...], table: tuple[Release, ...]) -> str:
    """The first release of a table that has an image of a version; `parts` are its numbers as far as it is fixed."""
    patch = parts[2] if len(parts) > 2 else NEWEST_PATCH
    for row in table:
        if len(parts) < 2 or parts[:2] >= row.since or patch >= row.patches.get((parts[0], parts[1]), NEWEST_PATCH + 1):
            return row.name
    return table[-1].name
