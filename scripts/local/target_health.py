"""What a load balancer knows about one target: a state machine over check outcomes, without clock or network.

States and reason codes are those of `DescribeTargetHealth` (Elastic Load Balancing API reference, TargetHealth). One
passing check makes a newly registered target healthy; the thresholds matter from then on (ELB guide, "Target group
health checks").

The embedded cloud checks targets that are not healthy yet more often than the target group asks for, so that a rollout
shows its outcome in seconds. A healthy target is checked at the interval that the group asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

NEW_TARGET_INTERVAL = 0.4
"""Seconds between two checks of a target that has never passed one."""
UNHEALTHY_INTERVAL = 1.0
FIRST_VERDICT_AFTER = 3.0
"""Seconds that a new target stays `initial` at least, however its checks fail: an application needs time to start."""


@dataclass(frozen=True)
class Policy:
    """Health check settings of a target group."""

    path: str = "/"
    port: int | None = None
    """None: the port the target is registered with."""
    protocol: str = "HTTP"
    matcher: str = "200"
    interval: float = 30.0
    timeout: float = 5.0
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2


@dataclass(frozen=True)
class Outcome:
    """What one check found; a reason means that it failed."""

    reason: str | None = None
    description: str = ""


PASSED = Outcome()


@dataclass(frozen=True)
class TargetHealth:
    """State of one registered target."""

    since: float
    """When it was registered."""
    state: str = "initial"
    reason: str | None = "Elb.InitialHealthChecking"
    description: str = "Initial health checks in progress"
    passes: int = 0
    failures: int = 0
    checked: float = float("-inf")

    @property
    def is_failing(self) -> bool:
        """Whether it is unhealthy and its last check failed; one that passes again is on its way to healthy."""
        return self.state == "unhealthy" and self.passes == 0

    def due(self, policy: Policy, now: float) -> bool:
        """Whether it is time for the next check."""
        pause = {"initial": NEW_TARGET_INTERVAL, "unhealthy": UNHEALTHY_INTERVAL}.get(self.state, policy.interval)
        return now - self.checked >= min(pause, policy.interval)

    def after(self, outcome: Outcome, policy: Policy, now: float) -> TargetHealth:
        """The state after one more check."""
        if outcome.reason is None:
            return self._passed(policy, now)
        counted = replace(self, passes=0, failures=self.failures + 1, checked=now)
        if counted.failures < policy.unhealthy_threshold:
            return counted
        if self.state == "initial" and now - self.since < FIRST_VERDICT_AFTER:
            return counted
        return replace(counted, state="unhealthy", reason=outcome.reason, description=outcome.description)

    def _passed(self, policy: Policy, now: float) -> TargetHealth:
        counted = replace(self, passes=self.passes + 1, failures=0, checked=now)
        if self.state == "unhealthy" and counted.passes < policy.healthy_threshold:
            return counted
        return replace(counted, state="healthy", reason=None, description="")


def code_matches(matcher: str, status: int) -> bool:
    """Whether an HTTP status satisfies a matcher such as `200`, `200,302` or `200-299`."""
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if low.isdigit() and int(low) <= status <= int(high or low):
            return True
    return False


def answered(policy: Policy, status: int) -> Outcome:
    """The outcome of a check that got an HTTP answer."""
    if code_matches(policy.matcher, status):
        return PASSED
    return Outcome("Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]")


NO_ANSWER = Outcome("Target.Timeout", "Request timed out")
NO_CONNECTION = Outcome("Target.FailedHealthChecks", "Health checks failed")


@dataclass(frozen=True)
class Patience:
    """How long ECS ignores the failing checks of a task that has never been healthy, in seconds after its start.

    ECS waits for the service's health check grace period. Here the period ends early for a task whose outcome is
    certain: its container listens, but not where the load balancer looks, or it answers with the wrong code. That
    counts from when it was first seen to listen: on a busy machine an application takes seconds until then.
    """

    grace: float
    certain: float = 4.0
    """Seconds after it listens: time for a check that had failed before to be made again, on a busy machine too."""
    repeated: float = 15.0
    """Seconds for a task that listens nowhere, when one of its deployment has failed its checks already."""

    def seconds(self, *, listening_after: float | None, failed_before: bool) -> float:
        """Seconds to wait for a task; `listening_after` is when after its start it was first seen to listen."""
        if listening_after is not None:
            return min(self.grace, listening_after + self.certain)
        return min(self.grace, self.repeated) if failed_before else self.grace
