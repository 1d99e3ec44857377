"""What Envoy gets for services and for authentication; rubbish is refused before it gets there."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from agent import auth, clusters, routes
from agent.clock import Clock
from agent.leaving import Leaving
from agent.services import BadService, Service, parse
from agent.store import Damaged, unpacked

PAGE = Path("/etc/envoy/index.html")
EC = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "kid": "1"}
NOBODYS = auth.nobodys_key()
RSA = {"kty": "RSA", "n": "n", "e": "AQAB"}


def names(*services: Service) -> list[str]:
    """Routes of the virtual host of everything, in their order."""
    hosts = routes.resource(services, PAGE, {})["virtual_hosts"]
    return [row["name"] for row in hosts[-1]["routes"]]


def test_deeper_paths_come_first_and_the_rest_is_not_found() -> None:
    found = names(Service("a", 1, "/a"), Service("ab", 1, "/a/b"))
    assert [name for name in found if not name.startswith("health-")] == [
        "odd-host", "odd-connection", "odd-token", "routes", "probe", "gateway", "ab", "a", "landing-page", "not-found",
    ]  # fmt: skip


def test_a_service_of_everything_takes_the_landing_page_s_place() -> None:
    assert names(Service("all", 1, "/"))[-1] == "all"


def test_the_order_of_services_does_not_matter() -> None:
    one, two = Service("a", 1, "/a"), Service("b", 1, host="b.example.com")
    assert routes.file([one, two], PAGE, {}) == routes.file([two, one], PAGE, {})


def past_the_policies(*services: Service) -> list[str]:
    """Routes on which no policy is asked."""
    found = routes.resource(services, PAGE, {})
    rows = [row for host in found["virtual_hosts"] for row in host["routes"]]
    return [row["name"] for row in rows if "policy" in row.get("typed_per_filter_config", {})]


def test_only_the_health_route_is_past_the_policies() -> None:
    assert past_the_policies(Service("a", 1, "/a", max_body=5, rate=1)) == ["routes", "health-a"]


def test_a_public_service_is_past_the_policies_and_within_its_limits() -> None:
    public = Service("b", 1, "/b", max_body=5, rate=1, public=True)
    assert past_the_policies(Service("a", 1, "/a"), public) == ["routes", "health-a", "health-b", "b", "b", "b"]
    rows = [row for row in routes.resource([public], PAGE, {})["virtual_hosts"][-1]["routes"] if "route" in row]
    limited = [sorted(row["typed_per_filter_config"]) for row in rows if row["name"] == "b"]
    rate = "envoy.filters.http.local_ratelimit"
    assert limited == [["envoy.filters.http.buffer", rate, "policy", "shadow"], [rate, "policy", "shadow"]]


@pytest.mark.parametrize("value", ['"true"', "1", "null", "[true]"])
def test_only_true_makes_a_service_public(value: str) -> None:
    assert not parse("a", f'{{"port": 1, "public": {value}}}').public


def test_no_task_means_no_endpoint() -> None:
    assert clusters.endpoints("a", 1, [])["endpoints"] == []
    assert len(clusters.endpoints("a", 1, ["10.0.0.1", "10.0.0.1"])["endpoints"][0]["lb_endpoints"]) == 1


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"port": 0},
        {"port": "x"},
        {"port": 1, "path": "x"},
        {"port": 1, "path": 7},
        {"port": 1, "path": "/a/"},
        {"port": 1, "path": "/a b"},
        {"port": 1, "path": "/.gateway/x"},
        {"port": 1, "path": "/a", "host": "b"},
        {"port": 1, "host": "a/b"},
        {"port": 1, "host": "*"},
        {"port": 1, "rate": -1},
        {"port": 1, "timeout": -1},
        {"port": float("inf")},
        {"port": 1, "health_path": "/a b"},
        {"port": 1, "health_path": "/\ud800"},
        [],
        None,
    ],
)
def test_parameters_that_say_no_service_are_refused(row: Any) -> None:
    with pytest.raises(BadService):
        parse("a", json.dumps(row))


def test_a_parameter_nested_too_deeply_is_refused() -> None:
    with pytest.raises(BadService):
        parse("a", "[" * 4000)


def test_keys_of_a_later_release_are_no_mistake() -> None:
    assert parse("a", '{"port": 1, "path": "/a", "weight": 5}') == Service("a", 1, "/a")


def test_keys_are_bound_to_their_algorithm_and_others_are_left_out() -> None:
    text = json.dumps(
        {"keys": [EC, RSA, {"kty": "oct", "k": "secret"}, {**RSA, "use": "enc"}, {**RSA, "alg": "PS256"}]}
    )
    assert [row["alg"] for row in json.loads(auth.usable(text, NOBODYS))["keys"]] == ["ES256", "RS256", "HS256"]


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "x"}]}', '{"keys": 1}']
)
def test_sets_without_a_usable_key_are_refused(text: str) -> None:
    with pytest.raises(auth.BadAuth):
        auth.usable(text, NOBODYS)


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"issuer": ""}', '{"issuer": "x", "jwks_uri": "file:///etc/passwd"}']
)
def test_settings_that_say_no_issuer_are_refused(text: str) -> None:
    with pytest.raises(auth.BadAuth):
        auth.parse(text)


def test_without_an_issuer_the_only_key_is_nobody_s() -> None:
    first, second = auth.nobodys_key(), auth.nobodys_key()
    assert first != second
    assert auth.resource(None, first)["typed_config"]["providers"]["issuer"]["issuer"] == "nobody"


RUBBISH = {
    "nothing": b"",
    "text": b"x",
    "no file": b"{}",
    "a list": b"[]",
    "a number": b'{"artefact": 1}',
    "nested": b"[" * 99_999,
    "half a letter": b'{"artefact": "\\ud800"}',
}


@pytest.mark.parametrize("name", RUBBISH)
def test_a_version_that_is_none_is_damaged(name: str) -> None:
    for data in (RUBBISH[name], gzip.compress(RUBBISH[name])):
        with pytest.raises(Damaged):
            unpacked(data)


def test_a_version_that_is_cut_off_is_damaged() -> None:
    data = gzip.compress(json.dumps({"artefact": "x" * 1000}).encode())
    assert unpacked(data) == "x" * 1000
    with pytest.raises(Damaged):
        unpacked(data[:-9])


def test_who_left_is_kept_for_a_while_and_asked_last() -> None:
    now = [0.0]
    leaving = Leaving(Clock(now=lambda: now[0]))
    both = {"a": frozenset({"10.0.0.1", "10.0.0.2"})}
    assert leaving.look(both) == {}
    now[0] = 1.0
    assert leaving.look({"a": frozenset({"10.0.0.2"})}) == {"a": frozenset({"10.0.0.1"})}
    assert leaving.look(both) == {}
    now[0] = 3.0
    assert leaving.look({}) == both
    now[0] = 7.0
    assert leaving.look({}) == {}
    found = clusters.endpoints("a", 1, ["10.0.0.2"], ["10.0.0.1"])["endpoints"]
    assert [(row["priority"], len(row["lb_endpoints"])) for row in found] == [(0, 1), (1, 1)]
