"""Services come, go, change and break behind the real Envoy, while requests go on."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gateway.agent_process import Gateway, bundle, until
from tests.e2e.gateway.fake_aws import FakeAws
from tests.e2e.gateway.load import Load
from tests.e2e.gateway.upstream import Upstream

OPEN = '@id("all") @description("everybody") permit(principal, action, resource);'
PARAMETERS = "/slipway/slipway-test/gateway/services/"


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    made, policies = FakeAws(), bundle(OPEN)
    made.upload(policies)
    made.flip(policies.version, 1.5)
    yield made
    made.close()


@pytest.fixture
def shop(aws: FakeAws) -> Iterator[Upstream]:
    made = Upstream("shop")
    aws.run("shop-1", "shop", made.address)
    put(aws, made, path="/shop")
    yield made
    made.close()


@pytest.fixture
def gateway(tmp_path: Path, aws: FakeAws, shop: Upstream) -> Iterator[Gateway]:
    with Gateway(tmp_path, aws) as made:
        made.ready()
        until(lambda: made.status("/shop"), lambda status: status == 200)
        yield made


def put(aws: FakeAws, upstream: Upstream, **settings: Any) -> None:
    aws.parameters[PARAMETERS + upstream.name] = json.dumps({"port": upstream.port, **settings})


def test_services_come_and_go_by_path_and_host(gateway: Gateway, aws: FakeAws) -> None:
    deeper, hosted = Upstream("deeper"), Upstream("hosted")
    put(aws, deeper, path="/shop/deeper")
    put(aws, hosted, host="api.example.com")
    aws.parameters[PARAMETERS + "broken"] = "{"
    aws.run("d", "deeper", deeper.address)
    aws.run("h", "hosted", hosted.address)
    until(lambda: gateway.get("/shop/deeper/x").json.get("service"), lambda name: name == "deeper")
    got = until(lambda: gateway.get("/a/b?c", host="api.example.com:8080").json, lambda row: "service" in row)
    assert (got["service"], got["path"]) == ("hosted", "/a/b?c")
    assert "x-forwarded-prefix" not in got["headers"]
    assert gateway.get("/shop/deepest").json["service"] == "shop"
    assert gateway.status("/.gateway/health/hosted") == 200
    assert gateway.status("/shopx") == 404
    del aws.parameters[PARAMETERS + "deeper"]
    until(lambda: gateway.get("/shop/deeper/x").json["service"], lambda name: name == "shop")
    assert "a service is left out" in gateway.text()
    deeper.close()
    hosted.close()


def test_a_public_service_needs_no_policy_but_no_bad_token_either(gateway: Gateway, aws: FakeAws) -> None:
    policies = bundle('@id("nobody") @description("nobody") forbid(principal, action, resource);')
    site = Upstream("site")
    put(aws, site, path="/site", public=True)
    aws.run("s", "site", site.address)
    aws.upload(policies)
    aws.flip(policies.version, 2.5)
    until(lambda: gateway.status("/shop"), lambda status: status == 401)
    until(lambda: gateway.status("/site/a"), lambda status: status == 200)
    assert gateway.status("/site", authorization="Bearer nonsense") == 401
    put(aws, site, path="/site")
    until(lambda: gateway.status("/site"), lambda status: status == 401)
    site.close()


def test_a_task_that_vanishes_or_fails_gets_no_requests(gateway: Gateway, aws: FakeAws, shop: Upstream) -> None:
    other = Upstream("shop", "127.0.0.2", port=shop.port)
    aws.run("shop-2", "shop", other.address)
    until(lambda: gateway.get("/shop").json["at"], lambda address: address == "127.0.0.2")
    other.close()
    assert {gateway.status("/shop") for _ in range(200)} == {200}
    again = Upstream("shop", "127.0.0.3", port=shop.port)
    again.is_healthy = False
    aws.run("shop-3", "shop", again.address)
    time.sleep(3)  # the agent has seen it, and Envoy has asked it
    assert {gateway.get("/shop").json["at"] for _ in range(50)} == {"127.0.0.1"}
    again.is_healthy = True
    until(lambda: gateway.get("/shop").json["at"], lambda address: address == "127.0.0.3")
    again.close()


def test_without_a_task_that_answers_there_is_a_clear_error(gateway: Gateway, aws: FakeAws) -> None:
    aws.tasks.clear()
    until(lambda: gateway.status("/shop"), lambda status: status == 503)
    answer = gateway.get("/shop")
    assert answer.json["error"] == "no healthy upstream"
    assert answer.json["request_id"] == answer.headers["x-request-id"]


def test_maintenance_says_when_to_come_again(gateway: Gateway, aws: FakeAws, shop: Upstream) -> None:
    aws.shift("shop", 1, maintenance=True)
    until(aws.report, lambda row: row.get("traffic") == {"shop": 1})
    assert gateway.status("/.gateway/health/shop") == 200
    answer = gateway.get("/shop/x")
    assert answer.headers["retry-after"] == "30"
    assert answer.json["error"] == "shop is under maintenance"
    aws.shift("shop", 2)
    until(aws.report, lambda row: row.get("traffic") == {"shop": 2})
    assert gateway.status("/shop") == 200


def test_a_rate_is_kept(gateway: Gateway, aws: FakeAws, shop: Upstream) -> None:
    put(aws, shop, path="/shop", rate=5)
    found = until(lambda: [gateway.get("/shop") for _ in range(30)], lambda rows: any(r.status == 429 for r in rows))
    refused = next(row for row in found if row.status == 429)
    assert refused.headers["content-type"] == "application/json"
    until(lambda: gateway.status("/shop"), lambda status: status == 200)


def test_bodies_have_a_limit(gateway: Gateway, aws: FakeAws, shop: Upstream) -> None:
    put(aws, shop, path="/shop", max_body=1000)
    until(lambda: gateway.ask("POST", "/shop", {}, b"x" * 1001).status, lambda status: status == 413)
    assert gateway.ask("POST", "/shop", {}, b"x" * 1000).json["size"] == 1000
    for size, expected in ((900, 200), (5000, 413)):
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        connection.request(
            "POST", "/shop", iter([b"x" * size]), encode_chunked=True, headers={"transfer-encoding": "chunked"}
        )
        assert connection.getresponse().status == expected
        connection.close()


def test_streams_are_not_held_back(gateway: Gateway) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    connection.request("GET", "/shop/stream")
    answer = connection.getresponse()
    arrived = []
    while line := answer.readline():
        if line.strip():
            arrived.append(time.monotonic())
    assert len(arrived) == 3
    assert arrived[2] - arrived[0] > 0.5
    connection.close()


def test_websockets_pass(gateway: Gateway) -> None:
    head = "GET /shop/ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port), 10) as connection:
        connection.sendall(head.encode())
        found = b""
        while b"\r\n\r\n" not in found:
            found += connection.recv(4096)
        assert found.startswith(b"HTTP/1.1 101")
        connection.sendall(b"abcd")
        assert connection.recv(4) == b"dcba"


def test_large_answers_are_packed(gateway: Gateway) -> None:
    answer = gateway.get("/shop/large", **{"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.body) < 5000
    assert json.loads(gzip.decompress(answer.body))["text"] == "x" * 50_000


def test_services_that_change_under_load_fail_no_request(gateway: Gateway, aws: FakeAws) -> None:
    more = Upstream("more")
    aws.run("m", "more", more.address)
    with Load(gateway.port, "/shop/x") as load:
        for count in range(6):
            put(aws, more, path=f"/more{count}")
            until(lambda count=count: gateway.status(f"/more{count}"), lambda status: status == 200, 30)  # type: ignore[misc]
    more.close()
    assert load.count > 300
    assert set(load.statuses) == {200}


def test_a_request_in_flight_is_finished_when_the_task_is_stopped(gateway: Gateway) -> None:
    found: list[bytes] = []
    request = threading.Thread(target=lambda: found.append(gateway.get("/shop/stream").body))
    request.start()
    time.sleep(0.3)  # the request is in flight
    gateway.process.terminate()
    assert gateway.process.wait(15) == 0
    request.join(10)
    assert found[0].count(b"data") == 3


def test_old_tasks_serve_until_a_new_one_answers(gateway: Gateway, aws: FakeAws, shop: Upstream) -> None:
    """What ECS does in a rollout, at its worst: the old task is on its way out before the new one answers here."""
    fresh = Upstream("shop", "127.0.0.2", port=shop.port)
    fresh.is_healthy = False
    with Load(gateway.port, "/shop") as load:
        until(lambda: load.count, lambda count: count > 100)
        aws.tasks.clear()
        aws.run("shop-2", "shop", fresh.address)
        time.sleep(2.5)  # the agent has seen both
        fresh.is_healthy = True
        until(lambda: load.answered["127.0.0.2"], lambda count: count > 100)
        old = load.answered["127.0.0.1"]
        until(lambda: load.answered["127.0.0.2"], lambda count: count > 300)
        assert load.answered["127.0.0.1"] <= old + 8  # under way at that moment
    assert set(load.statuses) == {200}
    fresh.close()
