"""Which port the embedded cloud listens on."""

from __future__ import annotations

import socket

from settings.errors import SlipwayError

PREFERRED_PORT = 4566
ATTEMPTS = 50


def choose_port(kept: int | None, addresses: tuple[str, ...]) -> int:
    """The kept port, else the preferred one, else any that is free on all addresses."""
    for port in (kept, PREFERRED_PORT):
        if port and all(is_free(address, port) for address in addresses):
            return port
    for _ in range(ATTEMPTS):
        with socket.socket() as probe:
            probe.bind((addresses[0], 0))
            port = int(probe.getsockname()[1])
        if all(is_free(address, port) for address in addresses):
            return port
    raise SlipwayError("no free port found", where=", ".join(addresses), remedy="stop programs that listen there")


def is_free(address: str, port: int) -> bool:
    """Whether a server can listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
