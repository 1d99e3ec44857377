"""The agent's lines in the container's log: JSON, as Envoy's are."""

from __future__ import annotations

import json
import sys
import time


def say(event: str, **facts: object) -> None:
    """Write a line."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sys.stdout.write(json.dumps({"time": now, "agent": event, **facts}, default=str) + "\n")
    sys.stdout.flush()


class Changes:
    """Says what changed: the same trouble is a line once, not four times a second."""

    def __init__(self) -> None:
        self._last = ""

    def trouble(self, event: str, error: object) -> None:
        """Say it unless it is the same as before."""
        if self._last != f"{event}{error}":
            self._last = f"{event}{error}"
            say(event, error=error)

    def fine(self, event: str) -> None:
        """Say that it is over, when there was trouble."""
        if self._last:
            self._last = ""
            say(event)
