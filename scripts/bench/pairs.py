"""Runs pairs A B A B and repeats a pair in which a side failed, saying so."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from scripts.bench.sides import Change, Side, Timing, measure
from scripts.bench.site import Site
from scripts.engine.errors import Failed, SlipwayError

REPEATS = 2
Say = Callable[[str], None]
Measure = Callable[[Site, Side, Change, int], Timing]


@dataclass
class Series:
    """All pairs of one change: the name of each side with its timings, pair by pair."""

    change: Change
    timings: dict[str, list[Timing]]
    repeated: list[str] = field(default_factory=list)
    """Why pairs were measured again."""


class Pairs:
    """Measures series on one site, the usual way unless told how; every change gets its own number."""

    def __init__(self, site: Site, say: Say, how: Measure | None = None) -> None:
        self.site, self.say, self._how = site, say, how
        self._numbers = itertools.count(1)

    def one(self, side: Side, change: Change) -> Timing:
        """A single measurement."""
        return (self._how or measure)(self.site, side, change, next(self._numbers))

    def series(self, change: Change, sides: Mapping[str, Side], pairs: int) -> Series:
        """That many pairs, sides taking turns; raises Failed when too many of them fail."""
        series = Series(change, {name: [] for name in sides})
        while len(series.timings[next(iter(sides))]) < pairs:
            try:
                row = {name: self._told(name, side, change) for name, side in sides.items()}
            except SlipwayError as error:
                self._again(series, error)
                continue
            for name, timing in row.items():
                series.timings[name].append(timing)
        return series

    def _told(self, name: str, side: Side, change: Change) -> Timing:
        timing = self.one(side, change)
        wall = "" if timing.live is None else f" to live, {timing.done.seconds:.2f} s the command"
        self.say(f"{change:<8} {name:<30} {timing.seconds:6.2f} s{wall}")
        return timing

    def _again(self, series: Series, error: SlipwayError) -> None:
        series.repeated.append(str(error))
        self.say(f"{series.change:<8} this pair is measured again: {error}")
        if len(series.repeated) > REPEATS:
            raise Failed(
                f"{len(series.repeated)} pairs failed, the last one: {error}",
                where=f"bench, {series.change}",
                remedy="run it on a machine that has nothing else to do",
                evidence=error.evidence,
            )
        self.site.await_steady()
