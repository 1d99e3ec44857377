"""Requests without a pause from several clients, each on a connection that it keeps."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from types import TracebackType
from typing import Self

CLIENTS = 4


class Load:
    """Runs while its block does; what was answered is in `statuses` and `answered` (address of the task)."""

    def __init__(self, port: int, path: str) -> None:
        self._port, self._path = port, path
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]
        self.statuses: Counter[int] = Counter()
        self.answered: Counter[str] = Counter()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def count(self) -> int:
        """Answers so far."""
        with self._lock:
            return self.statuses.total()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        while not self._stop.is_set():
            try:
                connection.request("GET", self._path)
                answer = connection.getresponse()
                is_json = answer.getheader("content-type") == "application/json"
                status, body = answer.status, answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                status, body, is_json = 0, b"", False
            with self._lock:
                self.statuses[status] += 1
                self.answered[json.loads(body).get("at", "") if is_json else ""] += 1
        connection.close()
