"""A candidate beside the live policies: what it would change is counted as Cedar itself decides; nothing else is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.engine.policies.oracle import Oracle, Request
from scripts.engine.policies.source import parse_policies
from tests.e2e.gateway.agent_process import Gateway, bundle, until
from tests.e2e.gateway.comparing import KNOWN, SCHEMA_TEXT
from tests.e2e.gateway.envoy_server import request_text
from tests.e2e.gateway.fake_aws import FakeAws
from tests.e2e.gateway.generator import Generator
from tests.e2e.gateway.pipelining import Connections

LIVE = """
@id("a.b") @description("x") permit(principal, action, resource in Path::"/a");
@id("closed") @description("x") forbid(principal, action, resource in Path::"/a/closed");
@id("old") @description("x") permit(principal, action, resource in Path::"/old");
"""
NEXT = """
@id("a.b") @description("x") permit(principal, action, resource in Path::"/a");
@id("shut") @description("x") forbid(principal, action, resource in Path::"/a/shut");
@id("new") @description("x") permit(principal, action, resource in Path::"/new");
"""
NOTHING = {"requests": 0, "newly_denied": 0, "newly_allowed": 0, "by": {}}


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    made = FakeAws()
    yield made
    made.close()


@pytest.fixture
def gateway(tmp_path: Path, aws: FakeAws) -> Iterator[Gateway]:
    live = bundle(LIVE)
    aws.upload(live)
    aws.flip(live.version, 1.5)
    with Gateway(tmp_path, aws) as made:
        yield made.ready()


def test_changes_are_counted_and_nothing_is_enforced(gateway: Gateway, aws: FakeAws) -> None:
    candidate = bundle(NEXT)
    aws.upload(candidate)
    aws.parameters["/slipway/slipway-test/gateway/services/open"] = '{"port": 9, "path": "/open", "public": true}'
    until(lambda: gateway.status("/open"), lambda status: status == 503)
    gateway.get("/a/shut")
    aws.shadow(candidate.version, 2.5)
    until(aws.report, lambda row: row.get("shadow") == candidate.version)
    assert aws.report()["shadowed"] == NOTHING
    asked = [
        "/a",
        "/a/shut",
        "/a/shut",
        "/a/closed",
        "/old",
        "/new",
        "/.gateway/policy/x",
        "/.gateway",
        "/ready",
        "/open",
    ]
    assert [gateway.status(path) for path in asked] == [404, 404, 404, 401, 404, 401, 401, 401, 200, 503]
    gateway.status("/a", authorization="Bearer rubbish")
    shadowed = until(lambda: aws.report()["shadowed"], lambda found: found["requests"] >= 7)
    assert shadowed == {
        "requests": 7,  # `/.gateway` is a path as any other
        "newly_denied": 3,
        "newly_allowed": 2,
        "by": {"forbidden": {"shut": 2}, "lost": {"old": 1}, "permitted": {"a.b": 1, "new": 1}},
    }
    assert "x-gateway-candidate" not in gateway.get("/a").headers
    del aws.items["policies", "shadow"]
    until(aws.report, lambda row: "shadow" not in row)
    gateway.get("/new")
    aws.shadow(candidate.version, 3.5)
    assert until(aws.report, lambda row: row.get("shadow") == candidate.version)["shadowed"] == NOTHING


def test_one_candidate_after_another(gateway: Gateway, aws: FakeAws) -> None:
    first, second = bundle(NEXT), bundle(NEXT.replace('"/new"', '"/newer"'))
    for version in (first, second):
        aws.upload(version)
    aws.shadow(first.version, 2.5)
    until(aws.report, lambda row: row.get("shadow") == first.version)
    gateway.get("/new")
    aws.shadow(second.version, 3.5)
    until(aws.report, lambda row: row.get("shadow") == second.version)
    gateway.get("/newer")
    found = until(lambda: aws.report()["shadowed"], lambda counts: counts["requests"] > 0)
    assert found["by"] == {"permitted": {"new": 1}}


def test_a_candidate_that_is_none_is_said_and_the_live_version_stays(gateway: Gateway, aws: FakeAws) -> None:
    live, candidate = bundle(LIVE), bundle(NEXT)
    spoilt = replace(candidate, artefact=candidate.artefact.replace('"rules_stat_prefix"', '"x":1,"rules_stat_prefix"'))
    aws.upload(spoilt)
    aws.shadow(spoilt.version, 2.5)
    row = until(aws.report, lambda row: bool(row.get("shadow_error")), 30)
    assert (row["shadow"], row["shadow_error"]) == ("", f"{spoilt.version}: Envoy does not take it")
    assert (row["version"], row["error"], row["shadow_changed"]) == (live.version, "", "2.5")
    assert [gateway.status(path) for path in ("/a", "/new")] == [404, 401]
    aws.shadow("pol-000000000000", 3.5)
    until(aws.report, lambda row: row["shadow_error"] == "pol-000000000000: not in the store")
    aws.items["policies", "shadow"] = {"rubbish": {"S": "x"}}
    until(aws.report, lambda row: "shadow_error" not in row)
    aws.upload(candidate)
    aws.flip(candidate.version, 2.5)  # a live version comes while rubbish is the candidate
    until(lambda: gateway.status("/new"), lambda status: status == 404)
    aws.shadow(candidate.version, 4.5)
    until(aws.report, lambda row: row.get("shadow") == candidate.version)


@pytest.mark.parametrize("seed", [1, 2])
def test_counts_are_those_of_cedar(gateway: Gateway, aws: FakeAws, seed: int) -> None:
    generator = Generator(seed)
    for place in range(4):
        texts = [generator.policies(1 + generator.few(6)) for _ in range(2)]
        live, candidate = map(bundle, texts)
        for version in (live, candidate):
            aws.upload(version)
        del aws.items["policies", "live"]
        aws.flip(live.version, 10.5 + place)
        aws.shadow(candidate.version, 10.5 + place)
        until(aws.report, lambda row, a=live, b=candidate: _are(row, a.version, b.version))  # type: ignore[misc]
        asked = [generator.request() for _ in range(400)]
        tokens = [gateway.token(**request.claims)[len("Bearer ") :] if request.claims else "" for request in asked]
        with Connections(gateway.port) as connections:
            connections.ask([request_text(*both) for both in zip(asked, tokens, strict=True)])
        wanted = _expected(texts, asked)
        found = until(lambda: aws.report()["shadowed"], lambda counts, w=wanted: counts["requests"] >= w["requests"])  # type: ignore[misc]
        assert found == wanted, texts


def _are(row: dict[str, object], live: str, candidate: str) -> bool:
    return (row.get("version"), row.get("shadow")) == (live, candidate)


def _expected(texts: list[str], asked: list[Request]) -> dict[str, object]:
    """The counts by Cedar's own decisions; of several policies that decide, Envoy names the first."""
    policies = [parse_policies({"random.cedar": text}, SCHEMA_TEXT, {}) for text in texts]
    live, candidate = (Oracle(one, KNOWN) for one in policies)
    # The token filter refuses a subject that is no text; policies are not asked.
    seen = [one for one in asked if one.claims is None or isinstance(one.claims["sub"], str)]
    by: dict[str, Counter[str]] = {}
    for request in seen:
        before, after = live.decide(request), candidate.decide(request)
        if before.allowed and not after.allowed:
            change, names = ("forbidden", after.reasons) if after.reasons else ("lost", before.reasons)
            by.setdefault(change, Counter())[min(names)] += 1
        elif after.allowed and not before.allowed:
            by.setdefault("permitted", Counter())[min(after.reasons)] += 1
    denied = sum(sum(by.get(change, Counter()).values()) for change in ("forbidden", "lost"))
    return {
        "requests": len(seen),
        "newly_denied": denied,
        "newly_allowed": sum(by.get("permitted", Counter()).values()),
        "by": {change: dict(counts) for change, counts in by.items()},
    }
