"""The price tables: every row says how much, of what, since when and from where; nothing is guessed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from scripts.engine.costs import by_use, fixed
from scripts.engine.costs.prices import FOLDER, known_regions, load_prices
from scripts.engine.errors import Refused

EVERYWHERE = {
    "alarm",
    "alb",
    "ecr_storage",
    "fargate_x86_memory",
    "fargate_x86_vcpu",
    "logs_ingest",
    "metric",
    "nat",
    "public_ipv4",
    "secret",
}
"""Rows that a region needs to be in the table at all: what every target runs all month."""
UNITS = {
    "GB",
    "GB, each way",
    "GB-hour",
    "GB-month",
    "GB-second",
    "LCU-hour",
    "address-hour",
    "alarm-month",
    "hour",
    "metric-month",
    "million invocations",
    "million read request units",
    "million requests",
    "million write request units",
    "secret-month",
    "vCPU-hour",
    "10,000 calls",
}


def table(region: str) -> dict[str, Any]:
    return dict(json.loads((FOLDER / f"{region}.json").read_text("utf-8")))


@pytest.mark.parametrize("region", known_regions())
def test_every_row_has_value_unit_date_and_source(region: str) -> None:
    facts = table(region)
    assert (facts["region"], facts["currency"]) == (region, "USD")
    assert facts["name"]
    today = datetime.now(UTC).date()
    for key, row in facts["prices"].items():
        assert set(row) == {"usd", "unit", "as_of", "source"}, key
        assert isinstance(row["usd"], float), key
        assert 0 < row["usd"] < 10, key
        assert row["unit"] in UNITS, key
        assert date(2024, 1, 1) <= date.fromisoformat(row["as_of"]) <= today, key
        assert " pricing" in row["source"], key


@pytest.mark.parametrize("region", known_regions())
def test_a_region_has_what_every_target_runs(region: str) -> None:
    assert set(table(region)["prices"]) >= EVERYWHERE


def test_a_row_has_one_unit_in_all_regions() -> None:
    units: dict[str, set[str]] = {}
    for region in known_regions():
        for key, row in table(region)["prices"].items():
            units.setdefault(key, set()).add(row["unit"])
    assert {key: found for key, found in units.items() if len(found) > 1} == {}


def test_arm_is_cheaper_than_x86_and_no_region_cheaper_than_a_tenth_of_another() -> None:
    """A slipped digit shows."""
    for region in known_regions():
        rows = table(region)["prices"]
        for part in ("vcpu", "memory"):
            if f"fargate_arm_{part}" in rows:
                assert 0.75 < rows[f"fargate_arm_{part}"]["usd"] / rows[f"fargate_x86_{part}"]["usd"] < 0.85
    for key, row in table("us-east-1")["prices"].items():
        for region in known_regions():
            other = table(region)["prices"].get(key)
            assert other is None or 0.5 < other["usd"] / row["usd"] < 2, (region, key)


def test_the_rows_that_the_model_may_ask_for_exist_somewhere() -> None:
    """A row under another name would be missing in silence."""
    known = set(table("us-east-1")["prices"])
    assert set(by_use.WORDS) <= known
    assert {row for rows in by_use.KINDS.values() for row in rows} <= set(by_use.WORDS)
    assert fixed.HOURS == 730


def test_a_region_without_a_table_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Refused) as caught:
        load_prices("mars-north-1")
    assert caught.value.exit_code == 3
    assert "no prices for mars-north-1; known: ap-southeast-1, eu-central-1, eu-west-1, us-east-1" in str(caught.value)


@pytest.mark.parametrize("region", ["", ".", "../prices/us-east-1", "us-east-1.json", "US-EAST-1"])
def test_a_region_is_a_name_and_no_path(region: str) -> None:
    with pytest.raises(Refused):
        load_prices(region)


def test_a_missing_row_is_refused_by_name() -> None:
    prices = load_prices("us-west-2")
    assert prices.find("fargate_arm_vcpu") is None
    with pytest.raises(Refused, match="no price for fargate_arm_vcpu in us-west-2"):
        prices.of("fargate_arm_vcpu")


def test_the_dates_are_the_oldest_and_the_newest() -> None:
    first, last = load_prices("us-east-1").dates
    days = [row["as_of"] for row in table("us-east-1")["prices"].values()]
    assert (first, last) == (min(days), max(days))
