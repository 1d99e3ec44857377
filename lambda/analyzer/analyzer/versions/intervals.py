"""Sets of versions as half-open intervals of number triples: every notation of a range comes down to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

Version = tuple[int, int, int]
TOP: Version = (10**9, 0, 0)
"""Above every version."""


class Interval(NamedTuple):
    """Versions from `low` up to but not including `high`."""

    low: Version
    high: Version


Intervals = tuple[Interval, ...]
ANY: Intervals = (Interval((0, 0, 0), TOP),)


def padded(parts: tuple[int, ...]) -> Version:
    """The first version that begins with these parts."""
    major, minor, patch = (*parts, 0, 0, 0)[:3]
    return major, minor, patch


def after(parts: tuple[int, ...]) -> Version:
    """The first version beyond all that begin with these parts; beyond everything for no parts."""
    kept = parts[:3]
    return padded((*kept[:-1], kept[-1] + 1)) if kept else TOP


def series(parts: tuple[int, ...]) -> Intervals:
    """All versions that begin with these parts: 3.11 has 3.11.0, 3.11.1, ..."""
    return (Interval(padded(parts), after(parts)),)


def at_least(low: Version) -> Intervals:
    """That version and all above it."""
    return (Interval(low, TOP),)


def below(high: Version) -> Intervals:
    """All versions below that one."""
    return (Interval((0, 0, 0), high),)


def both(first: Intervals, second: Intervals) -> Intervals:
    """Versions that are in both sets."""
    pairs = (Interval(max(a.low, b.low), min(a.high, b.high)) for a in first for b in second)
    return tuple(pair for pair in pairs if pair.low < pair.high)


def either(sets: Iterable[Intervals]) -> Intervals:
    """Versions that are in at least one of the sets."""
    return tuple(interval for intervals in sets for interval in intervals)


def outside(intervals: Intervals) -> Intervals:
    """Versions that are in none of the intervals."""
    left = ANY
    for interval in intervals:
        left = both(left, (*below(interval.low), *at_least(interval.high)))
    return left
