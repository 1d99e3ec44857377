"""The hundred policies, the requests that they allow, and what is read of a load."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.bench.gateway import compiling, deploying, envoys, policy_change, rules, sidecar, swapping, throughput, wrk
from scripts.bench.gateway.deploying import Turn
from scripts.bench.gateway.throughput import ASKING, BARE, OWN
from scripts.bench.gateway.wrk import Line, Load, Wrk
from scripts.engine.errors import Failed
from scripts.engine.policies.oracle import Request
from scripts.engine.policies.source import SCHEMA
from tests.unit.documents import ROOT

ERRORS = '{"connect": 0, "read": 2, "write": 0, "status": 1, "timeout": 0}'
FIGURES = f'{{"requests": 6000, "microseconds": 3000000, "p50": 900, "p99": 4100, "errors": {ERRORS}}}'


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    folder = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", folder)
    rules.replace_with(folder)
    return folder


def load(requests: int, failed: int = 0) -> Load:
    return Load(requests, 2.0, failed, 1.0, 5.0)


def test_all_requests_are_allowed_and_nothing_else(policies: Path) -> None:
    assert sorted(path.name for path in policies.glob("*.cedar*")) == ["bench.cedar", SCHEMA]
    oracle = sidecar.oracle_of(policies)
    found = list(rules.requests())
    assert len(found) == 2 * rules.TEAMS
    for one in found:
        decision = oracle.decide(Request("GET", one.path, one.claims))
        assert (decision.allowed, len(decision.reasons)) == (True, 1)
        assert not oracle.decide(Request("GET", one.path)).allowed
        assert not oracle.decide(Request("POST", one.path, one.claims)).allowed


def test_there_are_a_hundred(policies: Path) -> None:
    from settings import load as load_settings

    shutil.copy(ROOT / "slipway.toml", policies.parent)
    for folder in ("envoy", "examples"):
        (policies.parent / folder).symlink_to(ROOT / folder)
    assert len(compiling.compiled_in(load_settings(policies.parent, environ={})).ids) == rules.POLICIES
    (policies / "one.cedar").write_text(policy_change.POLICY.format(path="/x"), "utf-8")
    with pytest.raises(Failed, match="101 policies"):
        compiling.compiled_in(load_settings(policies.parent, environ={}))


def test_the_sidecar_reads_what_envoy_sends() -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"sub": "ann"}).encode()).decode().rstrip("=")
    head = f"GET /team00/x?y=1 HTTP/1.1\r\nhost: shop\r\nX-Claims: {payload}"
    assert sidecar.question(head) == Request("GET", "/team00/x", {"sub": "ann"}, "shop")
    assert sidecar.question("PUT / HTTP/1.1\r\nhost: shop") == Request("PUT", "/", None, "shop")


def test_what_wrk_prints_is_read() -> None:
    found = wrk.read(f"Running 3s test\n  2 errors\n{FIGURES}\n")
    assert (found.requests, found.rate, found.failed, found.p99) == (6000, 2000.0, 3, 4.1)
    assert found.kinds == {"read": 2, "status": 1}
    with pytest.raises(Failed) as error:
        wrk.read("unable to connect to 127.0.0.1:1 Connection refused\n")
    assert error.value.evidence == ("unable to connect to 127.0.0.1:1 Connection refused",)


def test_values_as_lua() -> None:
    assert (
        wrk.lua([{"path": '/"x', "headers": {"a-b": "1"}}]) == r'{{["path"] = "/\"x", ["headers"] = {["a-b"] = "1"}}}'
    )


def test_filters_of_the_gateway_are_replaced_and_taken_out() -> None:
    config = yaml.safe_load((ROOT / "envoy" / "envoy.yaml").read_text("utf-8"))
    before = filters_of(config)
    assert {"auth", "shadow", "policy"} <= set(before)
    found = envoys.with_filters(config, 1234, {"auth": None, "policy": {"name": "ask"}})
    (listener,) = found["static_resources"]["listeners"]
    assert listener["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 1234}
    assert filters_of(found) == ["ask" if name == "policy" else name for name in before if name != "auth"]


def filters_of(config: dict[str, Any]) -> list[str]:
    public = next(row for row in config["static_resources"]["listeners"] if row["name"] == "public")
    return [row["name"] for row in public["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"]]


def test_ratios_are_made_within_a_turn() -> None:
    loads = {BARE: [load(4000), load(2000)], OWN: [load(2000), load(1500)], ASKING: [load(200), load(300)]}
    found = throughput.facts_of(loads)
    assert found["of_bare"]["values"] == [0.5, 0.75]
    assert found["times_sidecar"]["values"] == [10.0, 5.0]
    assert found["sides"][0]["rate"] == {"median": 1500, "min": 1000, "max": 2000, "values": [2000, 1000]}


def test_a_side_that_fails_is_no_figure() -> None:
    with pytest.raises(Failed, match="3 requests failed"):
        throughput.facts_of({BARE: [load(10)], OWN: [load(10, failed=3)], ASKING: [load(10)]})


def test_everything_that_is_another_or_new_or_gone_is_touched() -> None:
    before = {"stack": ("UPDATE_COMPLETE", 1), "hello": ("hello:1", 2), "gone": 1}
    assert policy_change.differences(before, dict(before)) == 0
    assert policy_change.differences(before, {"stack": ("UPDATE_COMPLETE", 2), "hello": ("hello:1", 2), "new": 1}) == 3


def test_facts_of_swaps() -> None:
    found = swapping.facts_of(load(100, failed=1), [0.2, 0.4, 0.3], 2)
    assert (found["requests"], found["failed"], found["swaps"], found["routes"]) == (100, 1, 3, 2)
    assert found["seconds"]["median"] == 0.3


def test_deploys_of_one_way_are_summed_up() -> None:
    shift = {"steps": [{"seconds_to_enforced": 0.2}, {"seconds_to_enforced": 0.4}]}
    back = {"shift": {"steps": [], "went_back": {"why": "40 errors", "weight": 20, "seconds": 0.6}}}
    ways = {
        "rolling": [Turn(8.0, {}, load(300)), Turn(9.0, {}, load(500, failed=1))],
        "canary": [Turn(30.0, {"shift": shift}, load(900))],
    }
    found = deploying.facts_of(ways, [Turn(12.0, back, load(50, failed=7))])
    rolling, canary = found["ways"]
    assert (rolling["deploys"], rolling["requests"], rolling["failed"], rolling["rate"]) == (2, 800, 1, 200)
    assert (canary["deploys"], canary["requests"], canary["failed"]) == (1, 900, 0)
    assert (found["failed"], found["least"]) == (1, 800)
    assert (found["shift"]["values"], found["back"]["values"]) == ([0.2, 0.4], [0.6])
    assert found["bad"] == [{"why": "40 errors", "requests": 50, "failed": 7}]


def test_a_load_may_pause(tmp_path: Path) -> None:
    Wrk("http://127.0.0.1:1", [Line("/", {})], tmp_path, delay=4)
    assert "function delay()\n  return 4\nend" in (tmp_path / "load.lua").read_text("utf-8")
    Wrk("http://127.0.0.1:1", [Line("/", {})], tmp_path)
    assert "function delay" not in (tmp_path / "load.lua").read_text("utf-8")
