"""Medians and ratios."""

from __future__ import annotations

import pytest

from scripts.bench.spread import ratios, spread


def test_the_middle_of_an_even_number_is_between_two() -> None:
    found = spread([4.0, 1.0, 3.0, 2.0])
    assert (found.median, found.low, found.high) == (2.5, 1.0, 4.0)


def test_ratios_are_made_pair_by_pair() -> None:
    """The ratio of the medians would be 2 here, a pair that nobody measured."""
    found = ratios([2.0, 4.0, 60.0], [2.0, 1.0, 6.0])
    assert found.values == (1.0, 4.0, 10.0)
    assert found.median == 4.0


def test_pairs_are_whole() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_facts_keep_milliseconds() -> None:
    assert spread([0.12345]).as_facts() == {"median": 0.123, "min": 0.123, "max": 0.123, "values": [0.123]}
