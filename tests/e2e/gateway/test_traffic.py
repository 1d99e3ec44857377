"""Two versions of a service behind the real Envoy: shares, clients that stay, versions that die, no request lost."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gateway.agent_process import Gateway, until
from tests.e2e.gateway.fake_aws import FakeAws
from tests.e2e.gateway.load import CLIENTS, Load
from tests.e2e.gateway.upstream import Upstream

MAIN, NEXT = "127.0.0.1", "127.0.0.2"


class Shop:
    """A service with a task of each version."""

    def __init__(self, aws: FakeAws) -> None:
        self.aws, self.revision = aws, 0
        self.main = Upstream("shop", MAIN)
        self.next = Upstream("shop", NEXT, port=self.main.port)
        self.offer()
        aws.run("shop-1", "shop", MAIN)
        aws.run("shop-2", "shop_next", NEXT)

    def offer(self, **settings: Any) -> None:
        """Its parameter."""
        self.aws.offer("shop", self.main.port, path="/shop", public=True, **settings)

    def shift(self, share: int, holder: str = "d-1") -> None:
        """Give the second version a share; returns when every gateway task says so."""
        self.revision += 1
        self.aws.shift("shop", self.revision, next=share, holder=holder)
        until(self.aws.report, lambda row: row.get("traffic") == {"shop": self.revision})

    def versions(self) -> dict[str, Any]:
        """What the gateway counted."""
        found: dict[str, Any] = self.aws.report().get("versions", {})
        return found


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    made = FakeAws()
    yield made
    made.close()


@pytest.fixture
def shop(aws: FakeAws) -> Iterator[Shop]:
    made = Shop(aws)
    yield made
    made.main.close()
    made.next.close()


@pytest.fixture
def gateway(tmp_path: Path, shop: Shop) -> Iterator[Gateway]:
    with Gateway(tmp_path, shop.aws) as made:
        made.ready()
        for version in ("shop", "shop_next"):
            until(lambda version=version: made.status(f"/.gateway/health/{version}"), lambda status: status == 200)  # type: ignore[misc]
        yield made


def ask(gateway: Gateway, times: int = 40, **headers: str) -> set[str]:
    return {gateway.get("/shop", **headers).json["at"] for _ in range(times)}


def test_twenty_changes_of_shares_under_load_fail_no_request(gateway: Gateway, shop: Shop) -> None:
    shares = cycle((5, 50, 100, 25, 0))
    with Load(gateway.port, "/shop") as load:
        for _ in range(20):
            share = next(shares)
            started = time.monotonic()
            shop.shift(share)
            print(f"{share} %: {time.monotonic() - started:.2f} s")
            if share in (0, 100):
                assert ask(gateway, 10) == {NEXT if share else MAIN}
    assert set(load.statuses) == {200}
    assert set(load.answered) == {MAIN, NEXT}
    assert load.count > 500


def test_a_second_version_that_comes_and_goes_under_load_fails_no_request(gateway: Gateway, shop: Shop) -> None:
    task = shop.aws.tasks["shop-2"]
    with Load(gateway.port, "/shop") as load:
        for _ in range(4):
            shop.aws.tasks.pop("shop-2", None)
            until(lambda: gateway.status("/.gateway/health/shop_next"), lambda status: status != 200)
            seen = load.answered[NEXT]
            shop.aws.tasks["shop-2"] = task
            shop.shift(100)  # before the gateway knows any of its tasks
            until(lambda seen=seen: load.answered[NEXT] - seen, lambda count: count > 50)  # type: ignore[misc]
    assert set(load.statuses) == {200}


def test_bodies_and_websockets_reach_the_second_version(gateway: Gateway, shop: Shop) -> None:
    shop.offer(max_body=1000, sticky="cookie")
    for share in (50, 100):
        shop.shift(share)
        until(lambda: gateway.ask("POST", "/shop", {}, b"x" * 1001).status, lambda status: status == 413)
        found = [gateway.ask("POST", "/shop", {}, b"x" * 1000).json for _ in range(20)]
        assert {row["size"] for row in found} == {1000}
        assert NEXT in {row["at"] for row in found}
    with websocket(gateway, "/shop/ws") as connection:
        connection.sendall(b"abcd")
        assert connection.recv(4) == b"dcba"


def websocket(gateway: Gateway, path: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", gateway.port), 10)
    connection.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n".encode())
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(4096)
    assert found.startswith(b"HTTP/1.1 101"), found
    return connection


def test_clients_stay_with_their_version_while_its_share_grows(gateway: Gateway, shop: Shop) -> None:
    shop.offer(sticky="cookie")
    shop.shift(30)
    first = until(lambda: gateway.get("/shop"), lambda answer: "set-cookie" in answer.headers)
    assert first.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Lax")
    clients: dict[str, str] = {}
    for _ in range(40):
        answer = gateway.get("/shop")
        clients[answer.headers["set-cookie"].partition(";")[0]] = answer.json["at"]
    assert set(clients.values()) == {MAIN, NEXT}
    for cookie, at in clients.items():
        again = gateway.get("/shop", cookie=f"a=b; {cookie}; c=d")
        assert again.json["at"] == at
        assert "set-cookie" not in again.headers
    shop.shift(60)
    for cookie, at in clients.items():
        assert at == MAIN or gateway.get("/shop", cookie=cookie).json["at"] == NEXT


def test_a_header_keeps_a_client_with_a_version(gateway: Gateway, shop: Shop) -> None:
    shop.offer(sticky="header:x-tenant")
    shop.shift(50)
    tenants = [f"tenant-{number}" for number in range(20)]

    def stay() -> bool:
        """All of them, which by chance would be one time in 8 to the 20th."""
        return all(len(ask(gateway, 4, **{"x-tenant": tenant})) == 1 for tenant in tenants)

    until(stay, bool)
    assert {at for tenant in tenants for at in ask(gateway, 1, **{"x-tenant": tenant})} == {MAIN, NEXT}


def test_a_share_of_a_version_that_does_not_answer_goes_to_the_main_one(gateway: Gateway, shop: Shop) -> None:
    shop.next.is_healthy = False
    until(lambda: gateway.status("/.gateway/health/shop_next"), lambda status: status == 503)
    shop.shift(100)
    assert ask(gateway) == {MAIN}
    shop.next.is_healthy = True
    until(lambda: gateway.get("/shop").json["at"], lambda at: at == NEXT)
    shop.aws.tasks.pop("shop-2")
    until(lambda: gateway.get("/shop").json["at"], lambda at: at == MAIN)
    until(lambda: gateway.status("/.gateway/health/shop_next"), lambda status: status != 200)


@pytest.mark.parametrize("share", [50, 100])
def test_a_second_version_that_vanishes_costs_no_more_than_what_it_had(
    gateway: Gateway, shop: Shop, share: int
) -> None:
    shop.shift(share)
    with Load(gateway.port, "/shop") as load:
        until(lambda: load.answered[NEXT], lambda count: count > 50)
        shop.next.close()
        seen = load.count
        until(lambda: load.count, lambda count: count > seen + 300)
    assert load.statuses.total() - load.statuses[200] <= CLIENTS, load.statuses


def test_half_of_the_tasks_vanishing_costs_no_more_than_what_they_had(gateway: Gateway, shop: Shop) -> None:
    others = [Upstream("shop", f"127.0.0.{number}", port=shop.main.port) for number in range(3, 8)]
    for other in others:
        shop.aws.run(other.address, "shop", other.address)
    with Load(gateway.port, "/shop") as load:
        until(lambda: min(load.answered[other.address] for other in others), lambda count: count > 20)
        for other in others[:3]:
            other.close()
        seen = load.count
        until(lambda: load.count, lambda count: count > seen + 500)
    for other in others[3:]:
        other.close()
    assert load.statuses.total() - load.statuses[200] <= 3 * CLIENTS, load.statuses
    assert load.answered[MAIN] > 20


def test_what_each_version_answers_is_counted_while_somebody_shifts(gateway: Gateway, shop: Shop) -> None:
    shop.shift(0)
    found = until(shop.versions, lambda row: row.get("shop_next", {}).get("healthy") == 1)
    assert (found["shop"]["healthy"], found["shop_next"]["requests"]) == (1, 0)
    shop.shift(100)
    for _ in range(9):
        assert gateway.status("/shop") == 200
    assert gateway.status("/shop/fails") == 500
    assert gateway.status("/.gateway/health/shop_next") == 200
    found = until(shop.versions, lambda row: row["shop_next"]["buckets"].get("300000", 0) == 10)
    assert (found["shop_next"]["requests"], found["shop_next"]["errors"]) == (10, 1)
    assert found["shop"]["requests"] == 0
    shop.shift(0, holder="")
    until(shop.versions, lambda row: not row)


def test_a_new_gateway_task_begins_with_the_shares_as_they_are(gateway: Gateway, shop: Shop, tmp_path: Path) -> None:
    shop.shift(100)
    with Gateway(tmp_path / "second", shop.aws) as second:
        second.ready()
        assert ask(second) == {NEXT}
