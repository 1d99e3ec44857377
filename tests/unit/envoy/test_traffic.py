"""Shares of two versions: read from items, given up when nobody beats, written so that no request is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from agent import clusters, items, routes
from agent.reporting import Reports
from agent.routing import CLUSTERS_FILE, ROUTES_FILE, Routing
from agent.services import BadService, Service, parse
from agent.steering import Steering
from agent.store import Store
from agent.supervision import drain
from agent.traffic import SILENT_SECONDS, BadEntry, Entry, Way, entry
from tests.unit.envoy.fakes import Api, Time

PAGE = Path("/etc/envoy/index.html")
SHOP = Service("shop", 80, "/shop")


def item(service: str = "shop", revision: int = 1, **more: Any) -> dict[str, Any]:
    return items.packed({"pk": "traffic", "sk": service, "revision": revision, **more})


def test_an_item_says_what_is_wanted() -> None:
    row = item(next=25, holder="d-1", beat=7, maintenance=True, changed=1.5, actor="ann")
    assert entry(row) == Entry("shop", 1, 25, "d-1", 7, maintenance=True)
    assert entry(item()) == Entry("shop", 1)


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"sk": {"S": "shop"}},
        {"sk": {}, "revision": {"N": "1"}},
        {"sk": {"N": "1"}, "revision": {"N": "1"}},
        item() | {"revision": {"N": "x"}},
        item() | {"revision": {"S": "Infinity"}},
        item(next=101),
        item(next=-1),
    ],
)
def test_items_that_say_nothing_are_refused(row: dict[str, Any]) -> None:
    with pytest.raises(BadEntry):
        entry(row)


def shop_routes(way: Way, **more: Any) -> list[dict[str, Any]]:
    service = parse("shop", json.dumps({"port": 80, "path": "/shop", **more}))
    rows = routes.resource([service], PAGE, {"shop": way})["virtual_hosts"][-1]["routes"]
    return [row for row in rows if row["name"] == "shop"]


def weights(row: dict[str, Any]) -> dict[str, int]:
    return {one["name"]: one["weight"] for one in row["route"]["weighted_clusters"]["clusters"]}


def test_a_share_only_counts_while_the_second_version_has_tasks() -> None:
    (row,) = shop_routes(Way(next=25))
    assert row["route"]["cluster"] == "shop"
    (row,) = shop_routes(Way(next=0, has_next=True))
    assert row["route"]["cluster"] == "shop"
    (row,) = shop_routes(Way(next=25, has_next=True))
    assert list(weights(row).items()) == [("shop_shift", 25), ("shop", 75)]  # the second first: who is there stays
    (row,) = shop_routes(Way(next=100, has_next=True))
    assert row["route"]["cluster"] == "shop_shift"


def test_clients_stay_by_cookie_or_header() -> None:
    again, first = shop_routes(Way(next=5, has_next=True), sticky="cookie")
    assert again["route"]["hash_policy"] == [{"cookie": {"name": "slipway_version"}}]
    assert "response_headers_to_add" not in again
    assert first["route"]["hash_policy"] == [{"header": {"header_name": "x-request-id"}}]
    (row,) = shop_routes(Way(next=5, has_next=True), sticky="header:X-Tenant")
    assert row["route"]["hash_policy"] == [{"header": {"header_name": "X-Tenant"}}]
    assert len(shop_routes(Way(next=5, has_next=True), sticky="cookie", max_body=9)) == 5
    for bad in ("x", "header:", "header:a b", "cookie:x", 7):
        with pytest.raises(BadService):
            parse("shop", json.dumps({"port": 80, "sticky": bad}))


def test_health_of_the_second_version_can_be_asked() -> None:
    rows = routes.resource([SHOP], PAGE, {"shop": Way(has_next=True)})["virtual_hosts"][-1]["routes"]
    asked = {row["match"]["path"]: row["route"]["cluster"] for row in rows if row["name"].startswith("health-")}
    assert asked == {"/.gateway/health/shop": "shop_asked", "/.gateway/health/shop_next": "shop_next_asked"}


def test_every_set_of_routes_has_its_own_probe() -> None:
    found = [routes.file([SHOP], PAGE, {"shop": Way(next=share, has_next=True)}) for share in (5, 6)]
    assert found[0][0] != found[1][0]
    assert all(f"/.gateway/routes/{digest}" in text for digest, text in found)


class Envoy:
    """Takes what it is given, unless it is told not to."""

    def __init__(self) -> None:
        self.takes = True
        self.rows: list[dict[str, Any]] = []

    def has(self, clusters: Collection[str], seconds: float) -> bool:
        return True

    def follows(self, digest: Callable[[], str], seconds: float) -> str:
        return digest() if self.takes else ""

    def stats(self, pattern: str) -> list[dict[str, Any]]:
        return self.rows


class Gateway:
    """The agent's part for traffic, without Envoy."""

    def __init__(self, state: Path, table: Api) -> None:
        self.state, self.time, self.envoy, self.sent = state, Time(), Envoy(), Api({})
        self.reports = Reports(Store(self.sent, "t"), "task", self.time.clock)
        self.reports.say(version="pol-1")
        self.routing = Routing(state, PAGE, self.envoy)
        self.routing.put([SHOP], {"shop": frozenset({"10.0.0.1"}), "shop_next": frozenset({"10.0.0.2"})})
        store = Store(table, "t")
        self.steering = Steering(store, self.reports, routing=self.routing, envoy=self.envoy, clock=self.time.clock)

    def step(self) -> dict[str, Any]:
        self.steering.step()
        self.reports.step()
        return items.unpacked(self.sent.asked[-1][1]["Item"]) if self.sent.asked else {}

    @property
    def text(self) -> str:
        return (self.state / ROUTES_FILE).read_text("utf-8")

    @property
    def share(self) -> int:
        (row,) = [
            row for row in json.loads(self.text)["resources"][0]["virtual_hosts"][-1]["routes"] if row["name"] == "shop"
        ]
        return 0 if row["route"].get("cluster") == "shop" else weights(row)["shop_shift"]

    @property
    def clusters(self) -> list[str]:
        rows = json.loads((self.state / CLUSTERS_FILE).read_text("utf-8"))["resources"]
        return [row["name"] for row in rows]


def test_what_is_wanted_is_written_proven_and_reported(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, Api({"Items": [item(revision=3, next=25, holder="d")]}))
    gateway.envoy.takes = False
    assert "traffic" not in gateway.step()
    assert gateway.share == 25
    gateway.envoy.takes = True
    assert gateway.step()["traffic"] == {"shop": 3}


def test_without_a_beat_for_thirty_seconds_the_main_version_gets_everything(tmp_path: Path) -> None:
    beats = [{"Items": [item(revision=3, next=25, holder="d", beat=beat)]} for beat in (1, 1, 2, 2)]
    gateway = Gateway(tmp_path, Api(*beats, beats[-1]))
    gateway.step()
    gateway.time.pass_by(SILENT_SECONDS - 1)
    gateway.step()
    assert gateway.share == 25
    gateway.step()  # it beats
    gateway.time.pass_by(SILENT_SECONDS - 1)
    assert gateway.step()["traffic"] == {"shop": 3}
    assert gateway.share == 25
    gateway.time.pass_by(1)
    assert gateway.step()["traffic"] == {}
    assert gateway.share == 0


def test_a_table_that_is_cut_off_is_silence_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gateway = Gateway(tmp_path, Api({"Items": [item(next=100, holder="d")]}, OSError("cut")))
    gateway.step()
    gateway.time.pass_by(SILENT_SECONDS - 1)
    gateway.step()
    assert '"cluster":"shop_shift"' in gateway.text
    gateway.time.pass_by(1)
    gateway.step()
    assert '"cluster":"shop_shift"' not in gateway.text
    assert capsys.readouterr().out.count("cannot be looked up") == 1


def test_an_item_that_cannot_be_read_counts_as_it_was(tmp_path: Path) -> None:
    bad: list[Any] = [
        item(next=500),
        {"sk": {"S": "shop"}},
        item() | {"next": {"L": [{}]}},
        item() | {"next": {}},
        {"sk": 7},
    ]
    answers = [{"Items": [item(next=25)]}, *({"Items": [row]} for row in bad), {"Items": []}]
    gateway = Gateway(tmp_path, Api(*answers))
    shares = []
    for _ in answers:
        gateway.step()
        shares.append(gateway.share)
    assert shares == [25, 25, 25, 25, 25, 0, 0]


def test_clusters_go_after_the_routes_that_named_them(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, Api({"Items": [item(next=25)]}))
    gateway.step()
    assert set(gateway.clusters) == {"shop", "shop_asked", "shop_next", "shop_next_asked", "shop_shift"}
    gateway.envoy.takes = False
    for _ in range(3):
        gateway.routing.put([SHOP], {"shop": frozenset({"10.0.0.1"})})
        assert "shop_shift" in gateway.clusters
    assert gateway.share == 0
    gateway.envoy.takes = True
    gateway.step()
    gateway.routing.put([SHOP], {"shop": frozenset({"10.0.0.1"})})
    assert gateway.clusters == ["shop", "shop_asked"]


def test_versions_are_counted_while_somebody_shifts(tmp_path: Path) -> None:
    held, free = {"Items": [item(holder="d")]}, {"Items": [item(revision=2)]}
    gateway = Gateway(tmp_path, Api(held, held, free))
    gateway.envoy.rows = [
        {"name": "cluster.shop.upstream_rq_completed", "value": 9},
        {"name": "cluster.shop_next.membership_healthy", "value": 2},
        {"name": "cluster.shop_shift.upstream_rq_completed", "value": 4},
        {"name": "cluster.other.upstream_rq_completed", "value": 1},
    ]
    found = gateway.step()["versions"]
    assert {name: (row["requests"], row["healthy"]) for name, row in found.items()} == {
        "shop": (9, 0),
        "shop_next": (4, 2),
    }
    gateway.envoy.rows[0]["value"] = 10
    assert gateway.step()["versions"] == found  # once a second
    gateway.time.pass_by(1)
    assert "versions" not in gateway.step()


def test_few_healthy_tasks_of_a_version_hand_nothing_over() -> None:
    assert clusters.endpoints("shop", 1, [])["policy"]["overprovisioning_factor"] >= 100 * 100


class Admin:
    """As many requests in flight as told, one look after the other."""

    def __init__(self, *active: int) -> None:
        self.active, self.told = list(active), list[str]()

    def post(self, command: str) -> bool:
        self.told.append(command)
        return True

    def gauges(self, pattern: str) -> dict[str, int]:
        return {"http.public.downstream_rq_active": self.active.pop(0) if len(self.active) > 1 else self.active[0]}


@pytest.mark.parametrize(("active", "expected"), [((0,), 1.0), ((1, 1, 1, 0), 1.2), ((1,), 8.0)])
def test_stopping_takes_as_long_as_requests_do_and_no_longer_than_allowed(
    active: tuple[int, ...], expected: float
) -> None:
    time, admin = Time(), Admin(*active)
    start = time.seconds
    drain(admin, lambda: True, seconds=8.0, clock=time.clock)
    assert time.seconds - start == pytest.approx(expected, abs=0.15)
    assert admin.told == ["/healthcheck/fail"]
