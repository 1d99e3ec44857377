"""Runs the phases of a plan: lanes side by side, steps of a lane one after the other, each as a measured stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from scripts.engine.errors import Cancelled, SlipwayError
from scripts.engine.steps import Lane, Phase, Verify
from scripts.engine.world import World

LANES = 8


def prepare(phases: Sequence[Phase], world: World) -> None:
    """Run phases that must succeed as a whole; the worst error of a phase rises once its lanes are over."""
    for phase in phases:
        errors = roll(phase, world)
        if errors:
            raise worst(errors.values())


def roll(phase: Phase, world: World) -> dict[str, SlipwayError]:
    """Run the lanes of one phase; returns service -> error for those that failed."""
    if len(phase) == 1:
        error = _run_lane(phase[0], world)
        return {_owner(phase[0]): error} if error else {}
    with ThreadPoolExecutor(LANES, thread_name_prefix="lane") as pool:
        running = {pool.submit(_run_lane, lane, world): lane for lane in phase}
        return {_owner(lane): error for future, lane in running.items() if (error := future.result())}


def worst(errors: Iterable[SlipwayError]) -> SlipwayError:
    """The error that decides the exit code: a cancel first, then the highest code that is not transient."""
    return max(errors, key=lambda error: (isinstance(error, Cancelled), error.exit_code != 75, error.exit_code))


def _run_lane(lane: Lane, world: World) -> SlipwayError | None:
    try:
        error = _run_steps(lane, world)
        if error and (take_back := world.undo.pop(_owner(lane), None)):
            take_back(error)
        return error
    finally:
        if any(isinstance(step, Verify) for step in lane):
            world.settled.add(_owner(lane))


def _run_steps(lane: Lane, world: World) -> SlipwayError | None:
    for step in lane:
        if world.shell.cancelled.is_set():
            return Cancelled("stopped", remedy="run the command again; it goes on from here")
        try:
            with world.events.stage(step.stage, step.service) as told:
                told["text"] = step.run(world)
        except SlipwayError as error:
            if error.evidence:
                world.events.emit("evidence", service=step.service, logs=list(error.evidence), stage=step.stage)
            return error
    return None


def _owner(lane: Lane) -> str:
    return lane[0].service or ""
