"""The steps of a shift: the second version started, given more and more of the requests, then replaced by the main."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.engine.traffic.leftover import retire
from scripts.engine.traffic.shift import Shift
from scripts.engine.world import World


@dataclass(frozen=True)
class StartSecond:
    """Start the new version beside the one that serves, without requests."""

    service: str
    tag: str
    stage = "rollout"

    def run(self, world: World) -> str:
        world.shifts[self.service] = Shift(world, self.service, self.tag)
        return world.shifts[self.service].begin()


@dataclass(frozen=True)
class ShiftTraffic:
    """Give it a share of the requests and watch both versions."""

    service: str
    weight: int
    seconds: int
    stage = "verify"

    def run(self, world: World) -> str:
        return world.shifts[self.service].step(self.weight, self.seconds)


@dataclass(frozen=True)
class FinishShift:
    """All requests to the main version, which is the new one; the second one goes."""

    service: str
    stage = "update"

    def run(self, world: World) -> str:
        return world.shifts[self.service].finish()


@dataclass(frozen=True)
class RetireSecond:
    """Take a second version away that a deploy which ended early left."""

    service: str
    stage = "update"

    def run(self, world: World) -> str:
        return retire(world, self.service, delay=world.settings.service(self.service).deregistration_delay)
