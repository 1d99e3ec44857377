"""`./poe deploy` with a stop watch around what it does for its lock and its record; the bench runs it as a module.

Only what the deploy itself waits for is counted. The lease is renewed, and events are written, by threads beside it.
"""

from __future__ import annotations

import functools
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from scripts import deploy
from scripts.engine import commit, deploying, order, recording, turns
from scripts.engine.world import World

EVENT = "bookkeeping"


class StopWatch:
    """Seconds by name, summed."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the block."""
        began = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self.seconds[name] += time.perf_counter() - began

    def function(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, counted."""

        @functools.wraps(function)
        def call(*words: Any, **keys: Any) -> Any:
            with self.part(name):
                return function(*words, **keys)

        return call

    def block(self, name: str, make: Callable[..., AbstractContextManager[Any]]) -> Callable[..., Any]:
        """A context manager whose beginning and end are counted, and what it hands out where that is a function."""

        @contextmanager
        def watched(*words: Any, **keys: Any) -> Iterator[Any]:
            manager = make(*words, **keys)
            with self.part(f"{name}, begin"):
                given = manager.__enter__()
            try:
                yield self.function(f"{name}, end", given) if callable(given) else given
            except BaseException as error:
                if not manager.__exit__(type(error), error, error.__traceback__):
                    raise
            else:
                with self.part(f"{name}, end"):
                    manager.__exit__(None, None, None)

        return watched


def watched_parts(watch: StopWatch) -> dict[str, Callable[..., Any]]:
    """What `deploy` calls for its lock and its record, by the name that it has there, with the watch around it."""
    return {
        "locked": watch.block("lock", turns.locked),
        "recorded": watch.block("record", recording.recorded),
        "newer_live": watch.function("order of commits", order.newer_live),
        "read_commits": watch.function("commit", commit.read_commits),
    }


def main() -> None:
    """Deploy as asked for; the last line of standard output is what was counted."""
    watch = StopWatch()
    for name, counted in watched_parts(watch).items():
        setattr(deploying, name, counted)
    World.may_change = watch.function("fence", World.may_change)  # type: ignore[method-assign]
    try:
        deploy.main()
    finally:
        rounded = {name: round(seconds, 6) for name, seconds in watch.seconds.items()}
        print(json.dumps({"event": EVENT, "seconds": rounded}), flush=True)


if __name__ == "__main__":
    main()
