"""The session and the clock of a release command."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from scripts.engine import one_off
from scripts.engine.events import Event
from scripts.engine.world import World
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.release.ecs import SETTINGS
from tests.unit.engine.tables import Table
from tests.unit.engine.worlds import session


@pytest.fixture
def world(cloud: Cloud, heard: list[Event]) -> World:
    made = session(cloud, heard, settings=SETTINGS)
    made.deployment = "20260102T000000Z-bbbbbb"
    made.cancelled = lambda seconds: False  # type: ignore[method-assign]
    return made


@pytest.fixture
def table(cloud: Cloud) -> Table:
    return Table(cloud)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that only pass when somebody asks for the time: one a question."""
    now = [0.0]

    def monotonic() -> float:
        now[0] += 1.0
        return now[0]

    monkeypatch.setattr(one_off, "time", SimpleNamespace(monotonic=monotonic))
    return now
