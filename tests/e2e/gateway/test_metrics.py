"""What the gateway tells about itself, with the real Envoy: numbers for Prometheus and for CloudWatch."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator

import pytest

from tests.e2e.gateway.agent_process import Answer, Gateway, bundle, until
from tests.e2e.gateway.fake_aws import FakeAws
from tests.e2e.gateway.upstream import Upstream

POLICIES = """
@id("all") @description("everybody") permit(principal, action, resource);
@id("not-here") @description("nobody") forbid(principal, action, resource in Path::"/shop/secret");
"""
PARAMETERS = "/slipway/slipway-test/gateway/services/"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One with a service that answers, and one without tasks."""
    aws, policies, shop = FakeAws(), bundle(POLICIES), Upstream("shop")
    aws.upload(policies)
    aws.flip(policies.version, 1.5)
    aws.run("shop-1", "shop", shop.address)
    aws.parameters[PARAMETERS + "shop"] = json.dumps({"port": shop.port, "path": "/shop"})
    aws.parameters[PARAMETERS + "away"] = json.dumps({"port": shop.port, "path": "/away"})
    with Gateway(tmp_path_factory.mktemp("gateway"), aws) as made:
        made.ready()
        until(lambda: made.status("/shop"), lambda status: status == 200)
        yield made
    shop.close()
    aws.close()


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
