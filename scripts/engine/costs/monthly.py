"""Quantities times prices: what stacks cost in a month, as plain data for people and for JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.engine.costs.by_use import WORDS, Estimate, hour_price
from scripts.engine.costs.fixed import Item
from scripts.engine.costs.prices import Prices
from scripts.engine.costs.resources import Found
from scripts.engine.costs.templates import SHARED

Facts = dict[str, Any]
DIGITS = 6
"""Digits behind the point, of dollars and of quantities."""


def month(prices: Prices, found: Found) -> Facts:
    """The fixed part of a month, by owner; raises Refused where a price is missing."""
    owners: dict[str, list[Item]] = {}
    for item in found.items:
        owners.setdefault(item.owner, []).append(item)
    names = sorted(owners, key=lambda name: (name == SHARED, name))
    return {
        **total(prices, found.items),
        "owners": {
            name: {**total(prices, owners[name]), "items": [_row(prices, item) for item in owners[name]]}
            for name in names
        },
        "unknown": [
            {"stack": stack, "type": kind, "count": count} for (stack, kind), count in Counter(found.unknown).items()
        ],
    }


def total(prices: Prices, items: Iterable[Item]) -> Facts:
    """US dollars a month of items: as asked for, and the least and the most that autoscaling allows."""
    rows = [(prices.of(item.price).usd, item) for item in items]
    return {
        "usd": round(sum(usd * item.quantity for usd, item in rows), DIGITS),
        "low": round(sum(usd * item.low for usd, item in rows), DIGITS),
        "high": round(sum(usd * item.high for usd, item in rows), DIGITS),
    }


def _row(prices: Prices, item: Item) -> Facts:
    price = prices.of(item.price)
    return {
        "what": item.what,
        "stack": item.stack,
        "price": item.price,
        "quantity": round(item.quantity, DIGITS),
        "unit": price.unit,
        "unit_usd": price.usd,
        **total(prices, [item]),
    }


def unit_prices(prices: Prices, found: Found) -> list[Facts]:
    """What is paid by use: US dollars for one unit, null where no source gives the price."""
    rows = [(row, prices.find(row)) for row in found.by_use]
    return [
        {
            "what": WORDS[row],
            "price": row,
            "usd": price.usd if price else None,
            "unit": price.unit if price else None,
        }
        for row, price in rows
    ]


def task_prices(prices: Prices, found: Found, *, public: bool) -> list[Facts]:
    """US dollars for each hour that a task runs which does not run all the time."""
    return [
        {"what": task.family, "stack": task.stack, "usd": round(hour_price(prices, task.size, public=public), 6)}
        for task in found.tasks
    ]


def estimated(prices: Prices, rows: Iterable[Estimate]) -> list[Facts]:
    """An estimate in US dollars a month; raises Refused where a price is missing."""
    return [
        {
            "what": WORDS[row.price],
            "quantity": round(row.quantity, DIGITS),
            "unit": prices.of(row.price).unit,
            "how": row.how,
            "usd": round(prices.of(row.price).usd * row.quantity, DIGITS),
        }
        for row in rows
    ]


def differences(prices: Prices, before: Found, after: Found) -> Facts:
    """What becomes dearer and cheaper from one state to another, by stack; stacks that stay equal are left out."""
    keys = dict.fromkeys(item.stack for found in (before, after) for item in found.items)
    rows: dict[str, Mapping[str, float]] = {}
    for key in keys:
        was, will = (total(prices, [i for i in found.items if i.stack == key])["usd"] for found in (before, after))
        if was != will:
            rows[key] = {"before": was, "after": will, "usd": round(will - was, DIGITS)}
    was, will = (total(prices, found.items)["usd"] for found in (before, after))
    return {"usd": round(will - was, DIGITS), "stacks": rows}
