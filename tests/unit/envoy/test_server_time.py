"""A machine whose clock is off: what the agent makes of the servers' own time."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from agent.server_time import ServerTime

TRUTH = 1_700_000_000.0


@pytest.mark.parametrize("ahead", [3600.0, -3600.0, 86_400.0 * 400])
def test_a_clock_that_is_off_is_put_right_by_an_answer_s_date(ahead: float) -> None:
    clock = ServerTime(lambda: TRUTH + ahead)
    assert clock.learn(formatdate(TRUTH, usegmt=True))
    assert (clock.ahead, clock.now()) == (ahead, TRUTH)
    assert not clock.learn(formatdate(TRUTH + 1, usegmt=True))


def test_seconds_on_the_way_are_no_difference() -> None:
    clock = ServerTime(lambda: TRUTH + 50)
    assert not clock.learn(formatdate(TRUTH, usegmt=True))
    assert clock.ahead == 0


def test_a_clock_that_was_set_right_meanwhile_is_right_again(capsys: pytest.CaptureFixture[str]) -> None:
    machine = [TRUTH + 3600]
    clock = ServerTime(lambda: machine[0])
    clock.learn(formatdate(TRUTH, usegmt=True))
    machine[0] = TRUTH
    assert clock.learn(formatdate(TRUTH, usegmt=True))
    assert clock.ahead == 0
    assert "the clock is off" in (said := capsys.readouterr().out)
    assert "the clock is right" in said


@pytest.mark.parametrize(
    "date", [None, "", "now", "Thu, 99 Foo 2026 25:61:61 GMT", "0", "Mon, 01 Jan 999999 00:00:00 GMT"]
)
def test_a_date_that_is_none_teaches_nothing(date: str | None) -> None:
    assert not ServerTime(time.time).learn(date)
