"""One request and the ways in which it fails; the other side of the connection is a thread of the test."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable

import pytest

from scripts.engine import request
from scripts.engine.request import Address, address, send, send_on

WHERE = Address("http", "lb.example", 80, "/health", "lb.example")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
CUT = b"cut"
"""Ends an answer after which the connection is closed."""
Answer = bytes | None
"""What the server sends after each request; None closes the connection."""


class Server:
    """Answers on socket pairs, one after the other; every connection has its own list of answers."""

    def __init__(self, *connections: list[Answer]) -> None:
        self.connections = list(connections)
        self.heard: list[bytes] = []
        self.opened = 0

    def connect(self, where: Address, timeout: float) -> tuple[http.client.HTTPConnection, float]:
        self.opened += 1
        ours, theirs = socket.socketpair()
        ours.settimeout(timeout)
        threading.Thread(target=self._serve, args=(theirs, self.connections.pop(0)), daemon=True).start()
        made = http.client.HTTPConnection(where.host, where.port, timeout=timeout)
        made.sock = ours
        return made, 1.0

    def _serve(self, side: socket.socket, answers: list[Answer]) -> None:
        with side:
            for answer in answers:
                self.heard.append(side.recv(65536))
                if answer is None:
                    return
                side.sendall(answer)
                if answer.endswith(CUT):
                    return
            side.recv(1)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Server]:
    def make(*connections: list[Answer]) -> Server:
        server = Server(*connections)
        monkeypatch.setattr(request, "_connect", server.connect)
        return server

    return make


@pytest.mark.parametrize(
    ("url", "via", "expected"),
    [
        ("http://lb/x", None, Address("http", "lb", 80, "/x", "lb")),
        (
            "http://127.0.0.1:4566/_alb/a/x?q=1",
            "http://127.0.0.1:4566/_alb/a",
            Address("http", "127.0.0.1", 4566, "/_alb/a/x?q=1", "127.0.0.1"),
        ),
        (
            "http://shop.example/x?q=1",
            "http://127.0.0.1:4566/_alb/a",
            Address("http", "shop.example", 80, "/_alb/a/x?q=1", "127.0.0.1", 4566),
        ),
        ("https://shop.example", "https://lb.aws", Address("https", "shop.example", 443, "/", "lb.aws", 443)),
        ("http://shop.example/", "http://lb.aws", Address("http", "shop.example", 80, "/", "lb.aws", 80)),
    ],
)
def test_addresses(url: str, via: str | None, expected: Address) -> None:
    assert address(url, via) == expected


def test_a_good_answer(serve: Callable[..., Server]) -> None:
    server = serve([OK])
    reply = send(WHERE, 1.0)
    assert (reply.kind, reply.text, reply.round_trip) == ("ok", "HTTP 200", 1.0)
    assert server.heard[0].startswith(b"GET /health HTTP/1.1\r\n")
    assert b"\r\nHost: lb.example\r\n" in server.heard[0]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "ok"),
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "4xx"),
        (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "5xx"),
        (None, "reset"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nhalf of", "timeout"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nhalf of, then " + CUT, "reset"),
        (b"rubbish\r\n\r\n", "reset"),
        (b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", "5xx"),
    ],
)
def test_kinds(serve: Callable[..., Server], answer: Answer, kind: str) -> None:
    serve([answer])
    assert send(WHERE, 0.3).kind == kind


@pytest.mark.parametrize(("error", "kind"), [(ConnectionRefusedError("no"), "refused"), (TimeoutError(), "timeout")])
def test_no_connection(monkeypatch: pytest.MonkeyPatch, error: OSError, kind: str) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(request, "_connect", refuse)
    reply = send(WHERE, 1.0)
    assert (reply.kind, bool(reply.text)) == (kind, True)


def test_a_connection_is_used_again(serve: Callable[..., Server]) -> None:
    server = serve([OK, OK])
    first, kept = send_on(WHERE, 1.0, None)
    second, again = send_on(WHERE, 1.0, kept)
    assert (first.good, second.good, second.round_trip, server.opened) == (True, True, 0.0, 1)
    assert again is kept
    assert kept is not None
    kept.close()


def test_one_that_was_closed_while_it_rested_is_opened_again(serve: Callable[..., Server]) -> None:
    server = serve([OK, None], [OK])
    _, kept = send_on(WHERE, 1.0, None)
    reply, again = send_on(WHERE, 1.0, kept)
    assert (reply.good, server.opened) == (True, 2)
    assert again is not None
    again.close()


def test_one_that_says_close_is_not_kept(serve: Callable[..., Server]) -> None:
    serve([b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"])
    assert send_on(WHERE, 1.0, None)[1] is None
