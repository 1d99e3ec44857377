"""What others send is read as if they meant harm: so much of it, in so much time, and any text may be no JSON."""

from __future__ import annotations

import http.client
import json
from typing import Any

from agent.clock import REAL

PORTION = 65_536


class Unreadable(OSError):
    """An answer that nobody can do anything with."""


def whole(answer: http.client.HTTPResponse, *, largest: int, seconds: float) -> bytes:
    """The body; raises Unreadable when there is more of it, when it trickles, and when it is cut off."""
    end, found = REAL.now() + seconds, bytearray()
    while part := answer.read1(PORTION):
        found += part
        if len(found) > largest:
            raise Unreadable(f"an answer of more than {largest} bytes")
        if REAL.now() > end:
            raise Unreadable(f"an answer that takes more than {seconds:.0f} s")
    if answer.length:
        raise Unreadable("an answer that was cut off")
    answer.close()  # of the answer alone; until then its connection takes no other request
    return bytes(found)


def is_text(text: str) -> bool:
    """Whether it can be written down: half a surrogate pair, which JSON can say, cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def document(text: str | bytes) -> Any:
    """JSON; raises ValueError, also for such that is nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
