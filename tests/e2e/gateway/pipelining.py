"""Many requests at once, over connections that stay open: as fast as a test has to be."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Self

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.I)


class Connections:
    """Open connections to a port of this machine; each has one request on its way at most."""

    def __init__(self, port: int, count: int = 16) -> None:
        self._open = [Connection(port) for _ in range(count)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for connection in self._open:
            connection.close()

    def ask(self, requests: Sequence[str]) -> list[int]:
        """The status of each request."""
        found: list[int] = []
        for at in range(0, len(requests), len(self._open)):
            portion = list(zip(requests[at : at + len(self._open)], self._open, strict=False))
            for text, connection in portion:
                connection.send(text)
            found += [connection.answer(head=text.startswith("HEAD ")) for text, connection in portion]
        return found


class Connection:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 10)
        self._data = b""

    def close(self) -> None:
        """Give it back."""
        self._socket.close()

    def send(self, text: str) -> None:
        """Send a request."""
        self._socket.sendall(text.encode("utf-8"))

    def answer(self, *, head: bool) -> int:
        """The status of the answer, which is read to its end."""
        while (end := self._data.find(b"\r\n\r\n")) < 0:
            self._receive()
        top, self._data = self._data[:end], self._data[end + 4 :]
        length = LENGTH.search(top)
        size = int(length[1]) if length and not head else 0
        while len(self._data) < size:
            self._receive()
        self._data = self._data[size:]
        return int(top.split(b" ", 2)[1])

    def _receive(self) -> None:
        part = self._socket.recv(1 << 16)
        if not part:
            raise ConnectionError("the connection was closed")
        self._data += part
