"""One GET through the load balancer as a user would send it: how long it took, and in which way it failed."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

GOOD = "ok"
NO_HEADERS: Mapping[str, str] = {}
"""None but those that every request has."""
LARGEST = 1 << 20
"""Bytes of an answer that are read; what is longer is cut off by closing the connection."""
STALE = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError, http.client.RemoteDisconnected)
"""What a connection that the other side closed between two requests ends with."""


@dataclass(frozen=True)
class Address:
    """Where to connect, and what to ask for there."""

    scheme: str
    host: str
    port: int
    path: str
    connect_to: str
    """Name or IP address; another one than `host` while its name does not point to the load balancer."""
    connect_port: int = 0
    """Port there, where it is another one than `port`."""

    @property
    def is_default_port(self) -> bool:
        """Whether the port goes without saying in the Host header."""
        return self.port == (443 if self.scheme == "https" else 80)


@dataclass(frozen=True)
class Reply:
    """What came of one request."""

    kind: str
    """`ok` (200 to 399), `4xx`, `5xx`, `refused` (no connection), `reset` (cut off) or `timeout`."""
    text: str
    milliseconds: float = 0.0
    """From sending the request to the end of the answer, without the time for connecting."""
    round_trip: float = 0.0
    """Milliseconds of the TCP handshake: the way there and back; 0 on a connection that was open."""

    @property
    def good(self) -> bool:
        """Whether a user would be content."""
        return self.kind == GOOD


def address(url: str, via: str | None = None) -> Address:
    """Where a URL is asked; `via` is the base URL of the load balancer, for names that need not point to it yet."""
    parts = urlsplit(url)
    host, tls = parts.hostname or "", parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = parts.port or (443 if tls else 80)
    way = urlsplit(via or url)
    if not way.hostname or way.hostname == host:
        return Address(parts.scheme, host, port, path, host)
    return Address(parts.scheme, host, port, way.path.rstrip("/") + path, way.hostname, way.port or port)


def send(where: Address, timeout: float, headers: Mapping[str, str] = NO_HEADERS) -> Reply:
    """One GET on a connection of its own."""
    reply, connection = _send(where, timeout, None, headers)
    if connection:
        connection.close()
    return reply


def send_on(
    where: Address, timeout: float, kept: http.client.HTTPConnection | None
) -> tuple[Reply, http.client.HTTPConnection | None]:
    """One GET on an open connection, or a new one; returns the connection where it can be used again.

    A connection that was closed while it rested is no failure: clients send the request again, on a new one.
    Source: RFC 9112, section 9.3.1.
    """
    return _send(where, timeout, kept)


def _send(
    where: Address,
    timeout: float,
    kept: http.client.HTTPConnection | None,
    headers: Mapping[str, str] = NO_HEADERS,
) -> tuple[Reply, http.client.HTTPConnection | None]:
    round_trip, connection = 0.0, kept
    if connection is None:
        try:
            connection, round_trip = _connect(where, timeout)
        except OSError as error:
            kind = "timeout" if isinstance(error, TimeoutError) else "refused"
            return Reply(kind, str(error) or type(error).__name__), None
    begin = time.perf_counter()
    try:
        connection.putrequest("GET", where.path, skip_host=True)
        connection.putheader("Host", where.host if where.is_default_port else f"{where.host}:{where.port}")
        for name, value in {"User-Agent": "slipway", **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read(LARGEST)
        if answer.length and len(body) < LARGEST:
            raise http.client.IncompleteRead(body, answer.length)
    except STALE as error:
        connection.close()
        if kept is not None:
            return _send(where, timeout, None, headers)
        return Reply("reset", str(error) or type(error).__name__, round_trip=round_trip), None
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        kind = "timeout" if isinstance(error, TimeoutError) else "reset"
        return Reply(kind, str(error) or type(error).__name__, round_trip=round_trip), None
    took = (time.perf_counter() - begin) * 1000
    reply = Reply(_kind(answer.status), f"HTTP {answer.status}", took, round_trip)
    if answer.will_close or not answer.isclosed():
        connection.close()
        return reply, None
    return reply, connection


def _resolved(where: Address) -> Any:
    return socket.getaddrinfo(where.connect_to, where.connect_port or where.port, type=socket.SOCK_STREAM)[0]


def _kind(status: int) -> str:
    return GOOD if status < 400 else f"{min(status // 100, 5)}xx"


def _connect(where: Address, timeout: float) -> tuple[http.client.HTTPConnection, float]:
    """An open connection, and the milliseconds of its TCP handshake; names are resolved before."""
    family, kind, protocol, _, at = _resolved(where)
    raw = socket.socket(family, kind, protocol)
    try:
        raw.settimeout(timeout)
        with suppress(OSError):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begin = time.perf_counter()
        raw.connect(at)
        round_trip = (time.perf_counter() - begin) * 1000
        if where.scheme == "https":
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=where.host)
    except BaseException:
        raw.close()
        raise
    connection = http.client.HTTPConnection(where.host, where.port, timeout=timeout)
    connection.sock = raw
    return connection, round_trip
