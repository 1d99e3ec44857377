"""Delivers beside the deploy: a thread and a queue for each receiver, so that none waits for another."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence

from scripts.engine.errors import SlipwayError, Transient
from scripts.engine.notifying.message import Message
from scripts.engine.notifying.receivers import Address, Busy, deliver

ATTEMPT_SECONDS = 5.0
ATTEMPTS = 2
PAUSE_SECONDS = 0.5
"""Before the second attempt, where the receiver names no other time."""
MESSAGE_SECONDS = 10.0
"""After that a message is given up, whatever a receiver asks for."""
CLOSING_SECONDS = 2.0
"""That long a command waits at its end, for all receivers together."""


class Mailbox:
    """One receiver: what it shall be told, in order. Its thread is a daemon: nothing in it can keep the tool alive."""

    def __init__(self, address: Address, say: Callable[[str], None]) -> None:
        self.address, self.say = address, say
        self._queue: queue.Queue[Message | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._is_quiet = False

    def put(self, message: Message) -> None:
        """Hand over; returns at once."""
        if message.event not in self.address.receiver.on:
            return
        self._queue.put(message)
        if self._thread is None:
            name = f"slipway-notify-{self.address.receiver.name}"
            self._thread = threading.Thread(target=self._work, daemon=True, name=name)
            self._thread.start()

    def close(self, end: float) -> None:
        """Wait until everything is delivered or that moment is reached; nothing is said after that."""
        if self._thread is None:
            return
        self._queue.put(None)
        self._thread.join(max(0.0, end - time.monotonic()))
        if self._thread.is_alive():
            self._warn("no answer in time")
        with self._lock:
            self._is_quiet = True

    def _work(self) -> None:
        while (message := self._queue.get()) is not None:
            try:
                attempt(self.address, message, time.monotonic() + MESSAGE_SECONDS)
            except SlipwayError as error:
                self._warn(str(error))

    def _warn(self, text: str) -> None:
        """One warning a receiver: what is wrong at the start is mostly wrong at the end."""
        with self._lock:
            if not self._is_quiet:
                self._is_quiet = True
                self.say(f"{self.address.receiver.name} was not told: {text}")


def attempt(address: Address, message: Message, end: float, *, pause: Callable[[float], None] = time.sleep) -> str:
    """Deliver, with a second attempt when the first may have met a bad moment; says what was answered."""
    for left in range(ATTEMPTS - 1, -1, -1):
        try:
            return deliver(address, message, min(end, time.monotonic() + ATTEMPT_SECONDS))
        except Transient as error:
            wait = error.after if isinstance(error, Busy) and error.after is not None else PAUSE_SECONDS
            if not left or time.monotonic() + wait >= end:
                raise
        pause(wait)
    raise AssertionError("the last attempt returns or raises")


def close(mailboxes: Sequence[Mailbox]) -> None:
    """Give all of them together a last moment."""
    end = time.monotonic() + CLOSING_SECONDS
    for mailbox in mailboxes:
        mailbox.close(end)
