"""A target whose gateway shifts."""

from __future__ import annotations

import pytest

from scripts.engine.world import World
from tests.unit.engine.targets import Target
from tests.unit.engine.traffic.scene import Scene


@pytest.fixture
def scene(target: Target, world: World, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """hello in front of whose tasks a gateway runs."""
    return Scene(target, world, monkeypatch)
