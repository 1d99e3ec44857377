"""Delivers one message: a second attempt where the first may have met a bad moment, and an end to both."""

from __future__ import annotations

import time
from collections.abc import Callable

from scripts.engine.errors import Transient
from scripts.engine.notifying.message import Message
from scripts.engine.notifying.receivers import Address, Busy, deliver

ATTEMPT_SECONDS = 5.0
ATTEMPTS = 2
PAUSE_SECONDS = 0.5
"""Before the second attempt, where the receiver names no other time."""
MESSAGE_SECONDS = 10.0
"""After that a message is given up, whatever a receiver asks for."""


def attempt(address: Address, message: Message, *, pause: Callable[[float], None] = time.sleep) -> str:
    """Deliver; says what was answered. Raises SlipwayError when it is given up."""
    end = time.monotonic() + MESSAGE_SECONDS
    for left in range(ATTEMPTS - 1, -1, -1):
        try:
            return deliver(address, message, min(end, time.monotonic() + ATTEMPT_SECONDS))
        except Transient as error:
            wait = error.after if isinstance(error, Busy) and error.after is not None else PAUSE_SECONDS
            if not left or time.monotonic() + wait >= end:
                raise
        pause(wait)
    raise AssertionError("the last attempt returns or raises")
