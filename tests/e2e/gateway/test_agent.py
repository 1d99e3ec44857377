"""The agent beside the real Envoy: what is enforced, what is reported, and what happens when something breaks."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.gateway.agent_process import Gateway, bundle, project_policies, until
from tests.e2e.gateway.fake_aws import FakeAws
from tests.e2e.gateway.load import Load

OPEN = '@id("all") @description("everybody") permit(principal, action, resource);'
NEVER = '@id("never") @description("nobody") forbid(principal, action, resource in Path::"/never");'


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    made = FakeAws()
    yield made
    made.close()


@pytest.fixture
def gateway(tmp_path: Path, aws: FakeAws) -> Iterator[Gateway]:
    """One that enforces this project's policies."""
    policies = project_policies()
    aws.upload(policies)
    aws.flip(policies.version, 1.5)
    with Gateway(tmp_path, aws) as made:
        yield made.ready()


def test_without_a_store_there_is_the_landing_page_and_nothing_else(tmp_path: Path) -> None:
    with Gateway(tmp_path) as gateway:
        gateway.ready()
        page = gateway.get("/")
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert b"src-000000000000" in page.body
        denied = gateway.get("/orders")
        assert (denied.status, denied.json["error"]) == (401, "authentication required")
        assert denied.headers["www-authenticate"] == "Bearer"
        assert denied.json["request_id"] == denied.headers["x-request-id"]
        known = gateway.get("/orders", authorization=gateway.token(roles=["admin"]))
        assert (known.status, known.json["error"]) == (403, "forbidden")
        assert gateway.ask("POST", "/", {}).status == 401


def test_the_live_version_is_enforced_from_the_first_request_and_reported(gateway: Gateway, aws: FakeAws) -> None:
    version = project_policies().version
    assert gateway.get("/anything", authorization=gateway.token(roles=["admin"])).status == 404
    assert gateway.get("/anything", authorization=gateway.token(roles=["reader"])).status == 403
    assert gateway.get(f"/.gateway/policy/{version}").status == 200
    report = until(aws.report, lambda row: row.get("version") == version)
    assert report["error"] == ""
    assert report["expires_at"] > time.time()
    assert aws.signatures == {"AWS4-HMAC-SHA256"}
    assert aws.connections <= 6  # one for each service and thread, kept


def test_a_new_version_is_enforced_and_reported(gateway: Gateway, aws: FakeAws) -> None:
    wanted = bundle(OPEN)
    aws.upload(wanted)
    assert gateway.status("/anything") == 401
    aws.flip(wanted.version, 2.5)
    until(aws.report, lambda row: row.get("version") == wanted.version)
    assert gateway.status("/anything") == 404


def test_damaged_versions_are_refused_and_the_last_good_one_stays(gateway: Gateway, aws: FakeAws) -> None:
    good = project_policies().version
    wanted = bundle(OPEN)
    aws.upload(wanted)
    (second,) = [key for key in aws.items if key[0].startswith(f"policies#{wanted.version}#") and key[1] == "0001"]
    aws.items[second]["data"]["B"] = "AAAA"
    aws.flip(wanted.version, 2.5)
    report = until(aws.report, lambda row: bool(row.get("error")))
    assert report["version"] == good
    assert report["error"] == f"{wanted.version}: damaged in the store: another sha256"
    aws.flip("pol-000000000000", 3.5)
    report = until(aws.report, lambda row: "pol-000000000000" in row["error"])
    assert report["error"] == "pol-000000000000: not in the store"
    assert gateway.status("/anything") == 401
    aws.flip(good, 4.5)
    until(aws.report, lambda row: row["error"] == "")


def test_what_envoy_does_not_take_is_put_back(gateway: Gateway, aws: FakeAws) -> None:
    good, other = project_policies().version, bundle(OPEN)
    spoilt = replace(other, artefact=other.artefact.replace('"rules_stat_prefix"', '"rule_stat_prefix"'))
    aws.upload(spoilt)
    aws.flip(spoilt.version, 2.5)
    report = until(aws.report, lambda row: bool(row.get("error")))
    assert (report["version"], report["error"]) == (good, f"{spoilt.version}: Envoy does not take it")
    assert gateway.status("/anything") == 401
    aws.upload(other)
    aws.flip(other.version, 3.5)
    until(aws.report, lambda row: row["version"] == other.version)
    assert gateway.status("/anything") == 404


def test_a_store_that_is_down_later_changes_nothing(gateway: Gateway, aws: FakeAws) -> None:
    aws.is_down = True
    until(gateway.text, lambda text: "does not answer" in text)
    assert gateway.status() == 200
    assert gateway.get("/anything", authorization=gateway.token(roles=["admin"])).status == 404
    wanted = bundle(OPEN)
    aws.upload(wanted)
    aws.flip(wanted.version, 2.5)
    aws.is_down = False
    until(lambda: gateway.status("/anything"), lambda status: status == 404)
    assert gateway.text().count("does not answer") == 1


def test_a_fresh_task_without_its_store_denies_all_and_is_not_ready(tmp_path: Path, aws: FakeAws) -> None:
    wanted = bundle(OPEN)
    aws.upload(wanted)
    aws.flip(wanted.version, 2.5)
    aws.is_down = True
    with Gateway(tmp_path, aws) as gateway:
        until(lambda: gateway.status("/anything"), lambda status: status != 0)
        assert gateway.status("/anything") == 401
        assert until(gateway.status, lambda status: status != 200) == 503
        assert "the policy store does not answer" in gateway.text()
        aws.is_down = False
        gateway.ready()
        assert gateway.status("/anything") == 404


def test_envoy_killed_ends_the_gateway(gateway: Gateway) -> None:
    os.kill(gateway.envoy(), signal.SIGKILL)
    assert gateway.process.wait(10) == 1


def test_the_agent_killed_ends_envoy(gateway: Gateway) -> None:
    gateway.process.kill()
    gateway.process.wait(10)

    def is_gone() -> bool:
        try:
            return gateway.get("/ready").status == 0
        except OSError:
            return True

    assert until(is_gone, bool)


def test_a_hundred_swaps_under_load_fail_no_request(gateway: Gateway, aws: FakeAws) -> None:
    versions = [bundle(OPEN), bundle(OPEN + NEVER)]
    for version in versions:
        aws.upload(version)
    with Load(gateway.port, "/") as load:
        for count in range(100):
            name = versions[count % 2].version
            aws.flip(name, 10.5 + count)
            until(aws.report, lambda row, name=name: row.get("version") == name)  # type: ignore[misc]
    assert load.count > 1000
    assert set(load.statuses) == {200}


def test_sigterm_fails_the_health_check_and_ends_well(gateway: Gateway) -> None:
    gateway.process.terminate()
    assert until(lambda: _asked(gateway), lambda status: status != 200) in (0, 503)
    assert gateway.process.wait(15) == 0
    assert "drained" in gateway.text()


def _asked(gateway: Gateway) -> int:
    try:
        return gateway.get("/ready").status
    except OSError:
        return 0
