"""A real HTTP server on loopback that takes notifications: well, slowly, wrongly or never."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.e2e.project import free_port
from tests.e2e.running import until

Answer = Callable[[BaseHTTPRequestHandler, "Receiver"], None]


@dataclass(frozen=True)
class Post:
    """What came in."""

    path: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes

    @property
    def facts(self) -> dict[str, Any]:
        """The body as JSON."""
        return dict(json.loads(self.body))


@dataclass
class Receiver:
    """The server: what it got, and how it answers."""

    port: int
    answer: Answer
    posts: list[Post] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the test has ended."""

    def url(self, path: str = "/hook") -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}{path}"

    def types(self) -> list[str]:
        """Types of all messages, in the order of their coming."""
        return [post.facts["type"] for post in self.posts]

    def has(self, count: int) -> list[Post]:
        """Wait for that many."""
        return until(lambda: list(self.posts), lambda posts: len(posts) >= count, 20.0)


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """An answer at once."""

    def answer(request: BaseHTTPRequestHandler, _: Receiver) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """One after the other; the last one stays."""
    left = list(answers)

    def answer(request: BaseHTTPRequestHandler, receiver: Receiver) -> None:
        now = left.pop(0) if len(left) > 1 else left[0]
        now(request, receiver)

    return answer


def hang(_: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    """Take the request and say nothing."""
    receiver.over.wait(120)


def drip(request: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    """A good answer, of which one byte comes every now and then."""
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: " + b"a" * 10_000:
        if receiver.over.wait(0.2):
            return
        request.wfile.write(bytes([byte]))
        request.wfile.flush()


def flood(request: BaseHTTPRequestHandler, _: Receiver) -> None:
    """100 MB, or what the other side takes of it."""
    request.send_response(200)
    request.end_headers()
    for _part in range(100):
        request.wfile.write(b"x" * 1_048_576)


@contextmanager
def receiving(answer: Answer) -> Iterator[Receiver]:
    """A receiver that runs as long as the block."""
    receiver = Receiver(free_port(), answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.posts.append(Post(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            try:
                receiver.answer(self, receiver)
            except OSError:  # the other side has hung up
                self.close_connection = True

        def do_CONNECT(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.posts.append(Post(f"CONNECT {self.path}", headers, b""))
            receiver.answer(self, receiver)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", receiver.port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
