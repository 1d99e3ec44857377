"""How a deploy ended, as plain data: verdict, exit code, report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scripts.engine.errors import Cancelled, RolledBack, SlipwayError, Superseded, TimedOut
from scripts.engine.events import Event
from scripts.engine.execute import worst
from scripts.engine.masking import masked
from scripts.engine.model import EXIT_CODES, Path, Plan, ServicePlan, Verdict
from scripts.engine.world import World

VERDICTS: tuple[tuple[type[SlipwayError], Verdict], ...] = (
    (RolledBack, Verdict.ROLLED_BACK),
    (Superseded, Verdict.SUPERSEDED),
    (TimedOut, Verdict.TIMED_OUT),
    (Cancelled, Verdict.STOPPED),
)


@dataclass
class Outcome:
    """What the report is made from."""

    verdict: Verdict
    plan: Plan
    errors: dict[str, SlipwayError] = field(default_factory=dict)

    @property
    def error(self) -> SlipwayError | None:
        """The error that decides the exit code."""
        return worst(self.errors.values()) if self.errors else None

    @property
    def exit_code(self) -> int:
        """As the contract has it."""
        return self.error.exit_code if self.error else EXIT_CODES[self.verdict]

    def verdict_of(self, service: ServicePlan) -> Verdict:
        """How it ended for one service: another one's failure is not its own; before the rollouts all share one."""
        if service.path is Path.NONE:
            return Verdict.UNCHANGED
        error = self.errors.get(service.service) or self.errors.get("")
        return verdict_of(error) if error else Verdict.LIVE


def verdict_of(error: SlipwayError) -> Verdict:
    """The verdict that an error stands for."""
    return next((verdict for kind, verdict in VERDICTS if isinstance(error, kind)), Verdict.FAILED)


def as_facts(plan: Plan) -> dict[str, Any]:
    """The plan as plain data."""
    return {
        "target": plan.target,
        "path": str(plan.path),
        "reason": plan.reason,
        "stacks": list(plan.stacks),
        "services": {
            s.service: {
                "path": str(s.path),
                "reason": s.reason,
                "image_tag": s.image_tag,
                "previous_tag": s.previous_tag,
                "build": s.build and s.path is not Path.NONE,
                "bake": s.bake if s.path is not Path.NONE else 0,
                "release": s.release,
                "shift": list(s.shift),
                "leftover": s.leftover,
            }
            for s in plan.services
        },
    }


def report(world: World, outcome: Outcome) -> Event:
    """The last event: what came out, all of it measured in this run."""
    services = {
        s.service: {
            "path": str(s.path),
            "reason": s.reason,
            "image_tag": s.image_tag,
            "digest": world.digests.get(s.service) or world.state.digests.get(s.service),
            "url": world.urls.get(s.service),
            "verdict": str(outcome.verdict_of(s)),
            **({"bake": baked} if (baked := world.bakes.get(s.service)) else {}),
            **({"proof": proof} if (proof := world.proofs.get(s.service)) else {}),
            **({"shift": shift.facts} if (shift := world.shifts.get(s.service)) else {}),
        }
        for s in outcome.plan.services
    }
    return {
        "verdict": str(outcome.verdict),
        "deployment": world.deployment,
        "target": world.settings.target.name,
        "path": str(outcome.plan.path),
        "seconds": round(world.events.seconds, 3),
        "services": services,
        "stages": world.events.stages,
        "mutating_calls": len(world.aws.mutating_calls),
        "calls": sorted({f"{service}:{operation}" for service, operation in world.aws.calls}),
        "pushed_bytes": world.pushed_bytes,
        "settling": sorted(world.settling),
        **(
            {
                "error": {
                    "what": masked(outcome.error.what),
                    "where": outcome.error.where,
                    "remedy": outcome.error.remedy,
                    "exit_code": outcome.error.exit_code,
                }
            }
            if outcome.error
            else {}
        ),
    }
