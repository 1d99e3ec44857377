"""The lock is held and the record written while a deploy goes on; neither stops a deploy that works."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scripts.engine.errors import RolledBack
from scripts.engine.events import Event
from scripts.engine.items import unpack
from scripts.engine.model import Path as DeployPath
from scripts.engine.model import Plan, ServicePlan, Verdict
from scripts.engine.outcome import Outcome
from scripts.engine.recording import Background, recorded
from scripts.engine.unwritten import keep, write_kept
from scripts.engine.world import World
from tests.unit.engine.clouds import Cloud, Refusal
from tests.unit.engine.projects import project
from tests.unit.engine.worlds import session

HELLO = ServicePlan("hello", DeployPath.FAST, "1 file changed", "src-new")
PLAN = Plan("staging", DeployPath.FAST, "hello: 1 file changed", (HELLO,))
LIVE = Outcome(Verdict.LIVE, PLAN)


@pytest.fixture(autouse=True)
def _table(cloud: Cloud) -> None:
    cloud.answers |= {"dynamodb:PutItem": {}, "dynamodb:TransactWriteItems": {}}


def written(cloud: Cloud) -> list[dict[str, Any]]:
    """Heads and events in the order of their writing."""
    return [item for row in cloud.put() if (item := unpack(row))["sk"].startswith(("head", "event#"))]


def test_a_deploy_is_recorded_from_its_beginning_to_its_end(cloud: Cloud) -> None:
    world = session(cloud)
    with recorded(world, PLAN) as finish:
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


def test_a_record_tells_who_what_from_which_commit_and_when(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.engine.recording.time.time", lambda: 1_000_000.0)
    monkeypatch.setattr("scripts.engine.recording.actor", lambda: "ann@box")
    commit = {"id": "a" * 40, "time": 999_000, "dirty": False}
    with recorded(session(cloud), PLAN, Background({"hello": commit})) as finish:
        finish(LIVE)
    first, last = (item["data"] for item in written(cloud))
    for head in (first, last):
        assert (head["actor"], head["target"], head["path"], head["commit"]) == ("ann@box", "staging", "fast", commit)
        assert head["started"] == pytest.approx(1_000_000, abs=5)
    assert (first["verdict"], first["services"]["hello"]["verdict"]) == ("running", "running")
    assert (last["verdict"], last["pushed_bytes"], last["stages"]) == ("live", 0, [])


def test_that_it_begins_is_told_with_its_record(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.engine.recording.actor", lambda: "ann@box")
    for background, action in ((Background(), "deploy"), (Background(rollback_to={"hello": "x"}), "rollback")):
        heard: list[Event] = []
        world = session(cloud, heard)
        with recorded(world, PLAN, background):
            pass
        told = [{key: event[key] for key in ("event", "deployment", "action", "actor", "commit")} for event in heard]
        assert told == [
            {"event": "start", "deployment": world.deployment, "action": action, "actor": "ann@box", "commit": None}
        ]


def test_one_index_answers_for_target_service_and_verdict(cloud: Cloud) -> None:
    same = ServicePlan("gateway", DeployPath.NONE, "src-gateway runs", "src-gateway")
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
    services = tuple(ServicePlan(f"s{n}", DeployPath.NONE, "same", "src-a") for n in range(60))
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
        (replace(HELLO, path=DeployPath.NONE), {}, {}, {}),
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


def test_a_deploy_that_ends_in_an_error_of_ours_stays_running(cloud: Cloud) -> None:
    world = session(cloud)
    with pytest.raises(ZeroDivisionError), recorded(world, PLAN):
        raise ZeroDivisionError
    assert world.events.listeners == []
    assert written(cloud)[-1]["data"]["verdict"] == "running", "a killed deploy looks like this too"


def in_folder(cloud: Cloud, folder: Path, heard: list[Event] | None = None) -> World:
    return session(cloud, heard, settings=replace(project(), root=folder))


def test_a_ledger_that_is_lost_midway_gets_the_record_later(cloud: Cloud, tmp_path: Path) -> None:
    heard: list[Event] = []
    world = in_folder(cloud, tmp_path, heard)
    with recorded(world, PLAN) as finish:
        world.events.emit("notice", text="a")
        while not cloud.parameters("dynamodb:PutItem"):
            time.sleep(0.001)
        gone = Refusal("ResourceNotFoundException", "no table")
        cloud.answers |= {"dynamodb:TransactWriteItems": gone, "dynamodb:PutItem": gone}
        world.events.emit("notice", text="b")
        world.events.emit("notice", text="c")
        finish(LIVE)
    told = [event["text"] for event in heard if event["event"] == "warning"]
    assert [text.partition(":")[0] for text in told] == ["the ledger is out of reach", "not recorded yet"]
    assert f"{world.deployment}.json" in told[1]
    assert written(cloud)[-1]["data"]["verdict"] == "live", "it was tried once more at the end"

    cloud.reset()
    cloud.answers |= {"dynamodb:PutItem": {}, "dynamodb:TransactWriteItems": {}}
    with recorded(in_folder(cloud, tmp_path), PLAN) as finish:
        finish(LIVE)
    late = [item for item in written(cloud) if item["pk"] == f"deployment#{world.deployment}"]
    assert [(item["sk"], item["data"].get("verdict"), item["data"].get("text")) for item in late] == [
        ("head", "live", None),
        ("event#00002", None, "b"),
        ("event#00003", None, "c"),
    ]
    assert write_kept(world.aws, world.settings) == []


def test_an_outage_that_is_over_at_the_end_leaves_no_gap(cloud: Cloud, tmp_path: Path) -> None:
    world = in_folder(cloud, tmp_path)
    cloud.answers["dynamodb:PutItem"] = [Refusal("ThrottlingException", "slow down"), {}]
    with recorded(world, PLAN) as finish:
        world.events.emit("notice", text="a")
        world.events.emit("notice", text="b")
        finish(LIVE)
    assert [item["sk"] for item in written(cloud)][-3:] == ["head", "event#00001", "event#00002"]
    assert not (world.settings.state_dir / "unwritten").exists()


def test_what_was_kept_stays_while_the_ledger_is_out_of_reach(cloud: Cloud, tmp_path: Path) -> None:
    settings = replace(project(), root=tmp_path)
    path = keep(settings, "20260101T000000Z-000001", {"verdict": "live"}, [])
    (path.parent / "20260101T000000Z-000000.json").write_text("rubbish")
    cloud.answers["dynamodb:TransactWriteItems"] = Refusal("ThrottlingException", "slow down")
    assert write_kept(cloud.aws, settings) == []
    cloud.answers["dynamodb:TransactWriteItems"] = {}
    assert write_kept(cloud.aws, settings) == [path.stem]
    assert not path.exists()


def first_deploy(cloud: Cloud, stacks: Any, folder: Path = Path("/nowhere")) -> list[Event]:
    heard: list[Event] = []
    world = in_folder(cloud, folder, heard)
    world.has_ledger = False
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


def test_a_target_out_of_reach_at_the_end_does_not_undo_a_live_deploy(cloud: Cloud, tmp_path: Path) -> None:
    heard = first_deploy(cloud, Refusal("Throttling", "Rate exceeded"), tmp_path)
    (warning,) = [event["text"] for event in heard if event["event"] == "warning"]
    said = "not recorded yet: cannot list the stacks (DescribeStacks): Throttling: Rate exceeded; the next command"
    assert warning.startswith(said)


def test_a_record_that_can_be_kept_nowhere_is_said(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / ".slipway").write_text("no folder")
    heard = first_deploy(cloud, Refusal("Throttling", "Rate exceeded"), tmp_path)
    assert [event["text"].partition(":")[0] for event in heard if event["event"] == "warning"] == ["not recorded"]
