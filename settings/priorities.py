"""Listener rule priorities that stay what they are when other services come and go.

A priority follows from the path alone: the deeper path is asked first, since `/shop/*` would take the requests of
`/shop/admin/*`; paths of one depth never match the same request, so their order is free and a hash spreads them.
Two paths whose hashes meet get neighbouring numbers, in the order of the paths.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

BAND = 10_000
"""Priorities of one depth; the load balancer takes 1 to 50,000 and the last is the service at `/`."""
DEEPEST = 4


def assigned(paths: Iterable[str], taken: Mapping[str, int]) -> dict[str, int]:
    """Path -> priority for every path; `taken` are those that the file names."""
    used = set(taken.values())
    found = dict(taken)
    for path in sorted(set(paths) - taken.keys()):
        number = preferred(path)
        while number in used:
            number += 1
        used.add(number)
        found[path] = number
    return found


def preferred(path: str) -> int:
    """The priority of a path when no other path wants it."""
    depth = min(path.count("/"), DEEPEST)
    spread = int.from_bytes(hashlib.sha256(path.encode()).digest()[:4], "big") % (BAND - 1000)
    return (DEEPEST - depth) * BAND + 1 + spread
