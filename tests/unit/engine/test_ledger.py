"""The record of a deployment in DynamoDB's notation, and back."""

from __future__ import annotations

import getpass
import socket
from dataclasses import replace
from typing import Any

import pytest

from scripts.engine.errors import Failed
from scripts.engine.items import pack, unpack
from scripts.engine.ledger import Ledger, actor, new_id
from scripts.engine.model import Verdict
from tests.unit.engine.clouds import Cloud, Refusal
from tests.unit.engine.projects import project

SETTINGS = project()
WRITE = "dynamodb:TransactWriteItems"
ID = "20260101T000000Z-abcdef"

VALUES: tuple[Any, ...] = (
    "text",
    "",
    "größe\n",
    0,
    -7,
    10**20,
    0.25,
    1e-7,
    123456789.125,
    True,
    False,
    [],
    {},
    ["a", 1, [2.5, {"b": False}]],
    {"hello": {"path": "fast", "seconds": 1.5, "stages": [{"name": "build"}]}},
)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    back = unpack(pack({"data": value}))["data"]
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    ("value", "packed"),
    [
        ("a", {"S": "a"}),
        (True, {"BOOL": True}),
        (3, {"N": "3"}),
        (0.5, {"N": "0.5"}),
        (Verdict.LIVE, {"S": "live"}),
        (("a", None, 1), {"L": [{"S": "a"}, {"N": "1"}]}),
        ({"a": None, "b": 1, 2: "c"}, {"M": {"b": {"N": "1"}, "2": {"S": "c"}}}),
        (ValueError("why"), {"S": "why"}),
    ],
)
def test_dynamodbs_notation(value: Any, packed: Any) -> None:
    assert pack({"data": value}) == {"data": packed}


def test_what_is_not_there_is_not_written() -> None:
    assert pack({"a": None, "b": 1}) == {"b": {"N": "1"}}


def test_a_deployment_is_a_head_and_its_events_in_order(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.engine.ledger.time.time", lambda: 1_000_000.0)
    cloud.answers |= {"dynamodb:PutItem": {}, "dynamodb:TransactWriteItems": {}}
    ledger = Ledger(cloud.aws, SETTINGS, ID)
    ledger.open({"actor": "me", "verdict": "live"})
    ledger.event({"event": "stage", "at": 0.5}, 1)
    ledger.event({"event": "stage_done", "at": 1.25}, 2)
    ledger.close({"actor": "me", "verdict": "live"})
    tables = [row["Put"]["TableName"] for c in cloud.parameters(WRITE) for row in c["TransactItems"]]
    tables += [call["TableName"] for call in cloud.parameters("dynamodb:PutItem")]
    assert set(tables) == {"shop-staging-ledger"}
    items = [item for row in cloud.put() if (item := unpack(row))["sk"] != "verdict"]
    assert [(item["sk"], item["data"].get("verdict"), item["data"].get("at")) for item in items] == [
        ("head", "running", None),
        ("event#00001", None, 0.5),
        ("event#00002", None, 1.25),
        ("head", "live", None),
    ]
    assert {item["pk"] for item in items} == {f"deployment#{ID}"}
    assert {item["expires_at"] for item in items} == {1_000_000 + 400 * 86_400}
    assert (items[0]["gsi1pk"], items[0]["gsi1sk"]) == ("target#staging", ID)


def test_a_ledger_that_cannot_be_written_says_so(cloud: Cloud) -> None:
    cloud.answers[WRITE] = Refusal("ResourceNotFoundException", "no such table")
    with pytest.raises(Failed, match=r"^cannot write to the ledger \(TransactWriteItems\): ResourceNotFoundException"):
        Ledger(cloud.aws, SETTINGS, ID).open({})


def test_ids_sort_by_time_and_differ_within_a_second() -> None:
    assert new_id(0.0).startswith("19700101T000000Z-")
    assert new_id(1_000_000_000.0) < new_id(1_000_000_001.0)
    assert len({new_id(5.0) for _ in range(20)}) == 20


def test_who_deploys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "box")
    monkeypatch.delenv("GITHUB_ACTOR", raising=False)
    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    assert actor() == "ann@box"
    monkeypatch.setenv("GITHUB_ACTOR", "octocat")
    assert actor() == "octocat"


def test_a_user_id_without_a_name_deploys_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_name() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.delenv("GITHUB_ACTOR", raising=False)
    monkeypatch.setattr(getpass, "getuser", no_name)
    monkeypatch.setattr("os.getuid", lambda: 1234)
    assert actor().startswith("uid1234@")


def test_items_expire_when_the_target_says(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.engine.ledger.time.time", lambda: 1_000_000.9)
    short = replace(SETTINGS, target=replace(SETTINGS.target, ledger_retention_days=3))
    cloud.answers |= {WRITE: {}, "dynamodb:PutItem": {}}
    ledger = Ledger(cloud.aws, short, ID)
    ledger.open({"services": {}})
    ledger.event({"event": "stage"}, 1)
    assert {unpack(item)["expires_at"] for item in cloud.put()} == {1_000_000 + 3 * 86_400}
