"""Draws the figures as one picture: bars for the pairs, a line for the planner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

Facts = dict[str, Any]

WIDTH, MARGIN, LABELS = 1600, 60, 470
BAR, GAP, GROUP = 34, 12, 66
PLAN_HEIGHT = 300
INK, FAINT, RULE = "#1d2530", "#5d6876", "#d9dee5"
OURS, THEIRS, BOUND = "#0f8a7e", "#d9822b", "#b3261e"
PLAN_BOUND = 3.0
"""Seconds that a plan for 100 services may take."""
GROUPS = {
    "nothing": "nothing changed",
    "source": "one source line changed",
    "setting": "one setting changed",
    "rollback": "back to the version before",
}


@dataclass(frozen=True)
class Bar:
    """One side of one change."""

    label: str
    spread: Facts
    ratio: Facts | None = None

    @property
    def words(self) -> str:
        """What stands at its end."""
        seconds = f"{self.spread['median']:.2f} s"
        return f"{seconds}   {self.ratio['median']:.1f} times as long" if self.ratio else seconds


def bars(row: Facts) -> Iterator[Bar]:
    """The bars of one change."""
    yield Bar(row["slipway"]["command"], row["slipway"]["seconds"])
    for side in row["against"]:
        yield Bar(side["command"], side["seconds"], side["ratio"])


def draw(facts: Facts, path: Path) -> None:
    """Write the picture as PNG."""
    from PIL import Image, ImageDraw

    groups = {GROUPS[name]: list(bars(facts["pairs"][name])) for name in GROUPS if name in facts["pairs"]}
    count = sum(map(len, groups.values()))
    bottom = 210 + count * (BAR + GAP) + len(groups) * GROUP
    height = bottom + (PLAN_HEIGHT + 150 if "planning" in facts else 0) + 90
    image = Image.new("RGB", (WIDTH, height), "white")
    picture = Picture(ImageDraw.Draw(image))
    picture.title(facts["pairs_each"])
    if groups:
        picture.pairs(groups, top=170)
    if "planning" in facts:
        picture.planning(facts["planning"], top=bottom + 70)
    picture.footer(facts, height - 60)
    image.save(path, optimize=True)


class Picture:
    """Draws parts of the picture at given heights."""

    def __init__(self, canvas: ImageDraw) -> None:
        self.canvas = canvas

    def title(self, pairs: int) -> None:
        """What the picture shows."""
        self.text((MARGIN, 36), "Slipway and plain cdk deploy, the same change to the same stacks", 36)
        what = "Seconds until the new version answers everything through the load balancer"
        self.text((MARGIN, 90), f"{what}; where nothing changed, until the command ends.", 20, FAINT)
        how = f"Bar: median of {pairs} pairs, taken in turns. Line: lowest to highest. Dot: one pair."
        self.text((MARGIN, 118), f"{how} Times as long: median of the pairs' ratios.", 20, FAINT)

    def pairs(self, groups: dict[str, list[Bar]], *, top: int) -> None:
        """Bars side by side, one group a change, on one scale."""
        longest = max(bar.spread["max"] for group in groups.values() for bar in group)
        scale = (WIDTH - LABELS - MARGIN - 330) / longest
        y = top
        for name, group in groups.items():
            self.text((MARGIN, y + 18), name, 26)
            y += GROUP
            for bar in group:
                self.bar(bar, y, scale)
                y += BAR + GAP
        self.canvas.line((LABELS, top + 10, LABELS, y), fill=FAINT, width=2)

    def bar(self, bar: Bar, y: int, scale: float) -> None:
        """A bar with its range and its single values."""
        low, high, middle = (LABELS + bar.spread[key] * scale for key in ("min", "max", "median"))
        center = y + BAR / 2
        self.text((LABELS - 16, center), bar.label, 22, anchor="rm")
        self.canvas.rectangle((LABELS, y, max(middle, LABELS + 2), y + BAR), fill=THEIRS if bar.ratio else OURS)
        self.canvas.line((low, center, high, center), fill=INK, width=2)
        for value in bar.spread["values"]:
            self.dot(LABELS + value * scale, center, 4)
        self.text((max(high, middle) + 16, center), bar.words, 22, anchor="lm")

    def planning(self, rows: Sequence[Facts], *, top: int) -> None:
        """Seconds of a plan by the number of services, and the bound."""
        self.text((MARGIN, top), "./poe plan by number of services, nothing changed (median, line: range)", 26)
        floor, left, right = top + 60 + PLAN_HEIGHT, LABELS, WIDTH - MARGIN - 330
        most = max(PLAN_BOUND, *(row["command"]["max"] for row in rows)) * 1.15
        last = rows[-1]["services"]

        def place(services: int, seconds: float) -> tuple[float, float]:
            return left + (right - left) * services / last, floor - PLAN_HEIGHT * seconds / most

        self.scale(left, right, most=most, floor=floor)
        self.canvas.line((*place(0, PLAN_BOUND), *place(last, PLAN_BOUND)), fill=BOUND, width=2)
        self.text((right + 16, place(0, PLAN_BOUND)[1]), f"bound {PLAN_BOUND:g} s for 100", 20, BOUND, anchor="lm")
        points = [place(row["services"], row["command"]["median"]) for row in rows]
        self.canvas.line([number for point in points for number in point], fill=OURS, width=4)
        for row, (x, y) in zip(rows, points, strict=True):
            low, high = (place(row["services"], row["command"][key])[1] for key in ("min", "max"))
            self.canvas.line((x, low, x, high), fill=INK, width=2)
            self.dot(x, y, 7, OURS)
            self.text((x, high - 10), f"{row['command']['median']:.2f} s", 22, anchor="mb")
            self.text((x, floor + 12), str(row["services"]), 22, anchor="mt")

    def scale(self, left: int, right: int, *, most: float, floor: int) -> None:
        """Horizontal rules, one a second."""
        for second in range(int(most) + 1):
            y = floor - PLAN_HEIGHT * second / most
            self.canvas.line((left, y, right, y), fill=RULE if second else FAINT, width=1 if second else 2)
            self.text((left - 16, y), f"{second} s", 20, FAINT, anchor="rm")

    def footer(self, facts: Facts, y: int) -> None:
        """Where and when, and what the figures are not."""
        where = facts["machine"]
        text = f"{facts['measured']}, {where['cores']} cores, {where['memory_gb']:g} GB, {where['system']}. "
        self.text((MARGIN, y), text + "Tool times on an embedded cloud on one machine, not ECS times.", 20, FAINT)

    def dot(self, x: float, y: float, radius: int, colour: str = INK) -> None:
        """A filled circle."""
        self.canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline="white")

    def text(self, at: tuple[float, float], words: str, size: int, colour: str = INK, *, anchor: str = "la") -> None:
        """Words; `anchor` as Pillow has it."""
        from PIL import ImageFont

        self.canvas.text(at, words, fill=colour, font=ImageFont.load_default(size), anchor=anchor)
