"""What the stop watch counts, and what it must not change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from scripts.bench import bookkeeping, timed_deploy
from scripts.engine import deploying


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> timed_deploy.StopWatch:
    """Every look at the clock is a second later."""
    ticks = iter(range(1_000))
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(ticks)))
    return timed_deploy.StopWatch()


def test_what_is_watched_is_what_a_deploy_calls(watch: timed_deploy.StopWatch) -> None:
    for name, counted in timed_deploy.watched_parts(watch).items():
        assert callable(counted)
        assert callable(getattr(deploying, name)), "another name would be counted as nothing"


def test_a_function_is_counted_each_time_and_when_it_fails(watch: timed_deploy.StopWatch) -> None:
    counted = watch.function("half", lambda number: 1 / number)
    assert (counted(2), counted(4)) == (0.5, 0.25)
    with pytest.raises(ZeroDivisionError):
        counted(0)
    assert watch.seconds == {"half": 3.0}


@contextmanager
def lent(said: list[str]) -> Iterator[Callable[[str], None]]:
    said.append("begin")
    try:
        yield said.append
    except KeyError:
        said.append("no such key")
    finally:
        said.append("end")


def test_begin_and_end_of_a_block_are_counted_not_what_is_between(watch: timed_deploy.StopWatch) -> None:
    said: list[str] = []
    with watch.block("book", lent)(said) as say:
        time.perf_counter()
        say("between")
    assert said == ["begin", "between", "end"]
    assert watch.seconds == {"book, begin": 1.0, "book, end": 2.0}


def test_errors_pass_through_as_without_the_watch(watch: timed_deploy.StopWatch) -> None:
    said: list[str] = []
    with pytest.raises(ZeroDivisionError), watch.block("book", lent)(said):
        raise ZeroDivisionError
    with watch.block("book", lent)(said):
        raise KeyError
    assert said == ["begin", "end", "begin", "no such key", "end"]


def test_facts_are_sums_and_medians() -> None:
    facts = bookkeeping.facts_of([{"lock": 0.01, "fence": 0.02}, {"lock": 0.03}, {"lock": 0.02, "fence": 0.01}])
    assert facts["seconds"]["values"] == [0.03, 0.03, 0.03]
    assert facts["parts"] == {"fence": 0.01, "lock": 0.02}
