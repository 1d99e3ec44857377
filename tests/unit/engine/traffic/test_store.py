"""The traffic item: every change counts up, touches its own attributes, and only the holder shifts."""

from __future__ import annotations

import pytest

from scripts.engine.errors import Cancelled, Refused, Superseded
from scripts.engine.traffic import maintaining
from scripts.engine.traffic.enforcing import Gateway, undisturbed
from scripts.engine.traffic.leftover import retire
from scripts.engine.traffic.store import Traffic, TrafficStore
from scripts.status import read_status
from tests.unit.engine.projects import project
from tests.unit.engine.traffic.scene import FAMILY, Scene


@pytest.fixture
def store(scene: Scene) -> TrafficStore:
    return TrafficStore(scene.world.aws, scene.world.settings)


def test_without_an_item_all_goes_to_the_main_version(store: TrafficStore) -> None:
    assert (store.read("hello"), store.all()) == (Traffic(), {})


def test_from_hand_to_hand(store: TrafficStore) -> None:
    assert store.take("hello", "d1").revision == 1
    assert store.shift("hello", "d1", 25).next == 25
    assert store.beat("hello", "d1")
    taken = store.take("hello", "d2")
    assert (taken.revision, taken.next, taken.beat, taken.holder) == (3, 0, 0, "d2")
    assert not store.beat("hello", "d1")
    with pytest.raises(Superseded):
        store.shift("hello", "d1", 50)
    assert store.release("hello", "d1") is None
    released = store.release("hello", "d2")
    assert released is not None
    assert (released.revision, released.next, released.holder) == (4, 0, "")


def test_maintenance_and_shifting_do_not_touch_each_other(store: TrafficStore) -> None:
    store.take("hello", "d1")
    store.shift("hello", "d1", 50)
    item = store.maintain("hello", on=True)
    assert (item.maintenance, item.next, item.holder) == (True, 50, "d1")
    assert store.shift("hello", "d1", 100).maintenance
    assert not store.maintain("hello", on=False).maintenance
    assert store.all()["hello"].next == 100


def test_maintenance_is_enforced_by_every_task_of_the_gateway(scene: Scene) -> None:
    found = maintaining.switch(scene.world, "hello", on=True, pause=scene.wait)
    assert (found["on"], found["tasks"], found["revision"]) == (True, 2, 1)
    scene.gateways = []
    assert maintaining.switch(scene.world, "hello", on=False, pause=scene.wait)["tasks"] == 0
    assert scene.item["maintenance"] is False


def test_maintenance_needs_a_gateway(scene: Scene) -> None:
    with pytest.raises(Refused, match="what answers"):
        maintaining.switch(scene.world, "gateway", on=True, pause=scene.wait)
    scene.target.cloud.answers["cloudformation:DescribeStacks"] = {"Stacks": []}
    with pytest.raises(Refused, match="not deployed"):
        maintaining.switch(scene.world, "hello", on=True, pause=scene.wait)
    scene.world.settings = project("hello")
    with pytest.raises(Refused, match="no service `gateway`"):
        maintaining.switch(scene.world, "hello", on=True, pause=scene.wait)
    assert scene.item == {}


def test_a_wait_that_a_user_ends(scene: Scene, store: TrafficStore) -> None:
    scene.deaf = {"g1"}
    item = store.maintain("hello", on=True)
    with pytest.raises(Cancelled):
        Gateway(scene.world.aws, scene.world.settings).await_revision("hello", item.revision, lambda seconds: True)


def test_a_pause_that_nobody_ends() -> None:
    assert undisturbed(0) is False


def test_nothing_is_left(scene: Scene) -> None:
    assert retire(scene.world, "hello", delay=5, pause=scene.wait) == "no second version is left"
    assert scene.calls == []


def test_status_shows_a_second_version(scene: Scene, store: TrafficStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.status.ask", lambda url, **_: type("Proof", (), {"text": "HTTP 200"}))
    store.take("hello", "d1")
    store.shift("hello", "d1", 25)
    scene.definitions.append({"containerDefinitions": [{"name": "hello", "image": "x/hello:src-next"}]})
    scene.second = scene._made({"taskDefinition": f"{FAMILY}:1", "desiredCount": 2})
    row = read_status(scene.world)["services"]["hello"]
    second = {"weight": 25, "holder": "d1", "desired": 2, "running": 2, "digests": ["sha256:src-next"]}
    assert (row["maintenance"], row["second"]) == (False, second)
    assert row["running"] == 2
