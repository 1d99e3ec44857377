"""The state machine of target health, check by check."""

from __future__ import annotations

import pytest

from scripts.local.target_health import (
    FIRST_VERDICT_AFTER,
    NO_ANSWER,
    NO_CONNECTION,
    PASSED,
    Outcome,
    Patience,
    Policy,
    TargetHealth,
    answered,
    code_matches,
)

POLICY = Policy(interval=5, healthy_threshold=2, unhealthy_threshold=2)


def after(*outcomes: Outcome, start: TargetHealth | None = None, every: float = 1.0) -> TargetHealth:
    health = start or TargetHealth(since=0.0)
    for number, outcome in enumerate(outcomes, 1):
        health = health.after(outcome, POLICY, number * every)
    return health


def test_one_passing_check_makes_a_new_target_healthy() -> None:
    assert after().state == "initial"
    healthy = after(NO_CONNECTION, PASSED)
    assert (healthy.state, healthy.reason, healthy.description) == ("healthy", None, "")


def test_a_new_target_has_time_to_start() -> None:
    early = after(NO_CONNECTION, NO_CONNECTION)
    assert early.state == "initial"
    assert early.reason == "Elb.InitialHealthChecking"
    late = early.after(NO_CONNECTION, POLICY, FIRST_VERDICT_AFTER)
    assert (late.state, late.reason) == ("unhealthy", "Target.FailedHealthChecks")


def test_a_healthy_target_fails_by_the_threshold_in_a_row() -> None:
    assert after(PASSED, NO_ANSWER, PASSED, NO_ANSWER).state == "healthy"
    assert after(PASSED, NO_ANSWER, NO_ANSWER).state == "unhealthy"


def test_an_unhealthy_target_recovers_by_the_threshold_in_a_row() -> None:
    sick = after(*[NO_CONNECTION] * 4)
    assert after(PASSED, start=sick).state == "unhealthy"
    assert after(PASSED, NO_CONNECTION, PASSED, start=sick).state == "unhealthy"
    assert after(PASSED, PASSED, start=sick).state == "healthy"


@pytest.mark.parametrize(
    ("outcomes", "pause"), [((), 0.0), ((NO_CONNECTION,), 0.4), ((NO_CONNECTION,) * 4, 1.0), ((PASSED,), 5.0)]
)
def test_checks_are_frequent_until_the_target_is_healthy(outcomes: tuple[Outcome, ...], pause: float) -> None:
    health = after(*outcomes)
    now = float(len(outcomes))
    assert health.due(POLICY, now + pause + 0.01)
    assert not pause or not health.due(POLICY, now + pause - 0.01)


@pytest.mark.parametrize(
    ("matcher", "status", "expected"),
    [
        ("200", 200, True),
        ("200", 204, False),
        ("200,302", 302, True),
        ("200-299", 204, True),
        ("200-299,401", 401, True),
        ("200-299", 300, False),
        ("nonsense", 200, False),
    ],
)
def test_matcher(matcher: str, status: int, expected: bool) -> None:
    assert code_matches(matcher, status) is expected


def test_wrong_code_is_described_as_on_aws() -> None:
    assert answered(POLICY, 200) == PASSED
    assert answered(POLICY, 500) == Outcome(
        "Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]"
    )


@pytest.mark.parametrize(
    ("grace", "listening_after", "failed_before", "seconds"),
    [
        (10, None, False, 10),
        (10, 3, False, 7),
        (10, None, True, 10),
        (30, None, True, 15),
        (10, 3, True, 7),
        (1, 3, False, 1),
        (10, 9, True, 10),
    ],
)
def test_patience_ends_early_when_the_outcome_is_certain(
    grace: float, listening_after: float | None, failed_before: bool, seconds: float
) -> None:
    assert Patience(grace).seconds(listening_after=listening_after, failed_before=failed_before) == seconds


def test_an_unhealthy_target_that_passes_again_is_on_its_way() -> None:
    policy = Policy(healthy_threshold=2, unhealthy_threshold=2)
    health = TargetHealth(since=0.0)
    for now in (4.0, 5.0):
        health = health.after(NO_CONNECTION, policy, now)
    assert health.is_failing
    health = health.after(PASSED, policy, 6.0)
    assert (health.state, health.is_failing) == ("unhealthy", False)
    assert health.after(NO_CONNECTION, policy, 7.0).is_failing
