"""What makes a second version bad, from plain counts."""

from __future__ import annotations

import math
from typing import Any

import pytest

from scripts.engine.traffic.judging import (
    Counts,
    Tally,
    Window,
    in_words,
    missing_health,
    numbers,
    quantile,
    trouble,
)

FAST = {"5": 90, "10": 100}
SLOW = {"250": 90, "500": 100}


def row(requests: int, errors: int = 0, **buckets: int) -> dict[str, Any]:
    return {"requests": requests, "errors": errors, "buckets": buckets}


def counts(requests: int, errors: int = 0, buckets: dict[str, int] | None = None) -> Counts:
    return Counts(requests, errors, {float(bound): count for bound, count in (buckets or {}).items()})


def window(second: Counts, main: Counts | None = None, **more: Any) -> Window:
    return Window(25, **more).counted(main or Counts(), second)


@pytest.mark.parametrize(
    ("second", "main"),
    [
        (counts(19, 19), counts(1000)),  # too few to say
        (counts(20, 1), counts(1000)),
        (counts(1000, 50), counts(1000)),
        (counts(1000, 140), counts(1000, 100)),  # both fail: what they need is down
        (counts(100, 0, FAST), counts(100, 0, FAST)),
        (counts(99, 0, SLOW), counts(1000, 0, FAST)),  # too few to compare
        (counts(100, 0, {"5": 90, "50": 100}), counts(100, 0, {"5": 95})),  # twice as slow, and no matter
    ],
)
def test_good(second: Counts, main: Counts) -> None:
    assert trouble(window(second, main), None) is None


@pytest.mark.parametrize(
    ("second", "main", "bound", "why"),
    [
        (
            counts(100, 6),
            counts(900),
            None,
            "6 of 100 requests of the new version failed: 6.0%, allowed are 5%, the old version has 0.0%",
        ),
        (
            counts(1000, 200),
            counts(1000, 100),
            None,
            "200 of 1000 requests of the new version failed: 20.0%, allowed are 5%, the old version has 10.0%",
        ),
        (
            counts(100, 0, SLOW),
            counts(1000, 0, FAST),
            None,
            "the p95 of 100 requests of the new version is 375 ms, that of the old one 8 ms",
        ),
        (
            counts(20, 0, SLOW),
            counts(0),
            300,
            "the p95 of 20 requests of the new version is 375 ms, allowed are 300 ms",
        ),
    ],
)
def test_bad(second: Counts, main: Counts, bound: int | None, why: str) -> None:
    assert trouble(window(second, main), bound) == why


def test_with_all_requests_the_old_version_of_the_step_before_is_what_it_is_compared_with() -> None:
    before = window(counts(1000, 0), counts(1000, 100))
    last = Window(100, reference=before.reference).counted(counts(3), counts(1000, 140))
    assert trouble(last, None) is None
    assert trouble(Window(100).counted(counts(3), counts(1000, 140)), None) is not None


def test_a_task_that_ended_and_tasks_that_are_unhealthy_for_long() -> None:
    assert trouble(window(Counts(), stopped=("task n1 of the new version stopped",)), None) == (
        "task n1 of the new version stopped"
    )
    lacking = missing_health([{"healthy": 2}, {"healthy": 1}], 2)
    assert lacking == "the gateway finds 1 of 2 tasks healthy"
    assert trouble(window(Counts(), unhealthy=("", *[lacking] * 4)), None) is None
    assert trouble(window(Counts(), unhealthy=(lacking,) * 5), None) == f"{lacking}, 5 looks in a row"


def test_health_is_what_every_task_of_the_gateway_says() -> None:
    assert missing_health([], 2) == "the gateway finds 0 of 2 tasks healthy"
    assert missing_health([{"healthy": 2}, {}], 2) == "the gateway finds 0 of 2 tasks healthy"
    assert missing_health([{"healthy": 2}, {"healthy": 3}], 2) == ""


def test_a_tally_counts_what_came_since_it_began() -> None:
    primed = Tally().heard("t1", {"hello": row(100, 1), "hello_next": row(7)}).afresh()
    assert primed.of("hello") == Counts()
    later = primed.heard("t1", {"hello": row(150, 3), "hello_next": row(9, 2)})
    assert (later.of("hello").requests, later.of("hello").errors) == (50, 2)
    assert (later.of("hello_next").requests, later.of("hello_next").errors) == (2, 2)


def test_a_gateway_task_that_is_new_or_began_again_counts_whole() -> None:
    primed = Tally().heard("t1", {"hello": row(100)}).afresh()
    seen = primed.heard("t1", {"hello": row(4)}).heard("t2", {"hello": row(6)}).heard("t1", {"hello": row(5)})
    assert seen.of("hello").requests == 4 + 6 + 1


def test_a_gateway_task_that_ended_stays_counted() -> None:
    seen = Tally().heard("t1", {"hello": row(10)}).heard("t2", {"hello": row(1)}).heard("t2", {"hello": row(3)})
    assert seen.of("hello").requests == 13


def test_buckets_of_several_tasks_and_times() -> None:
    primed = Tally().heard("t1", {"hello": {"requests": 10, "buckets": {"5": 10}}}).afresh()
    seen = primed.heard("t1", {"hello": {"requests": 20, "buckets": {"5": 15, "10": 20}}})
    seen = seen.heard("t2", {"hello": {"requests": 5, "buckets": {"1": 5}}})
    assert seen.of("hello").buckets == {5.0: 10, 10.0: 15, 1.0: 5}


@pytest.mark.parametrize(
    ("buckets", "p95"),
    [
        ({}, None),
        ({1.0: 0, 5.0: 0}, None),
        ({10.0: 100}, 9.5),
        ({10.0: 90, 20.0: 100}, 15.0),
        ({10.0: 50, math.inf: 100}, 10.0),
        ({10.0: 1}, 9.5),
    ],
)
def test_quantiles(buckets: dict[float, int], p95: float | None) -> None:
    assert quantile(buckets, 0.95) == p95


def test_rubbish_in_a_report_counts_nothing() -> None:
    assert Tally().heard("t1", {"hello": {}}).of("hello") == Counts()


def test_words_and_numbers() -> None:
    seen = window(counts(312, 1, FAST), counts(900, 0, FAST))
    assert in_words(seen) == "25 % on the new version: 312 requests, 1 errors, p95 8 ms (old 8 ms)"
    assert in_words(Window(5)) == "5 % on the new version: 0 requests, 0 errors"
    assert numbers(seen, 0.4) == {
        "weight": 25,
        "seconds_to_enforced": 0.4,
        "requests": 312,
        "errors": 1,
        "p95_ms": 7.5,
        "main_requests": 900,
        "main_errors": 0,
        "main_p95_ms": 7.5,
    }
