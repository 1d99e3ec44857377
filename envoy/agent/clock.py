"""Time, as it is passed in: tests need not wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """What tells the time and what lets it pass."""

    now: Callable[[], float] = time.monotonic
    """Seconds since whenever; never set back."""
    wall: Callable[[], float] = time.time
    """Seconds since 1970."""
    pause: Callable[[float], object] = time.sleep


REAL = Clock()
