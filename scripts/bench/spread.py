"""Medians, ranges and pairwise ratios of measured seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Spread:
    """The middle and the ends of some measured values."""

    median: float
    low: float
    high: float
    values: tuple[float, ...]

    def as_facts(self) -> dict[str, Any]:
        """Plain data, rounded to milliseconds."""
        return {
            "median": round(self.median, 3),
            "min": round(self.low, 3),
            "max": round(self.high, 3),
            "values": [round(value, 3) for value in self.values],
        }


def spread(values: Sequence[float]) -> Spread:
    """The spread of at least one value."""
    return Spread(median(values), min(values), max(values), tuple(values))


def ratios(slower: Sequence[float], faster: Sequence[float]) -> Spread:
    """How many times as long the first of each pair took as the second: pair by pair, never a ratio of medians."""
    return spread([slow / fast for slow, fast in zip(slower, faster, strict=True)])
