"""The store: a version is there completely or not at all, and what is live changes only for whoever saw it last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from scripts.engine.errors import BadInput, Failed, Refused, RolledBack, TimedOut
from scripts.engine.items import pack
from scripts.engine.policies import publishing
from scripts.engine.policies.bundle import Bundle, unpacked
from scripts.engine.policies.publishing import Publisher
from scripts.engine.policies.store import KEPT, PART, PolicyStore
from tests.unit.engine.clouds import Answer, Cloud, Refusal
from tests.unit.engine.projects import project

SETTINGS = project()
FIRST = Bundle("pol-000000000001", "{}", {"a.cedar": "text"}, ("a",), "d1")
SECOND = replace(FIRST, version="pol-000000000002", source_digest="d2")


class Items:
    """A table with the conditions that the store uses."""

    def __init__(self, cloud: Cloud) -> None:
        self.rows: dict[tuple[str, str], Answer] = {}
        self.broken_after: int | None = None
        self.before_put: Callable[[Answer], object] = lambda _: None
        """What somebody else does just before something is written."""
        cloud.answers |= {
            "dynamodb:PutItem": self._put,
            "dynamodb:GetItem": self._get,
            "dynamodb:DeleteItem": self._delete,
            "dynamodb:Query": self._query,
        }

    def _put(self, asked: Answer) -> Answer | Exception:
        self.before_put(asked["Item"])
        if self.broken_after is not None and len(self.rows) >= self.broken_after:
            return Refusal("AccessDeniedException")
        key = asked["Item"]["pk"]["S"], asked["Item"]["sk"]["S"]
        condition, old = asked.get("ConditionExpression", ""), self.rows.get(key)
        values = asked.get("ExpressionAttributeValues", {})
        if "attribute_not_exists" in condition and old:
            return Refusal("ConditionalCheckFailedException")
        if values and (not old or old["version"] != values[":seen"] or old["changed"] != values[":at"]):
            return Refusal("ConditionalCheckFailedException")
        self.rows[key] = asked["Item"]
        return {}

    def _get(self, asked: Answer) -> Answer:
        item = self.rows.get((asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]))
        return {"Item": item} if item else {}

    def _delete(self, asked: Answer) -> Answer | Exception:
        key = asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]
        values, old = asked.get("ExpressionAttributeValues", {}), self.rows.get(key)
        if values and (not old or old["version"] != values[":seen"] or old["changed"] != values[":at"]):
            return Refusal("ConditionalCheckFailedException")
        self.rows.pop(key, None)
        return {}

    def _query(self, asked: Answer) -> Answer:
        wanted = asked["ExpressionAttributeValues"][":pk"]
        return {"Items": [item for _, item in sorted(self.rows.items()) if item["pk"] == wanted]}


@pytest.fixture
def items(cloud: Cloud) -> Items:
    """The gateway's table."""
    return Items(cloud)


@pytest.fixture
def store(cloud: Cloud, items: Items) -> PolicyStore:
    """The store on it."""
    return PolicyStore(cloud.aws, SETTINGS)


def report(items: Items, task: str, **facts: Any) -> None:
    """What a task of the gateway wrote."""
    items.rows["gateway-tasks", task] = pack({"pk": "gateway-tasks", "sk": task, **facts})


def publisher(cloud: Cloud, tasks: list[str]) -> Publisher:
    """Publishes where these tasks of the gateway run."""
    cloud.answers["ecs:ListTasks"] = {"taskArns": [f"arn:aws:ecs:x:1:task/c/{task}" for task in tasks]}
    return Publisher(cloud.aws, SETTINGS, "ann", lambda _: False)


def test_a_version_is_stored_once_and_read_back(store: PolicyStore) -> None:
    assert store.upload(FIRST, "ann")
    assert not store.upload(FIRST, "bob")
    assert store.read(FIRST.version) == FIRST
    assert [head.actor for head in store.heads()] == ["ann"]
    assert unpacked(FIRST.version, "d1", FIRST.packed()) == FIRST


def test_a_large_version_is_stored_in_parts(store: PolicyStore) -> None:
    import random

    noise = "".join(random.Random(1).choices("0123456789abcdef", k=3 * PART))
    large = replace(FIRST, artefact=noise)
    store.upload(large, "ann")
    head = store.head(FIRST.version)
    assert head is not None
    assert head.parts > 1
    assert store.read(FIRST.version) == large


def test_an_upload_that_is_cut_leaves_nothing_to_see(store: PolicyStore, items: Items) -> None:
    items.broken_after = 1
    with pytest.raises(Failed):
        store.upload(FIRST, "ann")
    assert store.heads() == []
    items.broken_after = None
    assert store.upload(FIRST, "ann")


def test_a_damaged_version_is_refused(store: PolicyStore, items: Items) -> None:
    store.upload(FIRST, "ann")
    (part,) = [row for (pk, _), row in items.rows.items() if pk.startswith("policies#")]
    part["data"] = {"B": b"rubbish"}
    with pytest.raises(Failed, match="damaged"):
        store.read(FIRST.version)
    with pytest.raises(BadInput):
        store.read("pol-ffffffffffff")


def test_two_people_at_once(store: PolicyStore) -> None:
    for bundle in (FIRST, SECOND):
        store.upload(bundle, "ann")
    first, second = store.head(FIRST.version), store.head(SECOND.version)
    assert first is not None
    assert second is not None
    seen = store.flip(first, "ann", None)
    store.flip(second, "bob", seen)
    with pytest.raises(Refused, match="somebody else"):
        store.flip(first, "ann", seen)
    live = store.live()
    assert live is not None
    assert (live.version, live.previous, live.actor) == (SECOND.version, FIRST.version, "bob")


def test_two_people_store_the_same_rules_with_other_comments_at_once(store: PolicyStore, items: Items) -> None:
    """Both packages have one version; the one whose head comes first is whole."""
    theirs = replace(FIRST, sources={"a.cedar": "// another comment"})
    seen: list[Answer] = []

    def meanwhile(item: Answer) -> None:
        if not seen:
            seen.append(item)
            assert store.upload(theirs, "bob")

    items.before_put = meanwhile
    assert not store.upload(FIRST, "ann")
    assert store.read(FIRST.version) == theirs


def test_an_upload_that_is_overtaken_just_before_its_head(store: PolicyStore, items: Items) -> None:
    theirs = replace(FIRST, sources={"a.cedar": "// another comment"})

    def meanwhile(item: Answer) -> None:
        if item["pk"]["S"] == "policies" and item["actor"]["S"] == "ann":
            items.before_put = lambda _: None
            assert store.upload(theirs, "bob")

    items.before_put = meanwhile
    assert not store.upload(FIRST, "ann")
    assert store.read(FIRST.version) == theirs


def test_pruning_keeps_what_may_be_needed(store: PolicyStore) -> None:
    versions = [replace(FIRST, version=f"pol-{number:012x}") for number in range(KEPT + 4)]
    for bundle in versions:
        store.upload(bundle, "ann")
    oldest = store.heads()[-1]
    live = store.flip(oldest, "ann", None)
    gone = store.prune(live)
    assert len(gone) == 3
    assert store.read(oldest.version) == versions[0]
    assert {head.version for head in store.heads()} == {b.version for b in versions} - set(gone)


def test_publishing_waits_for_every_running_task(cloud: Cloud, items: Items) -> None:
    one = publisher(cloud, ["t1", "t2"])
    report(items, "t1", version=FIRST.version, applied=1.0)
    waited = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        report(items, "t2", version=FIRST.version, applied=2.0)
        return False

    one.cancelled = wait
    done = one.publish(FIRST)
    assert (done.version, done.tasks, done.changed, len(waited)) == (FIRST.version, 2, True, 1)
    assert not one.publish(FIRST).changed


def test_a_version_that_a_gateway_refuses_is_put_back(cloud: Cloud, items: Items) -> None:
    one = publisher(cloud, ["t1"])
    report(items, "t1", version=FIRST.version, applied=1.0)
    one.publish(FIRST)
    report(items, "t1", version=FIRST.version, applied=1.0, error=f"{SECOND.version}: unknown field")
    with pytest.raises(RolledBack, match="unknown field"):
        one.publish(SECOND)
    live = one.store.live()
    assert live is not None
    assert live.version == FIRST.version


def test_a_silent_gateway_times_out(cloud: Cloud, items: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "WAIT_SECONDS", -1.0)
    with pytest.raises(TimedOut, match="1 of 1 gateway tasks"):
        publisher(cloud, ["t1"]).publish(FIRST)
