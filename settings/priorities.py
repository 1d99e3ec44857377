"""Listener rule priorities that stay what they are when other services come and go.

A priority follows from the route alone, a path or `//host`: hosts are asked first, since a path takes requests of any
host; the deeper path goes before the other, since `/shop/*` would take the requests of `/shop/admin/*`. Routes of one
kind never match the same request, so their order is free and a hash spreads them. Two whose hashes meet get
neighbouring numbers, in the order of the routes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

BAND = 10_000
"""Priorities of one kind; the load balancer takes 1 to 50,000 and the last is the service at `/`."""
DEEPEST = 4
HOSTS = 4_500
"""Hosts share the first band with the deepest paths and take its first numbers."""
ROOM = 1_000
"""Numbers at the end of a band for routes whose hashes meet."""


def assigned(routes: Iterable[str], taken: Mapping[str, int]) -> dict[str, int]:
    """Route -> priority for every route; `taken` are those that the file names."""
    used = set(taken.values())
    found = dict(taken)
    for route in sorted(set(routes) - taken.keys()):
        number = preferred(route)
        while number in used:
            number += 1
        used.add(number)
        found[route] = number
    return found


def preferred(route: str) -> int:
    """The priority of a route when no other one wants it."""
    hashed = int.from_bytes(hashlib.sha256(route.encode()).digest()[:4], "big")
    if route.startswith("//"):
        return 1 + hashed % (HOSTS - ROOM)
    depth = min(route.count("/"), DEEPEST)
    start = HOSTS if depth == DEEPEST else 0
    return (DEEPEST - depth) * BAND + 1 + start + hashed % (BAND - ROOM - start)
