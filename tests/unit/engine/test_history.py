"""What is read of the ledger: by target, service and verdict, and a deploy that was killed told as what it is."""

from __future__ import annotations

import time
from typing import Any

import pytest

from scripts.engine.history import LOST, good_records, history, read_deployment, read_events, records_since
from scripts.engine.ledger import Ledger
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.projects import project
from tests.unit.engine.tables import Table

SETTINGS = project()


@pytest.fixture
def table(cloud: Cloud) -> Table:
    return Table(cloud)


def ident(number: int) -> str:
    return f"20260101T000000Z-{number:06x}"


def record(cloud: Cloud, number: int, *, hello: str = "live", gateway: str = "unchanged", **more: Any) -> Ledger:
    ledger = Ledger(cloud.aws, SETTINGS, ident(number))
    worst = hello if gateway == "unchanged" else gateway
    services = {
        "gateway": {"path": "none", "image_tag": "src-g", "verdict": gateway},
        "hello": {"path": "fast", "image_tag": f"src-{number}", "verdict": hello},
    }
    ledger.close({"verdict": worst, "services": services, "stages": [], "digests": {}, **more})
    return ledger


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def test_the_newest_come_first_and_no_more_than_asked_for(cloud: Cloud, table: Table) -> None:
    for number in (1, 3, 2):
        record(cloud, number)
    assert ids(history(cloud.aws, SETTINGS)) == [ident(3), ident(2), ident(1)]
    assert ids(history(cloud.aws, SETTINGS, limit=2)) == [ident(3), ident(2)]
    asked = cloud.parameters("dynamodb:Query")[-1]
    assert (asked["IndexName"], asked["ScanIndexForward"], asked["Limit"]) == ("by_target", False, 2)
    assert asked["ExpressionAttributeValues"] == {":key": {"S": "target#staging"}}
    assert len(cloud.parameters("dynamodb:Query")) == 2, "one page is enough"


def test_a_summary_has_no_details(cloud: Cloud, table: Table) -> None:
    record(cloud, 1, seconds=2.5, evidence=[{"event": "evidence"}])
    (row,) = history(cloud.aws, SETTINGS)
    assert set(row) == {"id", "verdict", "services", "seconds"}


def test_of_one_service_with_its_own_verdict(cloud: Cloud, table: Table) -> None:
    record(cloud, 1)
    record(cloud, 2, hello="live", gateway="rolled_back")
    record(cloud, 3, hello="rolled_back")
    assert ids(history(cloud.aws, SETTINGS, service="hello")) == [ident(3), ident(2), ident(1)]
    assert ids(history(cloud.aws, SETTINGS, service="hello", verdict="live")) == [ident(2), ident(1)]
    assert ids(history(cloud.aws, SETTINGS, service="gateway", verdict="rolled_back")) == [ident(2)]
    assert ids(history(cloud.aws, SETTINGS, verdict="rolled_back")) == [ident(3), ident(2)]
    assert history(cloud.aws, SETTINGS, verdict="failed") == []


def test_a_rare_verdict_is_found_without_reading_the_others(cloud: Cloud, table: Table) -> None:
    for number in range(1, 300):
        record(cloud, number, hello="failed" if number > 3 else "live")
    assert ids(history(cloud.aws, SETTINGS, service="hello", verdict="live", limit=2)) == [ident(3), ident(2)]
    assert len(cloud.parameters("dynamodb:Query")) == 1


def test_good_records_are_not_crowded_out_by_unchanged_ones(cloud: Cloud, table: Table) -> None:
    record(cloud, 1)
    for number in range(2, 9):
        record(cloud, number, hello="unchanged")
    assert ids(good_records(cloud.aws, SETTINGS, "hello", 3)) == [ident(8), ident(7), ident(6), ident(1)]


def test_running_is_believed_while_its_lease_is_held(cloud: Cloud, table: Table) -> None:
    record(cloud, 1, hello="running")
    table.hold("hello", ident(1), time.time() + 20)
    assert history(cloud.aws, SETTINGS)[0]["verdict"] == "running"
    assert ids(history(cloud.aws, SETTINGS, verdict="running")) == [ident(1)]
    assert history(cloud.aws, SETTINGS, verdict="stopped") == []


@pytest.mark.parametrize(("holder", "ahead"), [(1, -1.0), (2, 20.0), (0, 0.0)])
def test_running_without_its_lease_was_killed(cloud: Cloud, table: Table, holder: int, ahead: float) -> None:
    record(cloud, 1, hello="running")
    record(cloud, 2, hello="stopped")
    if holder:
        table.hold("hello", ident(holder), time.time() + ahead)
    rows = history(cloud.aws, SETTINGS, verdict="stopped")
    assert ids(rows) == [ident(2), ident(1)]
    assert (rows[1]["lost"], rows[1]["error"]) == (True, LOST)
    assert {name: own["verdict"] for name, own in rows[1]["services"].items()} == {
        "gateway": "unchanged",
        "hello": "stopped",
    }
    assert "lost" not in rows[0]
    of_hello = history(cloud.aws, SETTINGS, service="hello", verdict="stopped")
    assert ids(of_hello) == [ident(2), ident(1)]
    assert [list(row["services"]) for row in of_hello] == [["hello"], ["hello"]]
    assert history(cloud.aws, SETTINGS, verdict="running") == []


def test_a_deploy_that_ended_between_the_two_looks_was_not_lost(cloud: Cloud, table: Table) -> None:
    record(cloud, 1, hello="running")
    stale = dict(table.items)
    record(cloud, 1, hello="live", seconds=8.0)
    head = table.items[f"deployment#{ident(1)}", "head"]
    table.items |= stale
    query = cloud.answers["dynamodb:Query"]
    assert callable(query)

    def lagging(asked: dict[str, Any]) -> Any:
        answer = query(asked)
        table.items[f"deployment#{ident(1)}", "head"] = head
        return answer

    for service in (None, "hello"):
        table.items |= stale
        cloud.answers["dynamodb:Query"] = lagging
        (row,) = history(cloud.aws, SETTINGS, service=service)
        assert (row["verdict"], row["seconds"], "lost" in row) == ("live", 8.0, False)
        assert set(row["services"]) == ({"hello"} if service else {"hello", "gateway"})


def test_a_lock_is_asked_for_once_however_many_were_killed(cloud: Cloud, table: Table) -> None:
    for number in range(1, 13):
        record(cloud, number, hello="running")
    assert len(history(cloud.aws, SETTINGS, verdict="stopped")) == 12
    asked = [parameters["Key"]["pk"]["S"] for parameters in cloud.parameters("dynamodb:GetItem")]
    assert asked.count("lock#hello") == 1


QUESTIONS: dict[str, Any] = {
    "of a target": lambda aws: history(aws, SETTINGS),
    "of a service": lambda aws: history(aws, SETTINGS, service="hello"),
    "with a verdict": lambda aws: history(aws, SETTINGS, verdict="live"),
    "of a service with a verdict": lambda aws: history(aws, SETTINGS, service="hello", verdict="live"),
    "good ones": lambda aws: good_records(aws, SETTINGS, "hello", 20),
    "since": lambda aws: records_since(aws, SETTINGS, 1_767_225_600.0),
    "one": lambda aws: read_deployment(aws, SETTINGS, ident(1)),
    "its events": lambda aws: read_events(aws, SETTINGS, ident(1)),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_is_one_read_by_key(cloud: Cloud, table: Table, name: str) -> None:
    for number in range(1, 201):
        record(cloud, number)
    cloud.asked.clear()
    assert QUESTIONS[name](cloud.aws) is not None
    calls = [call for call, _ in cloud.asked]
    assert set(calls) <= {"dynamodb:Query", "dynamodb:GetItem"}, "never a scan"
    assert len(calls) == (2 if name == "good ones" else 1), "one answer holds it"
    for asked in cloud.parameters("dynamodb:Query"):
        assert "FilterExpression" not in asked, "nothing is read to be thrown away"


def test_one_deployment_with_its_events(cloud: Cloud, table: Table) -> None:
    ledger = record(cloud, 1, error="why", stages=[{"name": "build"}])
    ledger.event({"event": "stage", "at": 0.5}, 1)
    ledger.event({"event": "stage_done", "at": 1.5}, 2)
    found = read_deployment(cloud.aws, SETTINGS, ident(1))
    assert found is not None
    assert (found["id"], found["error"], found["stages"]) == (ident(1), "why", [{"name": "build"}])
    assert [event["at"] for event in read_events(cloud.aws, SETTINGS, ident(1))] == [0.5, 1.5]
    assert read_deployment(cloud.aws, SETTINGS, ident(2)) is None
    assert not cloud.parameters("dynamodb:Scan")
