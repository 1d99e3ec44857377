"""What the gateway tells about itself, with the real Envoy: numbers for Prometheus and for CloudWatch."""

from __future__ import annotations

import http.client
import json
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts.local.corrections.embedded_metrics import embedded
from tests.e2e.gateway.agent_process import Answer, Gateway, bundle, until
from tests.e2e.gateway.fake_aws import FakeAws
from tests.e2e.gateway.upstream import Upstream
from tests.stacks.conftest import SERVICES, make_settings, synthesise
from tests.stacks.metrics import named
from tests.unit.envoy.emf import checked

POLICIES = """
@id("all") @description("everybody") permit(principal, action, resource)
  unless { resource == Path::"/elsewhere" };
@id("not.here") @description("nobody") forbid(principal, action, resource in Path::"/shop/secret");
"""
PARAMETERS = "/slipway/slipway-test/gateway/services/"


@contextmanager
def running(folder: Path) -> Iterator[Gateway]:
    """A gateway with a service that answers, and one without tasks."""
    aws, policies, shop = FakeAws(), bundle(POLICIES), Upstream("shop")
    aws.upload(policies)
    aws.flip(policies.version, 1.5)
    aws.run("shop-1", "shop", shop.address)
    aws.parameters[PARAMETERS + "shop"] = json.dumps({"port": shop.port, "path": "/shop"})
    aws.parameters[PARAMETERS + "away"] = json.dumps({"port": shop.port, "path": "/away"})
    with Gateway(folder, aws) as made:
        made.ready()
        until(lambda: made.status("/.gateway/health/shop"), lambda status: status == 200)
        yield made
    shop.close()
    aws.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running(tmp_path_factory.mktemp("gateway")) as made:
        yield made


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What a gateway said of its metrics until it ended, after 20 requests that a service answered and 6 others."""
    with running(tmp_path_factory.mktemp("told")) as gateway:
        for path in ["/shop/a"] * 20 + ["/away"] * 2 + ["/shop/secret"] * 3 + ["/elsewhere"]:
            gateway.status(path)
        gateway.process.send_signal(signal.SIGTERM)
        gateway.process.wait(20)
        return [line for line in gateway.lines() if line.get("agent") == "metrics"]


def scrape(gateway: Gateway, path: str = "/metrics", method: str = "GET") -> Answer:
    """An answer of the port for Prometheus."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.metrics_port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def test_prometheus_reads_counters_of_services_and_policies(gateway: Gateway) -> None:
    for path in ("/shop/a", "/shop/b", "/away", "/shop/secret"):
        gateway.status(path)
    answer = scrape(gateway)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    lines = answer.body.decode().splitlines()
    assert 'envoy_cluster_upstream_rq{envoy_response_code="503",envoy_cluster_name="away"} 1' in lines
    assert any(line.startswith('envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="shop"') for line in lines)


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/stats", "/stats/prometheus", "/config_dump", "/certs", "/quitquitquit", "/healthcheck/fail"),
        *("/metrics/", "/metrics/../config_dump", "/metrics%2f..%2fconfig_dump", "/metrics?filter=x", "/metrics/x"),
        *("//config_dump", "/metrics;/config_dump", "/METRICS"),
    ],
)
def test_nothing_else_of_the_administration_is_on_that_port(gateway: Gateway, path: str) -> None:
    assert scrape(gateway, path).status in (400, 404)


def test_the_administration_takes_no_command_from_that_port(gateway: Gateway) -> None:
    for path in ("/metrics", "/quitquitquit", "/healthcheck/fail", "/stats/prometheus"):
        assert scrape(gateway, path, "POST").status == 404
    with socket.create_connection(("127.0.0.1", gateway.metrics_port), 5) as connection:
        connection.sendall(b"GET http://x/config_dump HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 404")
    assert gateway.status("/ready") == 200


def summed(told: list[dict[str, Any]], dimension: str, name: str) -> dict[str, float]:
    """A metric by the value of a dimension; more than one line, where a minute was over meanwhile."""
    found: dict[str, float] = {}
    for line in told:
        if dimension in line and name in line:
            found[line[dimension]] = found.get(line[dimension], 0) + line[name]
    return found


def test_what_was_asked_is_told_to_cloudwatch_before_the_end(told: list[dict[str, Any]]) -> None:
    assert {line["Target"] for line in told} == {"slipway-test"}
    assert summed(told, "Service", "Requests").keys() == {"shop", "away"}
    assert summed(told, "Service", "Requests")["shop"] >= 20
    assert summed(told, "Service", "Errors") == {"shop": 0, "away": 2}
    assert summed(told, "Policy", "Allowed") == {"all": 22}
    assert summed(told, "Policy", "Denied") == {"not.here": 3, "_none": 1}


def test_times_are_told_of_answers_that_a_service_gave(told: list[dict[str, Any]]) -> None:
    rows = [line for line in told if line.get("Service") == "shop" and line["Requests"]]
    assert rows
    assert all(0 < row["P50"] <= row["P95"] <= row["P99"] for row in rows)
    assert not [line for line in told if line.get("Service") == "away" and "P95" in line]


def test_every_line_is_in_the_embedded_metric_format(told: list[dict[str, Any]]) -> None:
    found = {metric for line in told for metric in checked(line)}
    assert found == {
        *(("Slipway/Gateway", ("Target", "Service"), name) for name in ("Requests", "Errors", "P50", "P95", "P99")),
        *(("Slipway/Gateway", ("Target", "Policy"), name) for name in ("Allowed", "Denied")),
    }


def test_dashboard_and_alarms_show_what_arrives(told: list[dict[str, Any]]) -> None:
    gateway, hello, *others = SERVICES
    made = synthesise(make_settings("public", (gateway, replace(hello, bake_p95=300), *others)))
    arrived = {metric for line in told for metric in checked(line)}
    assert {metric for metric in named(made) if metric[0] == "Slipway/Gateway"} == arrived


def test_the_embedded_cloud_takes_the_same_from_the_lines_as_cloudwatch(told: list[dict[str, Any]]) -> None:
    for line in told:
        found = list(embedded(json.dumps(line)))
        assert {(one.namespace, tuple(dict(one.dimensions)), one.name) for one in found} == checked(line)
        assert all(one.values == (line[one.name],) for one in found)
