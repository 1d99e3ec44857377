"""The store: a version is there completely or not at all, and what is live changes only for whoever saw it last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.engine.errors import BadInput, Failed, Refused, RolledBack, TimedOut
from scripts.engine.policies import waiting
from scripts.engine.policies.bundle import unpacked
from scripts.engine.policies.store import KEPT, PART, PolicyStore
from tests.unit.engine.clouds import Answer, Cloud
from tests.unit.engine.policy_tables import FIRST, SECOND, SETTINGS, Items, publisher, report


@pytest.fixture
def items(cloud: Cloud) -> Items:
    """The gateway's table."""
    return Items(cloud)


@pytest.fixture
def store(cloud: Cloud, items: Items) -> PolicyStore:
    """The store on it."""
    return PolicyStore(cloud.aws, SETTINGS)


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

    one.waiting.cancelled = wait
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


def test_a_first_version_that_a_gateway_refuses_is_withdrawn(cloud: Cloud, items: Items) -> None:
    one = publisher(cloud, ["t1"])
    report(items, "t1", version="pol-baked", applied=1.0, error=f"{FIRST.version}: unknown field")
    with pytest.raises(Failed, match="unknown field"):
        one.publish(FIRST)
    assert one.store.live() is None


def test_of_two_people_who_publish_at_once_one_is_refused(cloud: Cloud, items: Items) -> None:
    """Somebody else publishes between the look at what is live and the change of it."""
    ann, bob = publisher(cloud, []), publisher(cloud, [])

    def meanwhile(item: Answer) -> None:
        if item["sk"]["S"] == "live":
            items.before_put = lambda _: None
            bob.publish(SECOND)

    items.before_put = meanwhile
    with pytest.raises(Refused) as caught:
        ann.publish(FIRST)
    assert caught.value.exit_code == 3
    live = ann.store.live()
    assert live is not None
    assert live.version == SECOND.version
    assert [ann.store.read(bundle.version) for bundle in (FIRST, SECOND)] == [FIRST, SECOND]


def test_a_silent_gateway_times_out(cloud: Cloud, items: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "WAIT_SECONDS", -1.0)
    with pytest.raises(TimedOut, match="1 of 1 gateway tasks"):
        publisher(cloud, ["t1"]).publish(FIRST)
