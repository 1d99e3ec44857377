"""One HTTP POST that ends in time, whatever the other side does.

An answer that drips byte by byte does not outlive the deadline, one without end is read in part, a redirect is an
answer as any other. Only connecting and the TLS handshake may each take as long as was left at the beginning. Errors
never show the address, which may be a secret.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from scripts.engine.errors import BadInput, Failed, Transient

KEPT = 65_536
"""Bytes of an answer that are read."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LEAST = 0.001
"""A socket's timeout of 0 would mean: do not block."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    retry_after: float | None = None
    """Seconds."""


def post(url: str, body: bytes, headers: Mapping[str, str], *, end: float) -> Answer:
    """Send it; `end` is on the monotonic clock.

    Raises Transient when nobody answers in time, BadInput for an address that cannot be used, Failed otherwise.
    """
    connection, target = _connection(url, end)
    try:
        connection.connect()
        connection.sock.settimeout(_left(end))
        connection.request("POST", target, body, {"User-Agent": "slipway", "Connection": "close", **headers})
        answer = http.client.HTTPResponse(_Within(connection.sock, end), method="POST")  # type: ignore[arg-type]
        answer.begin()
        return Answer(answer.status, answer.read(KEPT), _seconds(answer.getheader("Retry-After")))
    except TimeoutError:
        raise Transient("no answer in time") from None
    except ssl.SSLCertVerificationError:
        raise Failed("its certificate is not trusted") from None
    except socket.gaierror:
        raise Transient("its host is not found") from None
    except OSError as error:
        raise Transient(f"it cannot be reached ({type(error).__name__})") from None
    except http.client.HTTPException as error:
        raise Transient(f"its answer is not HTTP ({type(error).__name__})") from None
    except ValueError:
        raise BadInput("its address or its secret holds characters that cannot be sent") from None
    finally:
        connection.close()


class _Within:
    """A socket whose reads all end at one moment, as http.client reads from it."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self.sock, self.end = sock, end

    def makefile(self, *_: object) -> IO[bytes]:
        return io.BufferedReader(_Reader(self.sock, self.end))


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, end: float) -> None:
        self.sock, self.end = sock, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.sock.settimeout(_left(self.end))
        return self.sock.recv_into(buffer)


def _connection(url: str, end: float) -> tuple[http.client.HTTPConnection, str]:
    """A connection that was not opened yet, and what to ask it for."""
    host, port, secure, target = _parts(url)
    timeout = _left(end)
    if not secure:
        return http.client.HTTPConnection(host, port, timeout=timeout), target
    context = ssl.create_default_context()
    proxy = None if proxy_bypass(host) else getproxies().get("https")
    if not proxy:
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=context), target
    way = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    connection = http.client.HTTPSConnection(way.hostname or "", way.port or 80, timeout=timeout, context=context)
    connection.set_tunnel(host, port, _proxy_headers(way.username, way.password))
    return connection, target


def _parts(url: str) -> tuple[str, int, bool, str]:
    """Host, port, whether it is HTTPS, path; raises BadInput. Plain HTTP goes to this machine only, without a proxy."""
    problem = BadInput("its address is not an https:// URL without user and password")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise problem from None
    secure = parts.scheme == "https"
    is_allowed = secure or (parts.scheme == "http" and host in LOOPBACK)
    if not is_allowed or not host or "@" in parts.netloc or not url.isascii() or not url.isprintable() or " " in url:
        raise problem
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return host, port or (443 if secure else 80), secure, target


def _proxy_headers(user: str | None, password: str | None) -> dict[str, str]:
    if user is None:
        return {}
    import base64

    both = f"{unquote(user)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": "Basic " + base64.b64encode(both).decode()}


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return max(left, LEAST)


def _seconds(text: str | None) -> float | None:
    """`Retry-After` as seconds; the other form, a date, is left to the usual pause."""
    return float(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else None
