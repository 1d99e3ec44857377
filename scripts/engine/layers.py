"""How much of an image was not built anew: counts the steps of a build and those that BuildKit took from its cache.

Read from its plain progress, `#6 [stage 2/5] RUN ...` and later `#6 CACHED`. A step FROM makes no layer and is not
counted; output of a step begins with a time and cannot be mistaken for either.
"""

from __future__ import annotations

import re
from collections.abc import Callable

STEP = re.compile(r"#(\d+) \[(?:[^\]]* )?\d+/\d+\] (?!FROM )\S")
CACHED = re.compile(r"#(\d+) CACHED\s*")


class Layers:
    """Passes the builder's lines on, and counts."""

    def __init__(self, pass_on: Callable[[str], None]) -> None:
        self._pass_on = pass_on
        self._steps: set[str] = set()
        self._cached: set[str] = set()

    def __call__(self, line: str) -> None:
        if found := STEP.match(line):
            self._steps.add(found[1])
        elif found := CACHED.fullmatch(line):
            self._cached.add(found[1])
        self._pass_on(line)

    def counts(self) -> dict[str, int]:
        """`layers` of the image and of the stages that it is made from, and how many of them were cached."""
        return {"layers": len(self._steps), "cached_layers": len(self._steps & self._cached)}
