"""The cost of a target as lines for people: every figure with its unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from scripts.engine.costs.monthly import Facts
from scripts.engine.costs.resources import FREE


def page(facts: Facts) -> Iterator[str]:
    """Fixed part by owner, what a deploy would change, what is paid by use, and what is not in the sum."""
    prices, cost = facts["prices"], facts["synthesised"]
    yield (
        f"target {facts['target']}, {facts['region']}: USD a month of {facts['hours']} hours, list prices"
        f" of {prices['from']} to {prices['to']}, without tax and free allowances"
    )
    yield ""
    yield from _fixed(cost)
    yield ""
    yield from _delta(facts)
    yield from _by_use(facts)
    yield from _estimate(facts["estimate"], cost)
    yield from _missing(facts)


def deployment_parts(cost: Facts) -> Iterator[str]:
    """What one deployment cost, part by part, as its record has it."""
    for part in cost["parts"]:
        usd = f"{part['usd']:.6f} USD" if "usd" in part else "no price for this region"
        yield f"{part['what']}: {part['quantity']:g} {part['unit']}, {usd}"


def _fixed(cost: Facts) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [("runs all month", "quantity", "unit", "USD", "least", "most")]
    for name, own in cost["owners"].items():
        rows.append((name, "", "", *_range(own)))
        rows += [(f"  {row['what']}", f"{row['quantity']:,.2f}", row["unit"], *_range(row)) for row in own["items"]]
    rows.append(("sum", "", "", *_range(cost)))
    yield from _table(rows, right=(1, 3, 4, 5))


def _range(row: Facts) -> tuple[str, str, str]:
    """As asked for; least and most only where autoscaling leaves room."""
    room = row["low"] != row["high"]
    return f"{row['usd']:.2f}", f"{row['low']:.2f}" if room else "", f"{row['high']:.2f}" if room else ""


def _delta(facts: Facts) -> Iterator[str]:
    now, delta = facts["deployed"], facts["delta"]
    if now is None:
        yield "nothing is deployed: a deploy brings all of it"
    elif not delta["stacks"]:
        yield f"deployed: {now['usd']:.2f} USD a month; a deploy of the working tree changes nothing about it"
    else:
        yield f"deployed: {now['usd']:.2f} USD a month; a deploy of the working tree: {delta['usd']:+.2f} USD a month"
        for key, row in delta["stacks"].items():
            yield f"  stack {key}: {row['before']:.2f} to {row['after']:.2f} USD a month ({row['usd']:+.2f})"
    if facts["budget"] is not None:
        over = facts["synthesised"]["usd"] > facts["budget"]
        yield f"budget: {facts['budget']} USD a month" + (": a deploy of the working tree is refused" if over else "")


def _by_use(facts: Facts) -> Iterator[str]:
    rows = [("paid by use", "USD", "for each")]
    rows += [
        (f"  {row['what']}", _unit_price(row["usd"]), row["unit"] or "no price for this region")
        for row in facts["by_use"]
    ]
    rows += [(f"  task {row['what']}", _unit_price(row["usd"]), "hour that it runs") for row in facts["tasks"]]
    if len(rows) > 1:
        yield ""
        yield from _table(rows, right=(1,))


def _unit_price(usd: float | None) -> str:
    return "-" if usd is None else f"{usd:.10f}".rstrip("0").ljust(4, "0")


def _estimate(rows: Sequence[Facts], cost: Facts) -> Iterator[str]:
    if not rows:
        return
    yield ""
    lines = [("estimated use", "quantity", "unit", "USD", "how")]
    lines += [
        (f"  {row['what']}", f"{row['quantity']:,.2f}", row["unit"], f"{row['usd']:.2f}", row["how"]) for row in rows
    ]
    used = sum(row["usd"] for row in rows)
    lines.append(("sum", "", "", f"{used:.2f}", f"{cost['usd'] + used:.2f} USD a month with what runs all month"))
    yield from _table(lines, right=(1, 3))


def _missing(facts: Facts) -> Iterator[str]:
    left_out = [kind for kind in facts["left_out"] if kind not in FREE]
    if facts["synthesised"]["unknown"] or left_out:
        yield ""
    for row in facts["synthesised"]["unknown"]:
        yield f"not in the sum, its price is not known: {row['count']} x {row['type']} in stack {row['stack']}"
    if left_out:
        yield "not in this target's templates, so not in the sum: " + ", ".join(left_out)


def _table(rows: Iterable[tuple[Any, ...]], *, right: tuple[int, ...]) -> Iterator[str]:
    """Rows with columns of one width; those of `right` end where the others do."""
    every = [tuple(map(str, row)) for row in rows]
    widths = [max(len(row[at]) for row in every) for at in range(len(every[0]))]
    for row in every:
        cells = (
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
