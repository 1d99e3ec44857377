"""The lock is held and the record written while a deploy goes on; neither stops a deploy that works."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine.errors import Refused, RolledBack
from scripts.engine.events import Event
from scripts.engine.items import pack, unpack
from scripts.engine.model import Path, Plan, ServicePlan, TargetState, Verdict
from scripts.engine.outcome import Outcome
from scripts.engine.recording import Background, recorded
from tests.unit.engine.clouds import Cloud, Refusal
from tests.unit.engine.worlds import session

HELLO = ServicePlan("hello", Path.FAST, "1 file changed", "src-new")
PLAN = Plan("staging", Path.FAST, "hello: 1 file changed", (HELLO,))
LIVE = Outcome(Verdict.LIVE, PLAN)
TAKEN = Refusal("ConditionalCheckFailedException")


@pytest.fixture(autouse=True)
def _table(cloud: Cloud) -> None:
    cloud.answers |= {"dynamodb:PutItem": {}, "dynamodb:TransactWriteItems": {}, "dynamodb:DeleteItem": {}}


def written(cloud: Cloud) -> list[dict[str, Any]]:
    """Heads and events in the order of their writing."""
    return [item for row in cloud.put() if (item := unpack(row))["sk"].startswith(("head", "event#"))]


def test_a_deploy_is_recorded_from_its_beginning_to_its_end(cloud: Cloud) -> None:
    world = session(cloud)
    with recorded(world, PLAN) as finish:
        assert world.lock is not None
        with world.events.stage("build", "hello"):
            world.events.emit("progress", stage="build", service="hello", text="#1 FROM python")
        world.digests["hello"] = "sha256:new"
        finish(LIVE)
    items = written(cloud)
    assert [(item["sk"], item["data"].get("event", item["data"].get("verdict"))) for item in items] == [
        ("head", "running"),
        ("event#00001", "stage"),
        ("event#00002", "stage_done"),
        ("head", "live"),
    ]
    assert items[-1]["data"]["digests"] == {"hello": "sha256:new"}
    assert items[-1]["data"]["services"]["hello"] == {
        "path": "fast",
        "reason": "1 file changed",
        "image_tag": "src-new",
        "digest": "sha256:new",
        "verdict": "live",
        "cache": {"image": "registry"},
    }
    assert len({item["pk"] for item in items}) == 1
    assert cloud.parameters("dynamodb:DeleteItem")[0]["Key"]["pk"] == {"S": "lock#hello"}


def test_a_record_tells_who_what_from_which_commit_and_when(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.engine.recording.time.time", lambda: 1_000_000.0)
    monkeypatch.setattr("scripts.engine.recording.actor", lambda: "ann@box")
    commit = {"id": "a" * 40, "time": 999_000, "dirty": False}
    with recorded(session(cloud), PLAN, Background(commit=commit)) as finish:
        finish(LIVE)
    first, last = (item["data"] for item in written(cloud))
    for head in (first, last):
        assert (head["actor"], head["target"], head["path"], head["commit"]) == ("ann@box", "staging", "fast", commit)
        assert head["started"] == pytest.approx(1_000_000, abs=5)
    assert (first["verdict"], first["services"]["hello"]["verdict"]) == ("running", "running")
    assert (last["verdict"], last["pushed_bytes"], last["stages"]) == ("live", 0, [])


def test_that_it_begins_is_told_under_the_lock(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.engine.recording.actor", lambda: "ann@box")
    for background, action in ((Background(), "deploy"), (Background(rollback_to={"hello": "x"}), "rollback")):
        heard: list[Event] = []
        world = session(cloud, heard)
        with recorded(world, PLAN, background):
            assert world.lock is not None
        told = [{key: event[key] for key in ("event", "deployment", "action", "actor", "commit")} for event in heard]
        assert told == [
            {"event": "start", "deployment": world.deployment, "action": action, "actor": "ann@box", "commit": None}
        ]


def test_one_index_answers_for_target_service_and_verdict(cloud: Cloud) -> None:
    same = ServicePlan("gateway", Path.NONE, "src-gateway runs", "src-gateway")
    plan = replace(PLAN, services=(same, *PLAN.services))
    with recorded(session(cloud), plan) as finish:
        finish(Outcome(Verdict.ROLLED_BACK, plan, {"hello": RolledBack("hello: crashed")}))
    calls = cloud.parameters("dynamodb:TransactWriteItems")
    last = [unpack(row["Put"]["Item"]) for row in calls[-1]["TransactItems"]]
    assert [(item["sk"], item["gsi1pk"]) for item in last] == [
        ("head", "target#staging"),
        ("verdict", "verdict#staging#rolled_back"),
        ("service#gateway", "service#staging#gateway"),
        ("service#gateway#verdict", "service#staging#gateway#unchanged"),
        ("service#hello", "service#staging#hello"),
        ("service#hello#verdict", "service#staging#hello#rolled_back"),
    ]
    assert [set(item["data"]["services"]) for item in last[2:]] == [{"gateway"}, {"gateway"}, {"hello"}, {"hello"}]
    assert len({item["gsi1sk"] for item in last}) == 1
    assert "stages" in last[0]["data"]
    assert not any("stages" in item["data"] for item in last[1:])


def test_many_services_are_written_in_as_few_transactions_as_there_may_be(cloud: Cloud) -> None:
    services = tuple(ServicePlan(f"s{n}", Path.NONE, "same", "src-a") for n in range(60))
    with recorded(session(cloud), replace(PLAN, services=services)):
        pass
    sizes = [len(call["TransactItems"]) for call in cloud.parameters("dynamodb:TransactWriteItems")]
    assert sizes == [100, 22]


def test_evidence_stays_with_the_record_and_short_enough_for_an_item(cloud: Cloud) -> None:
    world = session(cloud)
    with recorded(world, PLAN) as finish:
        world.events.emit("evidence", service="hello", stage="build", logs=["x" * 9_000] * 200)
        finish(Outcome(Verdict.FAILED, PLAN, {"hello": RolledBack("no")}))
    (evidence,) = written(cloud)[-1]["data"]["evidence"]
    assert (evidence["service"], len(evidence["logs"]), len(evidence["logs"][0])) == ("hello", 50, 500)


def test_evidence_however_much_fits_into_an_item(cloud: Cloud) -> None:
    world = session(cloud)
    flood = {
        "logs": ["\N{FIRE}" * 90_000] * 60,
        "targets": ["x" * 5_000],
        "tasks": [{"stopped_reason": "y" * 90_000}],
    }
    with recorded(world, PLAN) as finish:
        for _ in range(15):
            world.events.emit("evidence", service="hello", stage="rollout", **flood)
        finish(Outcome(Verdict.FAILED, PLAN, {"hello": RolledBack("z" * 500_000)}))
    sizes = [len(json.dumps(item, ensure_ascii=False).encode()) for item in cloud.put()]
    assert max(sizes) < 400_000, "bytes, the limit of DynamoDB"
    items = written(cloud)
    assert items[-1]["data"]["evidence"], "some of it is there"
    assert len([item for item in items if item["sk"].startswith("event#")]) == 15


def test_stages_before_the_lock_are_there_from_the_beginning(cloud: Cloud) -> None:
    world = session(cloud)
    with world.events.stage("analyze"):
        pass
    with recorded(world, replace(PLAN, stacks=("platform",))):
        pass
    (first,) = written(cloud)
    assert [stage["name"] for stage in first["data"]["stages"]] == ["analyze"]
    assert first["data"]["stacks"] == ["platform"]


def test_the_error_is_recorded(cloud: Cloud) -> None:
    error = RolledBack("hello: crashed", where="rollout")
    with recorded(session(cloud), PLAN) as finish:
        finish(Outcome(Verdict.ROLLED_BACK, PLAN, {"hello": error}))
    assert (written(cloud)[-1]["data"]["verdict"], written(cloud)[-1]["data"]["error"]) == (
        "rolled_back",
        "rollout: hello: crashed",
    )


@pytest.mark.parametrize(
    ("service", "back", "learnt", "told"),
    [
        (replace(HELLO, build=True), {}, {"image": "built", "layers": 4, "cached_layers": 3}, None),
        (replace(HELLO, build=True), {}, {"image": "engine"}, None),
        (replace(HELLO, build=True), {}, {}, {}),
        (HELLO, {}, {"analysis": "cached"}, {"image": "registry", "analysis": "cached"}),
        (HELLO, {"hello": "d"}, {}, {}),
        (replace(HELLO, path=Path.NONE), {}, {}, {}),
    ],
)
def test_what_was_not_made_anew(
    service: ServicePlan, back: dict[str, str], learnt: dict[str, Any], told: dict[str, Any] | None, *, cloud: Cloud
) -> None:
    world, plan = session(cloud), replace(PLAN, services=(service,))
    with recorded(world, plan, Background(rollback_to=back)) as finish:
        if learnt:
            world.remember_cache("hello", **learnt)
        finish(Outcome(Verdict.LIVE, plan))
    first, last = (item["data"]["services"]["hello"] for item in written(cloud))
    assert "cache" not in first, "not known yet"
    assert last.get("cache", {}) == (learnt if told is None else told)


def test_credentials_are_masked_before_they_are_written(cloud: Cloud) -> None:
    world = session(cloud)
    with recorded(world, PLAN) as finish:
        world.events.emit("evidence", service="hello", stage="build", logs=["DB_PASSWORD=hunter2"])
        world.events.emit("warning", service="hello", text="it said token=abcdef")
        finish(Outcome(Verdict.FAILED, PLAN, {"hello": RolledBack("curl https://ann:hunter2@host: refused")}))
    assert not [row for row in cloud.put() if "hunter2" in str(row) or "abcdef" in str(row)]
    assert written(cloud)[-1]["data"]["error"] == "curl https://[...]host: refused"
    assert written(cloud)[-1]["data"]["evidence"][0]["logs"] == ["DB_PASSWORD=[...]"]


def test_a_deploy_that_ends_in_an_error_gives_the_lock_back(cloud: Cloud) -> None:
    world = session(cloud)
    with pytest.raises(ZeroDivisionError), recorded(world, PLAN):
        raise ZeroDivisionError
    assert len(cloud.parameters("dynamodb:DeleteItem")) == 1
    assert world.events.listeners == []
    assert written(cloud)[-1]["data"]["verdict"] == "running", "a killed deploy looks like this too"


def test_without_the_lock_nothing_begins(cloud: Cloud) -> None:
    holder = {"deployment": "d", "actor": "ann@box", "until": 0.0, "host": "box", "process": "1 1"}
    cloud.answers |= {"dynamodb:PutItem": TAKEN, "dynamodb:GetItem": {"Item": pack(holder)}}
    with pytest.raises(Refused, match="hello is being deployed by ann@box"), recorded(session(cloud), PLAN):
        pytest.fail("the block must not run")


def test_a_ledger_that_cannot_be_written_is_said_once_and_stops_nothing(cloud: Cloud) -> None:
    heard: list[Event] = []
    world = session(cloud, heard)
    cloud.answers["dynamodb:TransactWriteItems"] = Refusal("ResourceNotFoundException", "no table")
    with recorded(world, PLAN) as finish:
        world.events.emit("notice", text="a")
        world.events.emit("notice", text="b")
        finish(LIVE)
    assert [event["text"] for event in heard if event["event"] == "warning"] == [
        "not recorded: cannot write to the ledger (TransactWriteItems): ResourceNotFoundException: no table"
    ]


def first_deploy(cloud: Cloud, stacks: Any) -> list[Event]:
    heard: list[Event] = []
    world = session(cloud, heard)
    world.state = TargetState()
    cloud.answers["cloudformation:DescribeStacks"] = stacks
    with recorded(world, PLAN) as finish:
        assert world.lock is None
        world.events.emit("notice", text="a")
        finish(LIVE)
    return heard


def test_a_first_deploy_is_recorded_once_there_is_a_ledger(cloud: Cloud) -> None:
    row = {"StackName": "shop-staging-ledger", "StackStatus": "CREATE_COMPLETE", "CreationTime": datetime.now(UTC)}
    first_deploy(cloud, {"Stacks": [row]})
    assert [item["data"]["verdict"] for item in written(cloud)] == ["live"]


def test_a_first_deploy_that_made_no_ledger_is_not_recorded(cloud: Cloud) -> None:
    heard = first_deploy(cloud, {"Stacks": []})
    assert written(cloud) == []
    assert [event["event"] for event in heard] == ["start", "notice"]


def test_a_target_out_of_reach_at_the_end_does_not_undo_a_live_deploy(cloud: Cloud) -> None:
    heard = first_deploy(cloud, Refusal("Throttling", "Rate exceeded"))
    assert [event["text"] for event in heard if event["event"] == "warning"] == [
        "not recorded: cannot list the stacks (DescribeStacks): Throttling: Rate exceeded"
    ]
