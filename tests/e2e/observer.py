"""Asks a URL again and again while something else happens, and keeps every answer."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from http.client import HTTPException
from types import TracebackType
from typing import Self

from tests.e2e.project import get_json

PAUSE = 0.08
PATIENCE = 10.0
"""Seconds for one answer: the machine may be busy with other tests, a user would wait that long."""


@dataclass(frozen=True)
class Answer:
    """One request: when it was sent (monotonic seconds), which version answered, or why none did."""

    at: float
    version: str | None
    trouble: str = ""


class Observer:
    """A context manager; its thread asks from the beginning of the block to its end."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: list[Answer] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def misses(self) -> list[Answer]:
        """Requests that got no good answer."""
        return [answer for answer in self.answers if answer.version is None]

    @property
    def versions(self) -> set[str]:
        """Versions that answered."""
        return {answer.version for answer in self.answers if answer.version}

    def _run(self) -> None:
        while not self._over.wait(PAUSE):
            self.answers.append(look(self.url))


def look(url: str) -> Answer:
    """One request."""
    at = time.monotonic()
    try:
        return Answer(at, str(get_json(url, timeout=PATIENCE)["version"]))
    except (OSError, HTTPException, ValueError, KeyError) as error:
        return Answer(at, None, f"{type(error).__name__}: {error}")
