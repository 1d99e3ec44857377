"""Connections that go only where they may: each address is checked, and the one that was checked is connected to."""

from __future__ import annotations

import base64
import ipaddress
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from analyzer.failure import Failure
from analyzer.source.access import Access
from analyzer.source.budget import Budget

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

CONNECT_SECONDS = 10.0
EMBEDDED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))
"""IPv6 networks whose last 32 bits are an IPv4 address (RFC 6052, RFC 4291)."""


class ProxyRefused(ConnectionRefusedError):
    """The environment's proxy does not connect to the host."""


def dial(url: str, access: Access, budget: Budget) -> socket.socket:
    """A connection for the URL's scheme, host and port. Raises Failure InvalidSource, OSError."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    proxy = _proxy(host) if secure and not access.public_only else None
    if proxy:
        opened = _connected(*proxy.place, lambda _: True, budget)
        _tunnel(opened, f"{host}:{port}", proxy.authorization)
    else:
        opened = _connected(host, port, _rule(access, secure=secure), budget)
    return ssl.create_default_context().wrap_socket(opened, server_hostname=host) if secure else opened


def cut(opened: socket.socket) -> None:
    """Ends whatever waits on a connection: a server that sends a byte now and then never lets a read time out."""
    with suppress(OSError):
        socket.socket.shutdown(opened, socket.SHUT_RDWR)


def network_of(host: str) -> str:
    """The kind of network that a host is in: "public", "private", "link-local" or "loopback"; the nearest of its
    addresses counts. A name that only a proxy knows is taken for public."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return "public"
    kinds = {_kind(ipaddress.ip_address(str(row[4][0]).partition("%")[0])) for row in found}
    return next((kind for kind in ("loopback", "link-local", "private") if kind in kinds), "public")


def _kind(address: Address) -> str:
    if is_public(address):
        return "public"
    address = _embedded(address) or address
    return "loopback" if address.is_loopback else "link-local" if address.is_link_local else "private"


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet, and not one of our own networks in another guise."""
    embedded = _embedded(address)
    if embedded is not None:
        return is_public(embedded)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in network for network in EMBEDDED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _rule(access: Access, *, secure: bool) -> Callable[[Address], bool]:
    """Which addresses may be connected to: without encryption none but this machine's own."""
    if access.public_only:
        return lambda address: secure and is_public(address)
    return lambda address: secure or address.is_loopback


def _connected(host: str, port: int, may_connect: Callable[[Address], bool], budget: Budget) -> socket.socket:
    """A connection to the first address of the host that answers; all of them have to be allowed."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not all(may_connect(ipaddress.ip_address(str(row[4][0]).partition("%")[0])) for row in found):
        raise Failure(
            "InvalidSource",
            f"{host} is not a public host that speaks https: it is not connected to",
            remedy="name a repository by its https:// URL",
        )
    failed: OSError = ConnectionRefusedError()
    for family, kind, protocol, _, place in found:
        seconds = budget.left()
        opened = socket.socket(family, kind, protocol)
        opened.settimeout(min(CONNECT_SECONDS, seconds))
        try:
            opened.connect(place)
        except OSError as error:
            opened.close()
            failed = error
        else:
            opened.settimeout(min(budget.limits.idle_seconds, seconds))
            return opened
    raise failed


class _Proxy:
    """The environment's proxy for https."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        self.place = (parts.hostname or "", parts.port or 3128)
        self.authorization = ""
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self.authorization = f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}\r\n"


def _proxy(host: str) -> _Proxy | None:
    proxies = getproxies_environment()
    if not proxies.get("https") or proxy_bypass(host):
        return None
    return _Proxy(proxies["https"])


def _tunnel(opened: socket.socket, place: str, authorization: str) -> None:
    """Has the proxy connect to a host and port (RFC 9110, CONNECT)."""
    answer = b""
    try:
        opened.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{authorization}\r\n".encode("ascii"))
        while b"\r\n\r\n" not in answer and len(answer) < 16_384 and (byte := opened.recv(1)):
            answer += byte
        if answer.split(b" ")[1:2] != [b"200"]:
            raise ProxyRefused
    except OSError:
        opened.close()
        raise
