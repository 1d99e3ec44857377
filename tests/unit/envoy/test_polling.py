"""What is read of the table, and what is said about this task; answers that are rubbish are no answers."""

from __future__ import annotations

from typing import Any

import pytest

from agent import items
from agent.reporting import AGAIN_SECONDS, SEEN_SECONDS, Reports
from agent.server_time import ServerTime
from agent.store import Live, Store, Wanted
from tests.unit.envoy.fakes import Api, Time

TABLE = "shop-test-gateway"


def row(name: str, version: str) -> dict[str, Any]:
    return {"pk": {"S": "policies"}, "sk": {"S": name}, "version": {"S": version}, "changed": {"N": "1.5"}}


def answer(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"Responses": {TABLE: list(rows)}, "UnprocessedKeys": {}}


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ((), Wanted(None, None)),
        ((row("shadow", "b"), row("live", "a")), Wanted(Live("a", "1.5"), Live("b", "1.5"))),
        ((row("shadow", "b"),), Wanted(None, Live("b", "1.5"))),
        ((row("live", "a"), {"sk": {"S": "shadow"}, "rubbish": {}}), Wanted(Live("a", "1.5"), None)),
    ],
)
def test_both_versions_come_in_one_look(rows: tuple[dict[str, Any], ...], wanted: Wanted) -> None:
    api = Api(answer(*rows))
    assert Store(api, TABLE).wanted() == wanted
    (operation, request) = api.asked[0]
    assert operation == "BatchGetItem"
    assert request["RequestItems"][TABLE]["ConsistentRead"] is True


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"Responses": {}},
        {"Responses": {TABLE: [None]}},
        answer({"sk": {"S": "live"}}),
        answer(row("live", "a")) | {"UnprocessedKeys": {TABLE: {}}},
    ],
)
def test_an_answer_that_is_none_changes_nothing(found: dict[str, Any]) -> None:
    with pytest.raises(OSError, match=r"read|busy"):
        Store(Api(found), TABLE).wanted()


def test_traffic_is_read_to_the_last_page() -> None:
    api = Api({"Items": [{"sk": {"S": "a"}}], "LastEvaluatedKey": {"k": {}}}, {"Items": [{"sk": {"S": "b"}}]})
    assert [found["sk"]["S"] for found in Store(api, TABLE).traffic()] == ["a", "b"]
    assert [request.get("ExclusiveStartKey") for _, request in api.asked] == [None, {"k": {}}]


@pytest.mark.parametrize("found", [{}, {"Items": None}, {"Items": "x"}, {"Items": {}}, {"Items": [None]}])
def test_an_answer_without_items_is_none(found: dict[str, Any]) -> None:
    with pytest.raises(OSError, match="without items"):
        Store(Api(found), TABLE).traffic()


def test_values_come_back_as_they_went() -> None:
    values = {"a": 1, "b": 1.5, "c": "x", "d": True, "e": {"f": {"g": 2}}, "h": ""}
    assert items.unpacked(items.packed(values)) == values
    assert items.packed({"a": True}) == {"a": {"BOOL": True}}


def told(api: Api) -> list[dict[str, Any]]:
    rows = [items.unpacked(request["Item"]) for _, request in api.asked]
    return [{key: row[key] for key in row.keys() - {"pk", "sk", "seen", "expires_at"}} for row in rows]


def test_news_are_sent_once_and_repeated_now_and_then() -> None:
    api, time = Api({}), Time()
    reports = Reports(Store(api, TABLE), "task", time.clock)
    reports.say(traffic={"shop": 3})
    reports.step()
    assert told(api) == []  # which policies are enforced is not known yet
    reports.say(version="a", error="")
    for _ in range(3):
        reports.step()
    reports.say(version="a", error="", traffic=None)
    reports.step()
    time.pass_by(SEEN_SECONDS)
    reports.step()
    assert told(api) == [{"version": "a", "error": "", "traffic": {"shop": 3}}, *[{"version": "a", "error": ""}] * 2]


def test_what_could_not_be_written_is_written_later(capsys: pytest.CaptureFixture[str]) -> None:
    api, time = Api(OSError("down"), OSError("down"), {}), Time()
    reports = Reports(Store(api, TABLE), "task", time.clock)
    reports.say(version="a")
    for _ in range(4):
        reports.step()
    assert len(api.asked) == 3
    assert capsys.readouterr().out.count("cannot be written") == 1


def test_a_table_that_refuses_is_not_asked_without_end() -> None:
    api, time = Api(OSError("denied")), Time()
    reports = Reports(Store(api, TABLE), "task", time.clock)
    reports.say(version="a")
    for _ in range(10):
        reports.await_news(1.0)
        reports.step()
    assert time.seconds >= 1000.0 + 9 * AGAIN_SECONDS


def test_a_report_has_the_servers_time() -> None:
    api, off = Api({}), ServerTime(lambda: 1_700_003_600.0)
    off.learn("Tue, 14 Nov 2023 22:13:20 GMT")
    Store(api, TABLE, off).report("task", {"version": "a"})
    row = items.unpacked(api.asked[0][1]["Item"])
    assert (row["seen"], row["expires_at"]) == (1_700_000_000, 1_700_003_600)
    assert off.off() == 3600
