"""The price table: one file a region, each row with its value, unit, date and source.

Prices are AWS's public list prices, on demand, in US dollars without tax. Free allowances, savings plans and an
account's own discounts are not in them. `as_of` is the day that AWS published the price, or the day on which the
row was last compared with a published figure. `docs/cost.md` says how a row is renewed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from scripts.engine.errors import Refused

FOLDER = Path(__file__).with_name("prices")


class Price(NamedTuple):
    """One row: US dollars for one unit."""

    usd: float
    unit: str
    as_of: str
    source: str


@dataclass(frozen=True)
class Prices:
    """The rows of a region."""

    region: str
    rows: Mapping[str, Price]

    def find(self, key: str) -> Price | None:
        """The row of that key, where there is a source for it."""
        return self.rows.get(key)

    def of(self, key: str) -> Price:
        """The row of that key; raises Refused where no source gives it for this region."""
        found = self.find(key)
        if found is None:
            raise Refused(
                f"no price for {key} in {self.region}", where="cost", remedy="docs/cost.md says how to add a row"
            )
        return found

    @property
    def dates(self) -> tuple[str, str]:
        """Oldest and newest date in the table."""
        days = sorted(row.as_of for row in self.rows.values())
        return days[0], days[-1]


def known_regions() -> tuple[str, ...]:
    """Regions that there is a table for."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def load_prices(region: str) -> Prices:
    """The table of a region; raises Refused for one that has none."""
    if region not in known_regions():
        raise Refused(
            f"no prices for {region}; known: {', '.join(known_regions())}",
            where="cost",
            remedy="docs/cost.md says how to add a region",
        )
    table = json.loads((FOLDER / f"{region}.json").read_text("utf-8"))
    return Prices(region, {key: Price(**row) for key, row in table["prices"].items()})
