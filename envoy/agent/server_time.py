"""The time as the AWS API has it: a task whose clock is off goes on asking, and says that it is off.

A signature counts for a few minutes around its time, and every answer carries the server's. Tokens are not helped by
this: Envoy reads the machine's clock, whatever the agent knows.
Source: AWS General Reference, "Signature Version 4"; RFC 9110, section 6.6.1 (Date).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from agent import log

TOLERATED = 60.0
"""Seconds; less may be the way there and back. So much may clocks differ for tokens as well."""


class ServerTime:
    """This machine's clock, put right by what servers say."""

    def __init__(self, machine: Callable[[], float] = time.time) -> None:
        self._machine = machine
        self.ahead = 0.0
        """Seconds that this machine is ahead of the servers; negative: behind them."""

    def now(self) -> float:
        """Unix time."""
        return self._machine() - self.ahead

    def off(self) -> int | None:
        """Seconds that this machine is ahead, when it is off."""
        return round(self.ahead) if abs(self.ahead) >= TOLERATED else None

    def learn(self, date: str | None) -> bool:
        """Whether the Date of an answer says that we were wrong."""
        try:
            server = parsedate_to_datetime(date or "").timestamp()
        except (ValueError, TypeError, OverflowError):
            return False
        if abs(server - self.now()) < TOLERATED:
            return False
        self.ahead = self._machine() - server
        log.say("the clock is off" if self.off() else "the clock is right", ahead=round(self.ahead))
        return True
