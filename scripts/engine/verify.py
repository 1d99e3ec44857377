"""Asks a service through the load balancer, as its users do."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

ANSWERS = 3
"""Good answers in a row that count as proof."""


@dataclass(frozen=True)
class Proof:
    """What the load balancer answered."""

    good: bool
    text: str
    milliseconds: float = 0.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class _Through(http.client.HTTPSConnection):
    """HTTPS to the host of the URL, but at another address: the domain need not point to the load balancer yet."""

    address = ""

    def connect(self) -> None:
        raw = socket.create_connection((self.address, self.port), self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(raw, server_hostname=self.host)


def ask(url: str, timeout: float = 5.0, *, via: str | None = None) -> Proof:
    """One GET; an answer of 200 to 399 is good. `via` is the load balancer's own name, for HTTPS."""
    if via and url.startswith("https://"):
        return _ask_through(url, timeout, via)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    begin = time.perf_counter()
    try:
        with opener.open(url, timeout=timeout) as answer:
            answer.read(1024)
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Proof(good=False, text=f"no answer: {getattr(error, 'reason', error) or type(error).__name__}")
    took = (time.perf_counter() - begin) * 1000
    return Proof(status < 400, f"HTTP {status}", took)


def _ask_through(url: str, timeout: float, via: str) -> Proof:
    parts = urlsplit(url)
    connection = _Through(parts.hostname or "", parts.port or 443, timeout=timeout)
    connection.address = via
    begin = time.perf_counter()
    try:
        connection.request("GET", parts.path or "/")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return Proof(good=False, text=f"no answer: {error}")
    finally:
        connection.close()
    return Proof(status < 400, f"HTTP {status}", (time.perf_counter() - begin) * 1000)


def answers(
    url: str,
    *,
    timeout: float,
    cancelled: Callable[[float], bool],
    get: Callable[[str], Proof] = ask,
    clock: Callable[[], float] = time.monotonic,
) -> Proof:
    """Ask until `ANSWERS` good answers came in a row, or the time is over."""
    end, row, times = clock() + timeout, 0, [0.0]
    while True:
        proof = get(url)
        row = row + 1 if proof.good else 0
        times = [*times, proof.milliseconds] if proof.good else [0.0]
        if row >= ANSWERS:
            text = f"{proof.text}, {ANSWERS} times in a row, {max(times):.0f} ms at most"
            return Proof(good=True, text=text, milliseconds=max(times))
        if clock() >= end or cancelled(0.0 if proof.good else 0.5):
            return proof if not proof.good else Proof(good=False, text="not steady")
