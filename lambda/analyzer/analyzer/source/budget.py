"""Time and bytes that are left for one repository."""

from __future__ import annotations

import time
from collections.abc import Callable

from analyzer.failure import Failure
from analyzer.source.limits import Limits


class Budget:
    """Counts down from the moment it is made."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits, self.clock = limits, clock
        self._until = clock() + limits.seconds
        self._bytes = 0

    def left(self) -> float:
        """Seconds, more than 0. Raises Failure TimedOut."""
        left = self._until - self.clock()
        if left <= 0:
            raise Failure(
                "TimedOut",
                f"the repository did not arrive within {self.limits.seconds:g} s",
                remedy="try again, or clone it and analyze the folder",
            )
        return left

    def spend(self, count: int) -> None:
        """Count bytes that arrived. Raises Failure TooLarge, TimedOut."""
        self._bytes += count
        self.left()
        if self._bytes > self.limits.fetched_bytes:
            raise too_large(f"sends more than {self.limits.fetched_bytes // 1_000_000} MB")


def too_large(why: str) -> Failure:
    """For a repository beyond a limit."""
    return Failure("TooLarge", f"the repository {why}", remedy="clone it and analyze the folder of the service")
