"""Figures as they stand in tables."""

from __future__ import annotations

from typing import Any

Facts = dict[str, Any]
Table = tuple[str, list[str], list[list[str]]]
"""Title, heading, rows."""


def seconds(value: float) -> str:
    """Such as 1.25 s."""
    return f"{value:.2f} s"


def milliseconds(value: float) -> str:
    """Such as 12 ms, of seconds."""
    return f"{value * 1000:.0f} ms"


def spread(facts: Facts) -> list[str]:
    """Two cells: the median in seconds, and from where to where."""
    return [seconds(facts["median"]), f"{facts['min']:.2f} to {facts['max']:.2f}"]


def times(facts: Facts) -> str:
    """A ratio, as the median of the pairs and from where to where."""
    return f"{facts['median']:.2f} ({facts['min']:.2f} to {facts['max']:.2f})"
