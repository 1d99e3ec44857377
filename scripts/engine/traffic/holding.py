"""Says again and again that the deploy which shifts traffic still lives."""

from __future__ import annotations

import threading

from scripts.engine.errors import SlipwayError, Superseded
from scripts.engine.traffic.store import TrafficStore

BEAT_SECONDS = 2.0
"""The gateway gives up after 30 s without: a few that are lost do no harm."""
JOIN_SECONDS = 5.0
"""A beat on its way when the network is cut is not waited for."""


class Holder:
    """A thread that beats from `start` to `stop`, or until somebody else holds the item."""

    def __init__(self, store: TrafficStore, service: str, deployment: str) -> None:
        self._store, self._service, self._deployment = store, service, deployment
        self._over = threading.Event()
        self.is_lost = False
        """Whether somebody else holds the item."""
        self._thread = threading.Thread(target=self._run, daemon=True, name="slipway-traffic")

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """No beat after this."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(JOIN_SECONDS)

    def check(self) -> None:
        """Raise Superseded once somebody else holds the item."""
        if self.is_lost:
            what = f"{self._service}: another deploy shifts its traffic"
            raise Superseded(what, where="traffic", remedy="./poe status shows what runs")

    def beat(self) -> bool:
        """One beat; whether there should be another. A beat that does not arrive is tried again."""
        try:
            self.is_lost = not self._store.beat(self._service, self._deployment)
        except SlipwayError:
            return True
        return not self.is_lost

    def _run(self) -> None:
        while not self._over.wait(BEAT_SECONDS) and self.beat():
            pass
