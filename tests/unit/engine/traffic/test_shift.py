"""Deploys that shift: what is written in which order, what is watched, and every way in which they end early."""

from __future__ import annotations

import json

import pytest

from scripts.engine import execute, verdict
from scripts.engine.deploying import deploy
from scripts.engine.errors import RolledBack, SlipwayError, Superseded, Transient
from scripts.engine.events import Event
from scripts.engine.ledger import Ledger
from scripts.engine.model import Verdict
from scripts.engine.outcome import Outcome, report
from scripts.engine.rollback import rollback
from scripts.engine.traffic.planning import Wish
from scripts.engine.traffic.second import Second
from scripts.engine.verify import Proof
from scripts.engine.world import World
from tests.unit.documents import ROOT
from tests.unit.engine.clouds import Answer, Refusal
from tests.unit.engine.endings import told
from tests.unit.engine.targets import edit
from tests.unit.engine.traffic.scene import FAMILY, Scene


def canary(scene: Scene, *weights: int, seconds: int = 10) -> Outcome:
    """`./poe deploy hello --canary` after an edit."""
    edit(scene.target.settings)
    scene.world.shifting = Wish(weights or (25, 100), seconds)
    return deploy(scene.world, ["hello"])


def test_from_the_old_version_to_the_new_one(scene: Scene, heard: list[Event]) -> None:
    outcome = canary(scene)
    tag = scene.target.tags["hello"]
    assert outcome.verdict is Verdict.LIVE
    assert scene.weights == [25, 100, 0]
    assert scene.calls == [
        "RegisterTaskDefinition",
        "CreateService",
        "UpdateStack",
        "DeleteService",
        "DeregisterTaskDefinition",
    ]
    assert scene.second is None
    assert scene.gone == [f"{FAMILY}:1"]
    assert (scene.item["holder"], scene.item["next"]) == ("", 0)
    told_now = report(scene.world, outcome)["services"]["hello"]
    assert (told_now["image_tag"], told_now["verdict"]) == (tag, "live")
    assert [(s["weight"], s["errors"]) for s in told_now["shift"]["steps"]] == [(25, 0), (100, 0)]
    assert all(s["requests"] > 0 for s in told_now["shift"]["steps"])
    assert told_now["shift"]["went_back"] is None
    lines = [event["text"] for event in told(heard, "stage_done") if event["stage"] == "verify"]
    assert lines[0].startswith("25 % on the new version: 500 requests, 0 errors, p95 5 ms (old 5 ms), enforced after ")


def test_the_second_version_is_made_like_the_main_one(scene: Scene) -> None:
    canary(scene, 100)
    (asked,) = scene.target.cloud.parameters("ecs:CreateService")
    assert (asked["serviceName"], asked["desiredCount"], asked["launchType"]) == ("hello_next", 2, "FARGATE")
    assert asked["networkConfiguration"] == {"awsvpcConfiguration": {"subnets": ["s1"]}}
    assert (asked["tags"], asked["propagateTags"]) == ([{"key": "owner", "value": "ann"}], "SERVICE")
    assert "loadBalancers" not in asked
    assert asked["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": False}
    (copy,) = scene.definitions
    (container,) = copy["containerDefinitions"]
    tag = scene.target.tags["hello"]
    assert (copy["family"], copy["cpu"], container["name"]) == ("shop-staging-hello_next", "256", "hello")
    assert container["image"].endswith(f"/hello:{tag}")
    assert container["environment"] == [{"name": "SLIPWAY_IMAGE_TAG", "value": tag}]


def test_errors_take_it_back_at_once(scene: Scene, heard: list[Event]) -> None:
    scene.errors = 0.2
    before = scene.target.tags["hello"]
    outcome = canary(scene, 25, 100, seconds=60)
    assert (outcome.verdict, outcome.exit_code) == (Verdict.ROLLED_BACK, 5)
    assert "hello turned bad with 25 % of the requests: " in str(outcome.error)
    assert "allowed are 5%" in str(outcome.error)
    assert scene.weights == [25, 0]
    assert (scene.second, scene.target.tags["hello"]) == (None, before)
    assert "UpdateStack" not in scene.calls
    shift = report(scene.world, outcome)["services"]["hello"]["shift"]
    assert (shift["went_back"]["weight"], len(shift["steps"])) == (25, 1)
    assert shift["went_back"]["seconds"] < 1
    (evidence,) = told(heard, "evidence")
    assert evidence["cause"] == "bad_while_shifting"
    assert evidence["logs"] == ["KeyError: 'X'"]
    assert scene.now < 1030, "long before the minute was over"


def test_a_slow_version_goes_back(scene: Scene) -> None:
    scene.slow = True
    outcome = canary(scene, 50, 100)
    assert outcome.verdict is Verdict.ROLLED_BACK
    assert "that of the old one 5 ms" in str(outcome.error)


def test_a_task_that_ends_takes_it_back(scene: Scene) -> None:
    ended = {"lastStatus": "STOPPED", "stopCode": "EssentialContainerExited", "stoppedReason": "it died"}

    def die() -> None:
        scene.stopped = [{**scene._task(9, f"{FAMILY}:1"), **ended}]

    scene.hooks[5] = die
    outcome = canary(scene, 25, 100, seconds=60)
    assert outcome.verdict is Verdict.ROLLED_BACK
    assert "task next9 of the new version stopped: it died" in str(outcome.error)
    assert scene.second is None


def test_tasks_that_the_gateway_finds_unhealthy_take_it_back(scene: Scene) -> None:
    scene.hooks[4] = lambda: setattr(scene, "healthy", 1)
    outcome = canary(scene, 25, 100, seconds=60)
    assert "the gateway finds 1 of 2 tasks healthy, 5 looks in a row" in str(outcome.error)
    assert (scene.weights, scene.second) == ([25, 0], None)


def test_one_that_is_never_healthy_gets_no_request(scene: Scene, heard: list[Event]) -> None:
    scene.healthy = 0
    outcome = canary(scene)
    assert outcome.verdict is Verdict.ROLLED_BACK
    assert "the second version of hello did not come up: the gateway finds 0 of 2 tasks healthy" in str(outcome.error)
    assert (scene.weights, scene.second, scene.item["holder"]) == ([], None, "")
    assert told(heard, "evidence")[0]["targets"] == ["the gateway finds 0 of 2 tasks healthy"]


def test_one_that_ecs_gives_up(scene: Scene) -> None:
    def give_up() -> None:
        assert scene.second is not None
        scene.second["deployments"][0] |= {"rolloutState": "FAILED", "rolloutStateReason": "tasks failed to start"}

    scene.healthy = 0
    scene.hooks[3] = give_up
    outcome = canary(scene)
    assert outcome.verdict is Verdict.ROLLED_BACK
    assert "tasks failed to start" in str(outcome.error)
    assert (scene.weights, scene.second) == ([], None)


def test_a_main_version_that_does_not_come_up_gets_its_requests_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then all requests are on the second one; the main one serves the old version again."""
    before = scene.target.tags["hello"]
    monkeypatch.setattr(verdict, "answers", lambda url, **_: Proof(False, "HTTP 500"))
    outcome = canary(scene)
    assert outcome.verdict is Verdict.ROLLED_BACK
    assert scene.weights == [25, 100, 0]
    assert (scene.second, scene.target.tags["hello"]) == (None, before)
    went_back = report(scene.world, outcome)["services"]["hello"]["shift"]["went_back"]
    assert went_back["weight"] == 100


def test_ctrl_c_goes_back_in_order(scene: Scene) -> None:
    scene.hooks[6] = scene.world.shell.cancelled.set
    outcome = canary(scene, 25, 100, seconds=60)
    assert (outcome.verdict, outcome.exit_code) == (Verdict.STOPPED, 130)
    assert (scene.weights, scene.second, scene.item["holder"]) == ([25, 0], None, "")
    assert "UpdateStack" not in scene.calls


def test_a_main_version_that_was_scaled_in_gets_its_tasks_back_first(scene: Scene) -> None:
    """Autoscaling saw it without requests."""
    answer = scene.target.cloud.answers["ecs:DescribeServices"]
    assert callable(answer)

    def scaled_in(asked: Answer) -> Answer | Exception:
        found = answer(asked)
        assert isinstance(found, dict)
        for row in found["services"]:
            row["desiredCount"] = 1 if row["serviceName"] == "hello" else row["desiredCount"]
        return found

    scene.target.cloud.answers["ecs:UpdateService"] = {}
    scene.hooks[12] = lambda: scene.target.cloud.answers.update({"ecs:DescribeServices": scaled_in})
    canary(scene, 100, seconds=30)
    raised = scene.target.cloud.parameters("ecs:UpdateService")
    assert [(asked["service"], asked["desiredCount"]) for asked in raised] == [("hello", 2)]
    assert (scene.weights, scene.second) == ([100, 0], None)


def test_who_loses_the_lock_takes_nothing_back(scene: Scene) -> None:
    def lose() -> None:
        assert scene.world.lock is not None
        scene.world.lock.loss = Superseded("hello: another deploy took over", where="lock")

    scene.hooks[6] = lose
    outcome = canary(scene, 25, 100, seconds=60)
    assert outcome.verdict is Verdict.SUPERSEDED
    assert scene.weights == [25]
    assert scene.second is not None
    assert scene.item["holder"] != ""


def test_who_loses_the_item_takes_nothing_back(scene: Scene) -> None:
    def steal() -> None:
        scene.target.table.items["traffic", "hello"]["holder"] = {"S": "another"}
        shift = scene.world.shifts["hello"]
        assert shift.holder.beat() is False

    scene.hooks[6] = steal
    outcome = canary(scene, 25, 100, seconds=60)
    assert outcome.verdict is Verdict.SUPERSEDED
    assert "another deploy shifts its traffic" in str(outcome.error)
    assert (scene.weights, scene.item["holder"]) == ([25], "another")


def test_a_gateway_task_that_does_not_follow(scene: Scene, heard: list[Event]) -> None:
    scene.deaf = {"g2"}
    outcome = canary(scene)
    assert outcome.verdict is Verdict.TIMED_OUT
    assert "1 of 2 gateway tasks do not follow a change of hello's traffic" in str(outcome.error)
    assert scene.weights == []
    assert scene.calls == []


def test_one_that_ends_meanwhile_is_not_waited_for(scene: Scene) -> None:
    scene.deaf = {"g2"}
    scene.hooks[5] = lambda: setattr(scene, "gateways", ["g1"])
    assert canary(scene).verdict is Verdict.LIVE


def test_without_a_gateway_task_nothing_is_started(scene: Scene) -> None:
    scene.gateways = []
    outcome = canary(scene)
    assert (outcome.exit_code, scene.calls) == (4, [])
    assert "no task of the gateway runs" in str(outcome.error)


def test_a_network_that_is_cut_for_a_moment_is_no_verdict(scene: Scene) -> None:
    good = scene.target.cloud.answers["dynamodb:Query"]

    def cut() -> None:
        scene.target.cloud.answers["dynamodb:Query"] = Refusal("ThrottlingException", "later", 400)

    scene.hooks |= {6: cut, 8: lambda: scene.target.cloud.answers.update({"dynamodb:Query": good})}
    assert canary(scene, 25, 100, seconds=30).verdict is Verdict.LIVE


def test_what_cannot_be_taken_back_is_said(scene: Scene, heard: list[Event]) -> None:
    def cut() -> None:
        refusal = Refusal("ThrottlingException", "later", 400)
        scene.target.cloud.answers["dynamodb:Query"] = refusal
        scene.target.cloud.answers["dynamodb:UpdateItem"] = refusal

    scene.hooks[6] = cut
    outcome = canary(scene, 25, 100, seconds=90)
    assert isinstance(outcome.error, Transient)
    texts = [event["text"] for event in told(heard, "warning")]
    assert any("its second version may be left" in text and "./poe deploy takes it away" in text for text in texts)


def test_why_it_was_bad_is_told_though_the_way_back_is_cut(scene: Scene) -> None:
    update = scene.target.cloud.answers["dynamodb:UpdateItem"]
    assert callable(update)

    def no_way_back(asked: Answer) -> Answer | Exception:
        is_back = asked["ExpressionAttributeValues"].get(":next") == {"N": "0"} and scene.weights == [25]
        return Refusal("ThrottlingException", "later") if is_back else update(asked)

    scene.target.cloud.answers["dynamodb:UpdateItem"] = no_way_back
    scene.errors = 0.5
    outcome = canary(scene, 25, 100, seconds=60)
    assert isinstance(outcome.error, Transient)
    assert "hello turned bad with 25 % of the requests: " in outcome.error.what
    assert "ThrottlingException" in outcome.error.what
    assert scene.second is not None


def test_a_second_version_that_is_left_is_used(scene: Scene) -> None:
    kept = scene._made({"taskDefinition": f"{FAMILY}:77", "desiredCount": 2})
    scene.second = kept
    scene.definitions.append({"containerDefinitions": [{"name": "hello", "image": "x/hello:src-dead"}]})
    assert canary(scene).verdict is Verdict.LIVE
    (asked,) = scene.target.cloud.parameters("ecs:UpdateService")
    assert (asked["taskDefinition"], asked["forceNewDeployment"]) == (f"{FAMILY}:2", True)
    assert scene.gone == [f"{FAMILY}:77", f"{FAMILY}:2"]
    assert scene.second is None


def test_one_that_is_on_its_way_out_is_waited_for(scene: Scene) -> None:
    scene.second = {**scene._made({"taskDefinition": f"{FAMILY}:77", "desiredCount": 0}), "status": "DRAINING"}
    scene.definitions.append({"containerDefinitions": [{"name": "hello", "image": "x/hello:src-dead"}]})
    scene.hooks[2] = lambda: setattr(scene, "second", None)
    assert canary(scene).verdict is Verdict.LIVE
    assert "CreateService" in scene.calls


def test_the_next_deploy_takes_a_leftover_away(scene: Scene, heard: list[Event]) -> None:
    """As after a kill with half of the requests on the second version."""
    scene.second = scene._made({"taskDefinition": f"{FAMILY}:1", "desiredCount": 2})
    scene.definitions.append({"containerDefinitions": [{"name": "hello", "image": "x/hello:src-dead"}]})
    item = {
        "pk": {"S": "traffic"},
        "sk": {"S": "hello"},
        "revision": {"N": "7"},
        "next": {"N": "50"},
        "holder": {"S": "x"},
    }
    scene.target.table.items["traffic", "hello"] = item
    outcome = deploy(scene.world, ["hello"])
    assert (outcome.verdict, outcome.plan.reason) == (
        Verdict.LIVE,
        "hello: a second version is left from a deploy that ended",
    )
    assert scene.calls == ["DeleteService", "DeregisterTaskDefinition"]
    assert (scene.item["next"], scene.item["holder"], scene.item["revision"]) == (0, "", 8)
    assert deploy(scene.world, ["hello"]).verdict is Verdict.UNCHANGED


def test_a_beat_that_does_not_arrive_is_tried_again(scene: Scene) -> None:
    shift = scene.shift(scene.world, "hello", scene.target.tags["hello"])
    shift.gateway.store.take("hello", shift.me)
    assert shift.holder.beat() is True
    assert scene.item["beat"] == 1
    good = scene.target.cloud.answers["dynamodb:UpdateItem"]
    scene.target.cloud.answers["dynamodb:UpdateItem"] = Refusal("ThrottlingException", "later", 400)
    assert shift.holder.beat() is True
    scene.target.cloud.answers["dynamodb:UpdateItem"] = good
    assert shift.holder.beat() is True
    assert (scene.item["beat"], scene.item["revision"]) == (2, 1)
    shift.holder.check()


def test_a_task_definition_of_a_stack_is_never_deregistered(scene: Scene) -> None:
    scene.second = {**scene._made({"taskDefinition": "arn:x/shop-staging-hello:3", "desiredCount": 2})}
    assert Second(scene.world.aws, scene.world.settings, "hello").retire()
    assert scene.gone == []


def test_the_documented_policies_allow_what_a_shift_calls(scene: Scene) -> None:
    documents = [(ROOT / f"docs/{name}-policy.json").read_text("utf-8") for name in ("deployer", "shift")]
    rows = [row for document in documents for row in json.loads(document)["Statement"]]
    allowed = {
        action for row in rows for action in ([row["Action"]] if isinstance(row["Action"], str) else row["Action"])
    }
    assert canary(scene).verdict is Verdict.LIVE
    called = {f"{service}:{operation}" for service, operation in scene.world.aws.calls}
    same = {"dynamodb:TransactWriteItems", "cloudformation:UpdateStack", "sts:GetCallerIdentity"}
    assert called - allowed - same == {"elbv2:DescribeTargetHealth"}
    assert "elasticloadbalancing:DescribeTargetHealth" in allowed


def test_an_undo_is_done_once(scene: Scene, world: World) -> None:
    done: list[SlipwayError] = []

    class Fails:
        stage, service = "update", "hello"

        def run(self, world: World) -> str:
            world.undo["hello"] = done.append
            raise RolledBack("bad")

    assert set(execute.roll(((Fails(),),), world)) == {"hello"}
    assert [error.what for error in done] == ["bad"]
    assert world.undo == {}


def test_a_rollback_takes_a_leftover_away(scene: Scene) -> None:
    """To what runs already: then that is all it does."""
    world, tag = scene.world, scene.target.tags["hello"]
    row = {"path": "fast", "image_tag": tag, "verdict": "live", "reason": "edited"}
    facts = {"verdict": "live", "path": "fast", "reason": "edited", "actor": "ann@box", "services": {"hello": row}}
    Ledger(world.aws, world.settings, "20260101T000001Z-000001").close(facts)
    scene.second = scene._made({"taskDefinition": f"{FAMILY}:1", "desiredCount": 2})
    scene.definitions.append({"containerDefinitions": [{"name": "hello", "image": "x/hello:src-dead"}]})
    assert rollback(world, ["hello"], "20260101T000001Z-000001").verdict is Verdict.LIVE
    assert scene.calls == ["DeleteService", "DeregisterTaskDefinition"]
