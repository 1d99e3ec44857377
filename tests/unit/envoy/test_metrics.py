"""Lines for CloudWatch, from two readings of Envoy's counters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.metrics import Metrics, Reading, documents, quantile, read
from agent.stats import Counts
from tests.unit.envoy.emf import checked
from tests.unit.envoy.fakes import Time

Json = dict[str, Any]
SERVICE = {("Slipway/Gateway", ("Target", "Service"), name) for name in ("Requests", "Errors", "P50", "P95", "P99")}


class Envoy:
    """Counters of the services `hello` and `idle` and of policies."""

    def __init__(self) -> None:
        self.requests, self.denied, self.is_down = 0, 0, False

    def stats(self, pattern: str) -> list[Json]:
        """Rows as Envoy has them; every answer took 8 to 10 ms."""
        if self.is_down:
            return []
        bounds = ((8, 0), (10, self.requests), (100, self.requests))
        buckets = [{"upper_bound": bound, "interval": 0, "cumulative": count} for bound, count in bounds]
        return [
            {"name": "cluster._administration.upstream_rq_completed", "value": 9},
            {"name": "cluster.hello.upstream_rq_completed", "value": self.requests},
            {"name": "cluster.idle.membership_healthy", "value": 1},
            {"name": "policies.decisions.effect.denied.policy.a.b", "value": self.denied},
            {"name": "policies.decisions.effect.denied.policy.", "value": self.denied},
            {"name": "policies.shadowed.version.pol-1", "value": 5},
            {"histograms": [{"name": "cluster.hello.upstream_rq_time", "buckets": buckets}]},
        ]


def lines(text: str) -> list[Json]:
    return [json.loads(line) for line in text.splitlines()]


def change(before: Reading, after: Reading) -> dict[str, Json]:
    """What is said of each service and policy."""
    found = documents(before, after, target="shop-local", at=60.0)
    for document in found:
        checked(document)
    return {row.get("Service") or row["Policy"]: row for row in found}


def test_a_line_is_in_the_format_and_has_what_came_in_between() -> None:
    before = Reading({"hello": Counts(requests=100, errors=1, buckets={"10": 100, "100": 100})})
    after = Reading({"hello": Counts(requests=110, errors=3, buckets={"10": 105, "100": 110})})
    (document,) = documents(before, after, target="shop-local", at=90.0)
    assert checked(document) == SERVICE
    assert document.pop("_aws")["Timestamp"] == 90_000
    assert document == {
        "Target": "shop-local",
        "Service": "hello",
        "Requests": 10,
        "Errors": 2,
        "P50": 10.0,
        "P95": 91.0,
        "P99": 98.2,
    }


def test_both_versions_of_a_service_count_as_one() -> None:
    main, second = Counts(8, 0, buckets={"10": 8, "20": 8}), Counts(2, 2, buckets={"10": 0, "20": 2})
    found = change(Reading(), Reading({"hello": main, "hello_next": second}))
    assert (list(found), found["hello"]["Requests"], found["hello"]["Errors"]) == (["hello"], 10, 2)
    assert found["hello"]["P95"] == 17.5


def test_a_service_without_requests_says_only_that() -> None:
    same = Reading({"hello": Counts(5, 5, buckets={"10": 5})})
    row = change(same, same)["hello"]
    assert {name: row[name] for name in row if name != "_aws"} == {
        "Target": "shop-local",
        "Service": "hello",
        "Requests": 0,
    }


def test_requests_that_no_task_answered_have_no_times() -> None:
    row = change(Reading({"away": Counts()}), Reading({"away": Counts(requests=3, errors=3)}))["away"]
    assert (row["Requests"], row["Errors"], "P95" in row) == (3, 3, False)


@pytest.mark.parametrize(
    "again", [Counts(2, 1, buckets={"10": 2}), Counts(50, 0, buckets={"10": 50}), Counts(50, 9, buckets={"10": 2})]
)
def test_a_service_that_went_and_came_counts_from_nothing(again: Counts) -> None:
    before = Reading({"hello": Counts(40, 9, buckets={"10": 40})})
    row = change(before, Reading({"hello": again}))["hello"]
    assert (row["Requests"], row["Errors"]) == (again.requests, again.errors)


def test_policies_say_what_they_decided() -> None:
    before = Reading(decisions={("allowed", "a"): 1, ("denied", "b"): 2})
    after = Reading(decisions={("allowed", "a"): 4, ("denied", "b"): 2, ("denied", ""): 7, ("denied", "a"): 1})
    found = change(before, after)
    assert found.keys() == {"a", "_none"}
    assert (found["a"]["Allowed"], found["a"]["Denied"], found["_none"]["Denied"]) == (3, 1, 7)
    assert checked(found["_none"]) == {("Slipway/Gateway", ("Target", "Policy"), "Denied")}


@pytest.mark.parametrize(
    ("buckets", "share", "expected"),
    [
        ({}, 0.5, None),
        ({10.0: 0, 20.0: 0}, 0.5, None),
        ({10.0: 1}, 0.5, 5.0),
        ({10.0: 100, 20.0: 200}, 0.5, 10.0),
        ({10.0: 100, 20.0: 200}, 0.75, 15.0),
        ({10.0: 0, 20.0: 0, 40.0: 10}, 0.95, 39.0),
        ({10.0: 10, 20.0: 10, 40.0: 10}, 0.99, 9.9),
    ],
)
def test_quantiles_lie_within_their_bucket(buckets: dict[float, int], share: float, expected: float | None) -> None:
    assert quantile(buckets, share) == expected


def test_lines_come_when_a_minute_is_over_and_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    time, envoy = Time(), Envoy()
    metrics = Metrics(envoy, "shop-local", time.clock)
    envoy.requests, envoy.denied = 10, 2
    metrics.step()
    assert capsys.readouterr().out == ""
    time.pass_by(60)
    metrics.step()
    metrics.step()
    found = lines(capsys.readouterr().out)
    assert [row.get("Service") or row["Policy"] for row in found] == ["hello", "idle", "_none", "a.b"]
    assert {row["_aws"]["Timestamp"] for row in found} == {960_000}
    assert (found[0]["Requests"], found[0]["P50"], found[3]["Denied"]) == (10, 9.0, 2)
    envoy.requests = 13
    metrics.last()
    found = lines(capsys.readouterr().out)
    assert [(row["Service"], row["Requests"]) for row in found] == [("hello", 3), ("idle", 0)]
    assert {row["_aws"]["Timestamp"] for row in found} == {1_020_000}


def test_what_envoy_does_not_tell_now_is_told_later(capsys: pytest.CaptureFixture[str]) -> None:
    time, envoy = Time(), Envoy()
    metrics = Metrics(envoy, "shop-local", time.clock)
    for requests, is_down in ((10, False), (15, True), (20, False)):
        envoy.requests, envoy.is_down = requests, is_down
        time.pass_by(60)
        metrics.step()
    found = lines(capsys.readouterr().out)
    assert [row["Requests"] for row in found if row.get("Service") == "hello"] == [10, 10]
    assert read(envoy) == Reading(
        {
            "_administration": Counts(9),
            "hello": Counts(20, buckets={"8": 0, "10": 20, "100": 20}),
            "idle": Counts(healthy=1),
        },
        {("denied", "a.b"): 0, ("denied", ""): 0},
    )
