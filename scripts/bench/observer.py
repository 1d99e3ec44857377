"""The outside observer: asks the load balancer again and again who answers, and so knows when a version is live.

Live is the moment of the first answer of the new version after the last one that was not: from then on it answers
everything. An answer that fails counts as one that is not new.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

PAUSE = 0.1
"""Seconds between two requests; the precision of every time to live."""
CONFIRMED_SECONDS = 2.0
"""An uninterrupted run of new answers that long is taken for live."""
TIMEOUT = 5.0

IsNew = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True)
class Answer:
    """One request: when its answer came (monotonic clock), whether it was good, whether the new version gave it."""

    at: float
    good: bool
    new: bool


def live_at(answers: Sequence[Answer]) -> float | None:
    """When the new version began to answer everything; None while it does not."""
    moment = None
    for answer in reversed(answers):
        if not answer.new:
            break
        moment = answer.at
    return moment


def is_confirmed(answers: Sequence[Answer]) -> bool:
    """Whether the new version has answered everything for long enough."""
    moment = live_at(answers)
    return moment is not None and answers[-1].at - moment >= CONFIRMED_SECONDS


def lost(answers: Sequence[Answer]) -> int:
    """Requests that got no good answer."""
    return sum(not answer.good for answer in answers)


class Observer:
    """Asks one URL from a thread of its own while the block runs."""

    def __init__(self, url: str, is_new: IsNew) -> None:
        self.answers: list[Answer] = []
        self._address, self._is_new = urlsplit(url), is_new
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="observer")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PAUSE):
            body = self._ask()
            self.answers.append(Answer(time.monotonic(), body is not None, body is not None and self._is_new(body)))

    def _ask(self) -> Mapping[str, Any] | None:
        connection = http.client.HTTPConnection(self._address.netloc, timeout=TIMEOUT)
        try:
            connection.request("GET", self._address.path)
            response = connection.getresponse()
            body = json.loads(response.read())
        except (OSError, ValueError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return body if response.status == http.client.OK and isinstance(body, dict) else None
