"""The steps of a deploy that proves itself, woven into the schedule of one that does not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scripts.engine import zero_loss
from scripts.engine.schedule import Schedule
from scripts.engine.steps import DeployStacks, Lane, Reassert, Rollout, UpdateTag, Verify
from scripts.engine.traffic.steps import FinishShift, StartSecond
from scripts.engine.world import World


@dataclass(frozen=True)
class StartLoad:
    """Put a steady load on the service that is about to be updated."""

    service: str
    stage = "update"

    def run(self, world: World) -> str:
        return zero_loss.begin(world, self.service)


@dataclass(frozen=True)
class EndLoad:
    """End it some seconds after live, and tell what was lost."""

    service: str
    stage = "verify"

    def run(self, world: World) -> str:
        return zero_loss.finish(world, self.service)


def with_proof(made: Schedule) -> Schedule:
    """The load starts right before what updates the service, and ends after it was verified."""
    rolling = tuple(map(_ending, made.rolling))
    if any(isinstance(step, DeployStacks) for phase in made.before for lane in phase for step in lane):
        starts = tuple((StartLoad(lane[0].service),) for lane in rolling if lane[0].service)
        return replace(made, before=(*made.before[:-1], starts, made.before[-1]), rolling=rolling)
    return replace(made, rolling=tuple(map(_starting, rolling)))


def _starting(lane: Lane) -> Lane:
    at = next(
        (at for at, step in enumerate(lane) if isinstance(step, (StartSecond, UpdateTag, Reassert, Rollout))), None
    )
    return lane if at is None else (*lane[:at], StartLoad(lane[at].service or ""), *lane[at:])


def _ending(lane: Lane) -> Lane:
    """After the last that moves requests; a lane that moves none has no load."""
    at = next((at for at in reversed(range(len(lane))) if isinstance(lane[at], (Verify, FinishShift))), None)
    return lane if at is None else (*lane[: at + 1], EndLoad(lane[at].service or ""), *lane[at + 1 :])
