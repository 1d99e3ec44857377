"""When a version that is live counts as bad: numbers in, a sentence or nothing out."""

from __future__ import annotations

import json

import pytest

from scripts.engine.baking import Check, Minute, Seen, in_words, numbers, percentile, trouble


def checks(pattern: str, *, start: float = 0.0, ms: float = 4.0) -> tuple[Check, ...]:
    """One check a second: `.` a good one, `x` a failed one, `s` a good one that takes a second."""
    made = {
        "x": lambda at: Check(at, good=False, text="HTTP 500"),
        "s": lambda at: Check(at, good=True, text="HTTP 200", milliseconds=1000.0),
        ".": lambda at: Check(at, good=True, text="HTTP 200", milliseconds=ms),
    }
    return tuple(made[letter](start + at) for at, letter in enumerate(pattern))


GOOD = Minute(60.0, requests=1000, errors=50, p95=80.0)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", None),
        ("xx", None),
        ("xx.xx.xx.xx", None),
        ("xxx", "3 checks in a row failed: HTTP 500"),
        ("." * 16 + "xxx", "3 checks in a row failed: HTTP 500"),
        ("x" + "." * 18 + "x", "2 of 20 checks failed: 10.0%, allowed are 5%"),
        ("x" + "." * 19, None),
        ("x.x.x" + "." * 14, None),
        ("x.x.x" + "." * 15, "3 of 20 checks failed: 15.0%, allowed are 5%"),
    ],
)
def test_own_checks(pattern: str, why: str | None) -> None:
    assert trouble(Seen(checks(pattern)), None) == why


def test_only_the_last_minute_of_checks_counts() -> None:
    early = checks("x.xx." + "." * 60)
    assert trouble(Seen(early), None) is None
    late = (*checks("." * 600), *checks("x..x..x..x", start=600.0))
    assert trouble(Seen(late), None) == "4 of 60 checks failed: 6.7%, allowed are 5%"


def test_slow_checks_need_a_bound_and_a_number() -> None:
    assert trouble(Seen(checks("s" * 40)), None) is None
    assert trouble(Seen(checks("s" * 19)), 500) is None
    assert trouble(Seen(checks("s" * 20)), 500) == "the p95 of 20 checks is 1000 ms, allowed are 500 ms"
    assert trouble(Seen(checks("." * 19 + "s")), 500) is None
    assert trouble(Seen(checks("." * 18 + "ss")), 500) == "the p95 of 20 checks is 1000 ms, allowed are 500 ms"
    assert trouble(Seen(checks("s" * 20)), 1000) is None


def test_the_load_balancers_numbers_win_where_it_has_enough() -> None:
    slow_from_here = checks("s" * 30)
    assert trouble(Seen(slow_from_here, (GOOD,)), 500) is None
    few = Minute(60.0, requests=19, errors=19)
    assert trouble(Seen(checks("." * 30), (few,)), 500) is None
    assert trouble(Seen(slow_from_here, (few,)), 500) is not None


@pytest.mark.parametrize(
    ("minute", "why"),
    [
        (Minute(0, 20, 1), None),
        (
            Minute(0, 20, 2),
            "2 of 20 requests in a minute at the load balancer failed: 10.0%, allowed are 5%",
        ),
        (Minute(0, 1000, 50, 500.0), None),
        (
            Minute(0, 1000, 50, 500.4),
            "the p95 of 1000 requests in a minute at the load balancer is 500 ms, allowed are 500 ms",
        ),
        (Minute(0, 1000, 0, None), None),
    ],
)
def test_a_minute_of_the_load_balancer(minute: Minute, why: str | None) -> None:
    assert trouble(Seen(checks("...."), (GOOD, minute)), 500) == why


def test_one_bad_minute_among_good_ones_is_enough() -> None:
    bad = Minute(120.0, requests=100, errors=6)
    assert trouble(Seen(minutes=(GOOD, bad, GOOD)), None) is not None


def test_failing_checks_count_whatever_the_load_balancer_says() -> None:
    assert trouble(Seen(checks("xxx"), (GOOD,)), None) == "3 checks in a row failed: HTTP 500"


def test_a_task_that_ended_is_told_first() -> None:
    seen = Seen(checks("xxx"), stopped=("task a stopped: it crashed (exit code 1)", "task b stopped"))
    assert trouble(seen, None) == "task a stopped: it crashed (exit code 1)"


def test_numbers_are_plain_data() -> None:
    seen = Seen(checks("..x"), (GOOD, Minute(120.0, 40, 1, 90.04), Minute(180.0, 3, 3)))
    found = json.loads(json.dumps(numbers(seen)))
    balancer = {"minutes": 2, "requests": 1040, "errors": 51, "p95": 90.0}
    assert found == {"checks": 3, "failed": 1, "p95": 4.0, "load_balancer": balancer}
    assert numbers(Seen()) == {"checks": 0, "failed": 0, "p95": None, "load_balancer": None}


def test_in_words() -> None:
    assert in_words(Seen()) == ("0 checks, 0 failed",)
    seen = Seen(checks("..x"), (GOOD,))
    expected = ("3 checks, 1 failed, p95 4 ms", "1000 requests at the load balancer, 50 failed, p95 80 ms at most")
    assert in_words(seen) == expected


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([], 0.95) is None
    assert percentile([7.0], 0.95) == 7.0
    assert percentile([float(value) for value in range(100, 0, -1)], 0.95) == 95.0
