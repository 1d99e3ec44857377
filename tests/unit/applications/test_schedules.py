"""Schedules of Unix become schedules of EventBridge, or are refused."""

from __future__ import annotations

import pytest

from scripts.applications.schedules import expression
from scripts.engine.errors import BadInput
from settings import rules


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("@daily", "cron(0 0 * * ? *)"),
        ("@weekly", "cron(0 0 ? * 1 *)"),
        ("rate(5 minutes)", "rate(5 minutes)"),
        ("cron(0 3 * * ? *)", "cron(0 3 * * ? *)"),
        ("0 3 * * *", "cron(0 3 * * ? *)"),
        ("*/20 * * * *", "cron(0,20,40 * * * ? *)"),
        ("0 9-11 * * 1-5", "cron(0 9,10,11 ? * 2,3,4,5,6 *)"),
        ("30 4 1,15 * *", "cron(30 4 1,15 * ? *)"),
        ("0 0 * * 0", "cron(0 0 ? * 1 *)"),
        ("0 0 * * 7", "cron(0 0 ? * 1 *)"),
        ("0 0 * * sun", "cron(0 0 ? * 1 *)"),
        ("0 0 * * FRI-SAT", "cron(0 0 ? * 6,7 *)"),
        ("5/30 * * 6 *", "cron(5,35 * * 6 ? *)"),
    ],
)
def test_as_eventbridge_has_it(text: str, wanted: str) -> None:
    assert expression(text, "x") == wanted
    assert rules.SCHEDULE["schedule"].holds(wanted)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0 0 1 * 1", "days of the month and of the week"),
        ("0 0 * *", "five fields"),
        ("0 0 * * * *", "five fields"),
        ("61 * * * *", "where 0 to 59 is allowed"),
        ("5-1 * * * *", "where 0 to 59 is allowed"),
        ("a * * * *", "numbers, ranges and steps"),
        ("*/0 * * * *", "numbers, ranges and steps"),
        ("0 0 * jan *", "numbers, ranges and steps"),
        ("0 0 L * *", "numbers, ranges and steps"),
        ("", "five fields"),
    ],
)
def test_refused(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as caught:
        expression(text, "processes.night")
    assert caught.value.where == "processes.night"
    assert "rate(1 hour)" in caught.value.remedy
