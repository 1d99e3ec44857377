"""What becomes of the version that served before: put back, left alone, or never there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scripts.engine import verdict
from scripts.engine.errors import Cancelled, Failed, RolledBack
from scripts.engine.events import Event
from scripts.engine.model import Verdict
from scripts.engine.rollout import Baseline, Judgement, Snapshot
from scripts.engine.verdict import after_failed_update, prove, restore
from scripts.engine.verify import Proof
from scripts.engine.world import World
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.endings import CRASH, holds, told, updating, watching
from tests.unit.engine.moments import BEFORE, LIVE, OLD_TASKS, crashed, seen


@pytest.fixture
def world(cloud: Cloud, heard: list[Event]) -> World:
    return updating(cloud, heard)


def updates(cloud: Cloud) -> list[Any]:
    return cloud.parameters("cloudformation:UpdateStack")


RESTORED: dict[str, tuple[Baseline, str, str, bool, int]] = {
    "the stack went back by itself": (BEFORE, "src-old", "UPDATE_ROLLBACK_COMPLETE", True, 0),
    "ECS alone went back": (BEFORE, "src-new", "UPDATE_COMPLETE", True, 1),
    "the stack is still going back": (BEFORE, "src-new", "UPDATE_ROLLBACK_IN_PROGRESS", True, 0),
    "the template changed too": (replace(BEFORE, template="{}"), "src-old", "UPDATE_COMPLETE", True, 1),
    "the template went back": (replace(BEFORE, template="{}"), "src-old", "UPDATE_ROLLBACK_COMPLETE", True, 0),
    "nothing ran before": (Baseline(), "src-new", "CREATE_COMPLETE", False, 0),
}


@pytest.mark.parametrize("case", RESTORED)
def test_the_stack_holds_what_serves(world: World, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    before, tag, status, restored, changes = RESTORED[case]
    goals = watching(monkeypatch, (Judgement("back", Verdict.LIVE), seen(tasks=OLD_TASKS)))
    holds(cloud, tag, status)
    assert restore(world, "hello", before) is restored
    assert len(updates(cloud)) == changes
    for update in updates(cloud):
        assert update["Parameters"] == [{"ParameterKey": "ImageTag", "ParameterValue": "src-old"}]
        assert update.get("TemplateBody") == before.template
        assert goals[0].image.endswith("/hello:src-old")


def test_a_stack_that_is_gone_cannot_be_restored(world: World, cloud: Cloud) -> None:
    cloud.answers["cloudformation:DescribeStacks"] = {"Stacks": []}
    assert not restore(world, "hello", BEFORE)


def answering(monkeypatch: pytest.MonkeyPatch, proof: Proof) -> list[str]:
    asked: list[str] = []

    def answers(url: str, **_: Any) -> Proof:
        asked.append(url)
        return proof

    monkeypatch.setattr(verdict, "answers", answers)
    return asked


def test_proof_through_the_load_balancer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, Proof(True, "HTTP 200, 3 times in a row, 4 ms at most"))
    assert prove(world, "hello") == "HTTP 200, 3 times in a row, 4 ms at most"
    assert asked == ["http://lb/.gateway/health/hello"]


@pytest.mark.parametrize("desired", [0, 2])
def test_who_has_no_tasks_or_no_address_is_not_asked(
    world: World, monkeypatch: pytest.MonkeyPatch, desired: int
) -> None:
    asked = answering(monkeypatch, Proof(False, "no"))
    services = tuple(replace(service, desired=desired) for service in world.settings.services)
    world.settings = replace(world.settings, services=services)
    if desired:
        world.urls.clear()
    assert prove(world, "hello") == "no tasks wanted, nothing to ask"
    assert asked == []


def test_a_version_that_does_not_answer_gives_way_to_the_one_before(
    world: World, cloud: Cloud, heard: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    watching(monkeypatch, (Judgement("back", Verdict.LIVE), seen()))
    answering(monkeypatch, Proof(False, "HTTP 404"))
    holds(cloud, "src-new")
    with pytest.raises(RolledBack) as caught:
        prove(world, "hello")
    assert (caught.value.where, caught.value.what, caught.value.remedy) == (
        "verify",
        "hello does not answer through the load balancer: HTTP 404",
        "the previous version serves again; correct it and deploy again",
    )
    assert len(updates(cloud)) == 1
    (evidence,) = told(heard, "evidence")
    assert evidence["sentence"] == "the tasks are healthy, but http://lb/.gateway/health/hello answers HTTP 404"
    assert "./poe logs gateway" in evidence["remedy"]


def test_a_first_version_that_does_not_answer_has_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.baselines.clear()
    answering(monkeypatch, Proof(False, "HTTP 404"))
    with pytest.raises(Failed, match=r"^verify: hello does not answer through the load balancer: HTTP 404$"):
        prove(world, "hello")


def test_a_cancel_while_asking_leaves_the_new_version(
    world: World, cloud: Cloud, heard: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, Proof(False, "not steady"))
    world.shell.cancelled.set()
    with pytest.raises(Cancelled, match="stopped asking hello; its new version runs"):
        prove(world, "hello")
    assert (told(heard, "evidence"), updates(cloud)) == ([], [])


def test_after_a_cdk_deploy_that_failed(
    world: World, cloud: Cloud, heard: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what this deploy began and CloudFormation rolled back is told."""
    fallen = seen(tasks=(*OLD_TASKS, crashed("n3")))
    watching(monkeypatch, (Judgement(""), fallen))
    holds(cloud, "src-old", "UPDATE_ROLLBACK_COMPLETE")
    assert after_failed_update(world, ["hello"]) == {}, "cdk deploy was not started"
    world.updating = True
    errors = after_failed_update(world, ["gateway", "hello"])
    assert {name: str(error) for name, error in errors.items()} == {
        "hello": f"rollout: hello: CloudFormation: UPDATE_ROLLBACK_COMPLETE; likely cause: {CRASH}"
    }
    assert isinstance(errors["hello"], RolledBack)
    assert len(told(heard, "evidence")) == 1


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS"])
def test_a_stack_that_did_not_roll_back_is_no_failure(world: World, cloud: Cloud, status: str) -> None:
    world.updating = True
    holds(cloud, "src-old", status)
    assert after_failed_update(world, ["hello"]) == {}


STILL = replace(LIVE.deployments[0], id="d1")
AGAIN = replace(BEFORE, stack_status="UPDATE_ROLLBACK_COMPLETE")


@pytest.mark.parametrize(
    ("snapshot", "told_of"),
    [
        (seen(deployments=(STILL,)), []),
        (seen(deployments=(STILL,), tasks=(crashed("n3"),)), ["hello"]),
        (seen(deployments=(replace(STILL, id="d9"),)), ["hello"]),
    ],
)
def test_a_rollback_that_looks_like_an_earlier_one(
    world: World, cloud: Cloud, snapshot: Snapshot, told_of: list[str]
) -> None:
    """The stack was rolled back once before: it is this deploy's doing when its tasks fell or ECS had begun anew."""
    world.updating = True
    world.baselines["hello"] = AGAIN
    holds(cloud, "src-old", "UPDATE_ROLLBACK_COMPLETE")
    with pytest.MonkeyPatch.context() as patch:
        watching(patch, (Judgement(""), snapshot))
        assert list(after_failed_update(world, ["hello"])) == told_of
