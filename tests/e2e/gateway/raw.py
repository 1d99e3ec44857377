"""Requests written byte by byte, as no client library would send them, and a service that says what arrived of them."""

from __future__ import annotations

import json
import re
import socket
import threading
from contextlib import suppress
from io import BufferedReader

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.I)


def connected(port: int, seconds: float = 10) -> socket.socket:
    """A connection to the gateway."""
    return socket.create_connection(("127.0.0.1", port), seconds)


def exchange(port: int, data: bytes, *, seconds: float = 10) -> list[bytes]:
    """The answers to all of it, heads and bodies, until one says that it is the last, or the connection ends."""
    with connected(port, seconds) as connection, connection.makefile("rb") as stream:
        connection.sendall(data)
        found: list[bytes] = []
        with suppress(ConnectionError, TimeoutError):
            while answer := _message(stream):
                found.append(answer)
                if b"\r\nconnection: close" in answer.lower():
                    break
        return found


def statuses(answers: list[bytes]) -> list[int]:
    """Those of answers."""
    return [int(answer.split(b" ", 2)[1]) for answer in answers]


def text(answer: bytes) -> str:
    """Its body."""
    return answer.split(b"\r\n\r\n", 1)[1].decode("latin-1")


def _message(stream: BufferedReader) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line: bytes = stream.readline()
        if not line:
            return head
        head += line
    if CHUNKED.search(head):
        return head + _chunks(stream)
    length = LENGTH.search(head)
    body: bytes = stream.read(int(length[1]) if length else 0)
    return head + body


def _chunks(stream: BufferedReader) -> bytes:
    found = b""
    while True:
        size = int(stream.readline().split(b";")[0], 16)
        found += stream.read(size)
        stream.readline()
        if not size:
            return found


class Recorder:
    """A service that answers every request with its head as it came, and keeps all of them."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.address = address
        self.heads: list[str] = []
        self._server = socket.create_server((address, 0), backlog=128)
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Vanish."""
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError), connection.makefile("rb") as stream:
            while message := _message(stream):
                head, _, body = message.partition(b"\r\n\r\n")
                row = json.dumps({"head": head.decode("latin-1"), "body": body.decode("latin-1")})
                if not head.startswith(b"GET /health"):
                    self.heads.append(head.decode("latin-1"))
                answer = f"HTTP/1.1 200 OK\r\nx-secret: 1\r\ncontent-length: {len(row)}\r\n\r\n{row}"
                connection.sendall(answer.encode("latin-1"))
