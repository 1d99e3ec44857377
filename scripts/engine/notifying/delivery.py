"""Delivers beside the deploy: a thread and a queue for each receiver, so that none waits for another."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence

from scripts.engine.connection import Connection
from scripts.engine.errors import SlipwayError
from scripts.engine.notifying.message import Message
from settings.model import Notify

CLOSING_SECONDS = 2.0
"""That long a command waits at its end, for all receivers together."""


class Mailbox:
    """One receiver: what it shall be told, in order. Its thread is a daemon: nothing in it can keep the tool alive."""

    def __init__(self, receiver: Notify, connection: Connection, say: Callable[[str], None]) -> None:
        self.receiver, self.connection, self.say = receiver, connection, say
        self._queue: queue.Queue[Message | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._is_quiet = False

    def put(self, message: Message) -> None:
        """Hand over; returns at once."""
        if message.event not in self.receiver.on:
            return
        self._queue.put(message)
        if self._thread is None:
            name = f"slipway-notify-{self.receiver.name}"
            self._thread = threading.Thread(target=self._work, daemon=True, name=name)
            self._thread.start()

    def finish(self) -> None:
        """Nothing more will come."""
        self._queue.put(None)

    def close(self, end: float) -> None:
        """Wait until everything is delivered or that moment is reached; nothing is said after that."""
        if self._thread is None:
            return
        self._thread.join(max(0.0, end - time.monotonic()))
        if self._thread.is_alive():
            self._warn("no answer in time")
        with self._lock:
            self._is_quiet = True

    def _work(self) -> None:
        # Here, so that loading it does not hold the deploy up either.
        from scripts.engine.notifying.attempts import attempt
        from scripts.engine.notifying.receivers import Address

        address = Address(self.receiver, self.connection)
        while (message := self._queue.get()) is not None:
            try:
                attempt(address, message)
            except SlipwayError as error:
                self._warn(str(error))

    def _warn(self, text: str) -> None:
        """One warning a receiver: what is wrong at the start is mostly wrong at the end."""
        with self._lock:
            if not self._is_quiet:
                self._is_quiet = True
                self.say(f"{self.receiver.name} was not told: {text}")


def close(mailboxes: Sequence[Mailbox]) -> None:
    """Give all of them together a last moment."""
    end = time.monotonic() + CLOSING_SECONDS
    for mailbox in mailboxes:
        mailbox.finish()
    for mailbox in mailboxes:
        mailbox.close(end)
