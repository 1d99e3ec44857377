"""Taking turns, and measuring a pair again."""

from __future__ import annotations

from typing import Any, cast

import pytest

from scripts.bench import pairs
from scripts.bench.pairs import Pairs
from scripts.bench.sides import Change, Done, Timing
from scripts.bench.site import Site
from scripts.engine.errors import Failed


class Calm:
    """A site on which everything is steady."""

    def await_steady(self) -> None:
        return


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Measurements in their order: side and number of the change."""
    done: list[str] = []

    def measure(site: Any, side: Any, change: Change, number: int) -> Timing:
        done.append(f"{side}{number}")
        if side == "bad" or (side == "once" and number == 2):
            raise Failed("rolled back")
        return Timing(Done(0.0, float(number)))

    monkeypatch.setattr(pairs, "measure", measure)
    return done


def series(sides: dict[str, Any], count: int) -> pairs.Series:
    return Pairs(cast(Site, Calm()), lambda text: None).series(Change.SOURCE, sides, count)


def test_sides_take_turns_and_every_change_is_new(turns: list[str]) -> None:
    measured = series({"ours": "a", "theirs": "b"}, 3)
    assert turns == ["a1", "b2", "a3", "b4", "a5", "b6"]
    assert [timing.seconds for timing in measured.timings["theirs"]] == [2.0, 4.0, 6.0]


def test_a_failed_pair_is_measured_again_as_a_whole(turns: list[str]) -> None:
    measured = series({"ours": "a", "theirs": "once"}, 2)
    assert turns == ["a1", "once2", "a3", "once4", "a5", "once6"]
    assert [timing.seconds for timing in measured.timings["ours"]] == [3.0, 5.0]
    assert measured.repeated == ["rolled back"]


def test_a_side_that_keeps_failing_ends_the_bench(turns: list[str]) -> None:
    with pytest.raises(Failed, match="3 pairs failed"):
        series({"ours": "a", "theirs": "bad"}, 1)
    assert len(turns) == 6
