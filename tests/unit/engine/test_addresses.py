"""What users open, and where the load balancer is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.engine.addresses import base_url, health_url, urls
from settings import Service, Settings, Target
from tests.unit.engine.clouds import CONNECTION

OUTPUTS = {"LoadBalancerDns": "lb-1.elb.amazonaws.com", "LoadBalancerName": "slipway-staging"}
SETTINGS = Settings(
    root=Path(),
    name="slipway",
    target=Target(name="staging", account="111111111111", region="eu-central-1", domain="example.com"),
    services=(
        Service(name="gateway", source="envoy"),
        Service(name="hello", source="hello", path="/hello"),
        Service(name="shop", source="shop", host="shop.example.com"),
    ),
)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (
            "http://{dns}",
            ["http://lb-1.elb.amazonaws.com/", "http://lb-1.elb.amazonaws.com/hello", "http://shop.example.com/"],
        ),
        ("https://{dns}", ["https://example.com/", "https://example.com/hello", "https://shop.example.com/"]),
        (
            "http://127.0.0.1:4566/_alb/{name}",
            [
                "http://127.0.0.1:4566/_alb/slipway-staging/",
                "http://127.0.0.1:4566/_alb/slipway-staging/hello",
                "http://shop.example.com/",
            ],
        ),
    ],
)
def test_what_users_open(form: str, expected: list[str]) -> None:
    base = base_url(replace(CONNECTION, load_balancer_url=form), OUTPUTS)
    assert list(urls(SETTINGS, base).values()) == expected


def test_a_target_without_a_load_balancer_has_no_addresses() -> None:
    assert base_url(CONNECTION, {}) is None
    assert urls(SETTINGS, None) == {}


def test_what_a_deploy_asks() -> None:
    known = urls(SETTINGS, "http://lb")
    assert [health_url(SETTINGS, service.name, known) for service in SETTINGS.services] == [
        "http://lb/health",
        "http://lb/.gateway/health/hello",
        "http://lb/.gateway/health/shop",
    ]
    alone = replace(SETTINGS, services=SETTINGS.services[1:])
    assert health_url(alone, "hello", known) == "http://lb/hello/health"
    assert health_url(alone, "shop", known) == "http://shop.example.com/health"


def test_nobody_is_asked_where_nobody_would_answer() -> None:
    known = urls(SETTINGS, "http://lb")
    gateway, hello, shop = SETTINGS.services
    assert health_url(SETTINGS, "hello", {}) is None
    for services in ((replace(gateway, desired=0), hello, shop), (gateway, replace(hello, desired=0), shop)):
        assert health_url(replace(SETTINGS, services=services), "hello", known) is None
