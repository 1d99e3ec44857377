"""A candidate: tried by every running task, counted over all of them, and never in the way of what is live."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scripts.engine.errors import Failed, Refused, TimedOut
from scripts.engine.policies import waiting
from scripts.engine.policies.candidates import current, told, total
from scripts.engine.policies.publishing import Publisher
from scripts.engine.policies.store import KEPT
from tests.unit.engine.clouds import Answer, Cloud
from tests.unit.engine.policy_tables import FIRST, SECOND, Items, publisher, report

COUNTS = {"requests": 10, "newly_denied": 3, "newly_allowed": 1}
BY = {"lost": {"readers": 2}, "forbidden": {"blocked.ids": 1}, "permitted": {"guests": 1}}


@pytest.fixture
def items(cloud: Cloud) -> Items:
    return Items(cloud)


@pytest.fixture
def one(cloud: Cloud, items: Items) -> Publisher:
    """A publisher where FIRST is live; two tasks try whatever is wanted."""
    made = publisher(cloud, ["t1", "t2"])
    for task in ("t1", "t2"):
        report(items, task, version=FIRST.version)
    made.publish(FIRST)
    made.waiting.cancelled = lambda _: obey(items, made)
    return made


def obey(items: Items, made: Publisher, **facts: Any) -> bool:
    """Two tasks do what the table wants."""
    live, tried = made.store.live(), current(made.store)
    shadow = {"shadow": tried.version, "shadow_changed": str(tried.changed)} if tried else {}
    for task in ("t1", "t2"):
        report(items, task, version=live.version if live else "", **{**shadow, **facts})
    return False


def test_every_task_tries_it_and_what_is_live_stays(one: Publisher) -> None:
    trial = one.candidates.begin(SECOND, one.waiting)
    assert (trial.candidate.version, trial.candidate.actor, trial.tasks, trial.before) == (
        SECOND.version,
        "ann",
        2,
        None,
    )
    live = one.store.live()
    assert live is not None
    assert live.version == FIRST.version
    assert {head.version for head in one.store.heads()} == {FIRST.version, SECOND.version}


def test_the_same_one_again_only_waits(one: Publisher, cloud: Cloud) -> None:
    first = one.candidates.begin(SECOND, one.waiting).candidate
    puts = len(cloud.put())
    again = one.candidates.begin(SECOND, one.waiting)
    assert (again.candidate, len(cloud.put())) == (first, puts)


def test_what_is_live_is_no_candidate(one: Publisher) -> None:
    with pytest.raises(Refused, match="live already"):
        one.candidates.begin(FIRST, one.waiting)
    assert current(one.store) is None


def test_another_candidate_takes_its_place(one: Publisher) -> None:
    third = replace(SECOND, version="pol-000000000003")
    one.candidates.begin(SECOND, one.waiting)
    trial = one.candidates.begin(third, one.waiting)
    assert trial.before is not None
    assert (trial.before.version, trial.candidate.version) == (SECOND.version, third.version)


def test_of_two_people_at_once_one_is_refused(one: Publisher, items: Items) -> None:
    third = replace(SECOND, version="pol-000000000003")

    def meanwhile(item: Answer) -> None:
        if item["sk"]["S"] == "shadow":
            items.before_put = lambda _: None
            one.candidates.begin(third, one.waiting)

    items.before_put = meanwhile
    with pytest.raises(Refused, match="somebody else"):
        one.candidates.begin(SECOND, one.waiting)
    tried = current(one.store)
    assert tried is not None
    assert tried.version == third.version


def test_one_that_a_gateway_refuses_is_ended(one: Publisher, items: Items) -> None:
    one.waiting.cancelled = lambda _: obey(
        items, one, shadow="", shadow_error=f"{SECOND.version}: Envoy does not take it"
    )
    with pytest.raises(Failed, match="Envoy does not take it") as caught:
        one.candidates.begin(SECOND, one.waiting)
    assert caught.value.exit_code == 4
    assert current(one.store) is None
    live = one.store.live()
    assert live is not None
    assert live.version == FIRST.version


def test_what_was_said_about_an_earlier_try_does_not_count(one: Publisher, items: Items) -> None:
    for task in ("t1", "t2"):
        report(items, task, version=FIRST.version, shadow_changed="1.5", shadow_error=f"{SECOND.version}: damaged")
    assert one.candidates.begin(SECOND, one.waiting).tasks == 2
    tried = current(one.store)
    assert tried is not None
    report(items, "t1", shadow=SECOND.version, shadow_changed="1.5", shadowed={**COUNTS, "by": BY})
    assert total(one.store.reports(), tried).requests == 0


def test_a_gateway_that_says_nothing_times_out(one: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "WAIT_SECONDS", -1.0)
    with pytest.raises(TimedOut, match="2 of 2 gateway tasks"):
        one.candidates.begin(SECOND, one.waiting)


def test_making_it_live_ends_it(one: Publisher) -> None:
    one.candidates.begin(SECOND, one.waiting)
    one.publish(SECOND)
    assert current(one.store) is None


def test_making_another_version_live_does_not(one: Publisher) -> None:
    one.candidates.begin(SECOND, one.waiting)
    one.publish(replace(FIRST, version="pol-000000000003"))
    assert current(one.store) is not None
    assert one.candidates.end() is not None
    assert one.candidates.end() is None


def test_pruning_keeps_it(one: Publisher) -> None:
    one.candidates.begin(SECOND, one.waiting)
    for number in range(KEPT + 3):
        one.store.upload(replace(FIRST, version=f"pol-f{number:011x}"), "ann")
    one.store.prune(one.store.live())
    assert one.store.read(SECOND.version) == SECOND


def test_counts_of_all_tasks_are_added(one: Publisher, items: Items) -> None:
    tried = one.candidates.begin(SECOND, one.waiting).candidate
    for task in ("t1", "t2"):
        facts = {"shadow": tried.version, "shadow_changed": str(tried.changed)}
        report(items, task, **facts, shadowed={**COUNTS, "by": BY if task == "t1" else {"lost": {"readers": 3}}})
    counts = total(one.store.reports(), tried)
    assert (counts.requests, counts.newly_denied, counts.newly_allowed, counts.tasks) == (20, 6, 2, 2)
    assert counts.by["lost"] == {"readers": 5}
    assert told(counts) == [
        "20 requests seen, 6 denied newly, 2 allowed newly (gateway tasks: 2)",
        "       5  denied newly, no longer permitted by readers",
        "       1  denied newly, forbidden by blocked.ids",
        "       1  allowed newly, permitted by guests",
    ]
