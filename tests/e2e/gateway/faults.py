"""Ways in which an AWS API or an issuer answers that no client wishes for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

Fault = Callable[[BaseHTTPRequestHandler], None]
HANG_SECONDS = 20.0
"""More than anybody waits for an answer."""


def answer(status: int, body: bytes) -> Fault:
    """An answer with that body."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return send


def refusal(code: str, status: int = 400) -> Fault:
    """An error as the JSON protocols say it."""
    return answer(status, b'{"__type":"com.amazon.coral#%s","message":"no"}' % code.encode())


def hang(handler: BaseHTTPRequestHandler) -> None:
    """No answer."""
    threading.Event().wait(HANG_SECONDS)
    handler.close_connection = True


def trickle(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, without end as far as anybody waits for it."""
    handler.send_response(200)
    handler.send_header("content-length", "1000000")
    handler.end_headers()
    for _ in range(int(HANG_SECONDS)):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        threading.Event().wait(1)
    handler.close_connection = True


def reset(handler: BaseHTTPRequestHandler) -> None:
    """The connection ends."""
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def no_http(handler: BaseHTTPRequestHandler) -> None:
    """Something, but no HTTP."""
    handler.wfile.write(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
    reset(handler)


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    """Less than it says."""
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"a": ')
    reset(handler)


FAULTS: dict[str, Fault] = {
    "down": answer(503, b"{}"),
    "down behind a proxy": answer(502, b"<html>"),
    "throttles": refusal("ThrottlingException"),
    "denies": refusal("AccessDeniedException"),
    "credentials expired": refusal("ExpiredTokenException"),
    "rubbish": answer(200, b"\xff\xfe<html>"),
    "nothing": answer(200, b""),
    "JSON of another shape": answer(
        200, b'{"Responses":[],"Items":7,"Item":[],"Parameters":{"a":1},"taskArns":7,"tasks":[7]}'
    ),
    "nested without end": answer(200, b"[" * 100_000),
    "more than anybody reads": answer(200, b" " * 17_000_000),
    "hangs": hang,
    "trickles": trickle,
    "resets": reset,
    "no HTTP": no_http,
    "cut off": cut_off,
}
