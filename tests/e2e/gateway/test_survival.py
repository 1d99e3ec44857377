"""What the gateway does while the things that it asks are down, odd or slow, and when a part of it dies."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.gateway.agent_process import Gateway, bundle, until
from tests.e2e.gateway.fake_aws import FakeAws
from tests.e2e.gateway.faults import FAULTS, refusal
from tests.e2e.gateway.upstream import Upstream

OPEN = '@id("all") @description("everybody") permit(principal, action, resource);'
CLOSED = '@id("admins") @description("admins") permit(principal in Role::"admin", action, resource);'
TABLE, PARAMETERS, TASKS = "DynamoDB_20120810", "AmazonSSM", "AmazonEC2ContainerServiceV20141113"
EVERYTHING = (TABLE, PARAMETERS, TASKS)
SERVICES = "/slipway/slipway-test/gateway/services/"


@pytest.fixture(scope="module")
def shop() -> Iterator[Upstream]:
    made = Upstream("shop")
    yield made
    made.close()


@pytest.fixture(scope="module")
def aws(shop: Upstream) -> Iterator[FakeAws]:
    made = FakeAws()
    for policies in (bundle(OPEN), bundle(CLOSED)):
        made.upload(policies)
    made.flip(bundle(CLOSED).version, 1.5)
    put(made, shop, "/shop")
    made.run("shop-1", "shop", shop.address)
    yield made
    made.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, aws: FakeAws) -> Iterator[Gateway]:
    with Gateway(tmp_path_factory.mktemp("g"), aws) as made:
        until(lambda: admin(made, "/shop"), lambda status: status == 200)
        yield made


@pytest.fixture(autouse=True)
def mended(aws: FakeAws) -> Iterator[None]:
    yield
    aws.faults.clear()
    aws.ahead, aws.key = 0.0, ""
    aws.flip(bundle(CLOSED).version, time.time())


def put(aws: FakeAws, shop: Upstream, path: str) -> None:
    aws.parameters[f"{SERVICES}shop"] = json.dumps({"port": shop.port, "path": path})


def admin(gateway: Gateway, path: str) -> int:
    return gateway.status(path, authorization=gateway.token(roles=["admin"]))


def make_live(aws: FakeAws, text: str) -> str:
    version = bundle(text).version
    aws.flip(version, time.time())
    return version


def troubles(gateway: Gateway) -> int:
    return sum("error" in line for line in gateway.lines() if "agent" in line)


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_enforced_and_routed_stays_and_goes_on_afterwards(
    running: Gateway, aws: FakeAws, shop: Upstream, name: str
) -> None:
    before, asked = troubles(running), aws.asked.total()
    aws.faults = dict.fromkeys(EVERYTHING, FAULTS[name])
    make_live(aws, OPEN)
    until(lambda: (troubles(running), aws.asked.total()), lambda now: now[0] >= before + 3 and now[1] > asked + 3)
    assert (running.status("/shop"), admin(running, "/shop"), running.status()) == (401, 200, 200)
    aws.faults.clear()
    until(lambda: running.status("/shop"), lambda status: status == 200)
    aws.flip(bundle(CLOSED).version, time.time())
    until(lambda: running.status("/shop"), lambda status: status == 401)
    assert troubles(running) <= before + 12, "the same trouble is said once"


def test_policies_go_on_while_services_cannot_be_looked_up(running: Gateway, aws: FakeAws) -> None:
    aws.faults = dict.fromkeys((PARAMETERS, TASKS), FAULTS["hangs"])
    make_live(aws, OPEN)
    until(lambda: running.status("/shop"), lambda status: status == 200)


@pytest.mark.parametrize("fault", ["down", "hangs"])
def test_services_go_on_while_the_table_is_down(running: Gateway, aws: FakeAws, shop: Upstream, fault: str) -> None:
    aws.faults = {TABLE: FAULTS[fault]}
    put(aws, shop, "/other")
    until(lambda: admin(running, "/other"), lambda status: status == 200)
    put(aws, shop, "/shop")
    until(lambda: admin(running, "/shop"), lambda status: status == 200)


def test_a_report_that_cannot_be_written_changes_nothing_and_is_written_later(running: Gateway, aws: FakeAws) -> None:
    until(aws.report, lambda row: row.get("version") == bundle(CLOSED).version)
    aws.faults = {"PutItem": refusal("AccessDeniedException")}
    asked, said = aws.asked["PutItem"], running.text().count("cannot be written")
    version = make_live(aws, OPEN)
    until(lambda: running.status("/shop"), lambda status: status == 200)
    until(lambda: aws.asked["PutItem"], lambda count: count >= asked + 2)
    asked, looked = aws.asked["PutItem"], aws.asked["BatchGetItem"]
    until(lambda: aws.asked["BatchGetItem"], lambda count: count >= looked + 10)
    assert aws.asked["PutItem"] - asked < 10, "a table that refuses is not asked without end"
    assert running.text().count("cannot be written") == said + 1
    aws.faults.clear()
    until(aws.report, lambda row: row.get("version") == version)


@pytest.mark.parametrize("ahead", [3600.0, -3600.0])
def test_with_a_clock_an_hour_off_it_goes_on_and_says_so(running: Gateway, aws: FakeAws, ahead: float) -> None:
    aws.ahead = ahead
    version = make_live(aws, OPEN)
    report = until(aws.report, lambda row: row.get("version") == version and "clock_ahead" in row)
    assert abs(report["clock_ahead"] + ahead) < 10
    assert abs(report["seen"] - time.time() - ahead) < 60
    assert '"the clock is off"' in running.text()
    aws.ahead = 0.0
    version = make_live(aws, CLOSED)
    until(aws.report, lambda row: row.get("version") == version and "clock_ahead" not in row)


def fresh(folder: Path, aws: FakeAws) -> Gateway:
    gateway = Gateway(folder, aws)
    until(lambda: gateway.status("/shop"), lambda status: status != 0)
    return gateway


@pytest.mark.parametrize("where", ["BatchGetItem", "GetItem", PARAMETERS, TASKS])
def test_a_fresh_task_that_cannot_know_something_denies_or_knows_no_service_and_is_not_ready(
    tmp_path: Path, aws: FakeAws, shop: Upstream, where: str
) -> None:
    put(aws, shop, "/shop")
    make_live(aws, OPEN)
    aws.faults = {where: refusal("AccessDeniedException")}
    with fresh(tmp_path, aws) as gateway:
        until(gateway.status, lambda status: status == 503)
        assert gateway.status("/shop") == (401 if "Get" in where else 404)
        line = next(line for line in gateway.lines() if line.get("agent") == "not ready")
        assert line["missing"] == (["policies"] if "Get" in where else ["services"])
        aws.faults.clear()
        gateway.ready()
        until(lambda: gateway.status("/shop"), lambda status: status == 200)


def test_an_empty_table_means_the_baked_policies_and_a_ready_task(tmp_path: Path) -> None:
    aws = FakeAws()
    with Gateway(tmp_path, aws) as gateway:
        gateway.ready()
        assert (gateway.status("/"), gateway.status("/shop"), admin(gateway, "/shop")) == (200, 401, 403)
        report = until(aws.report, lambda row: "version" in row)
        assert (report["version"], report["error"]) == (project_baked(), "")
    aws.close()


def project_baked() -> str:
    text = (Path(__file__).resolve().parents[3] / "envoy" / "policy.json").read_text("utf-8")
    return str(json.loads(text)["version_info"])


def test_expired_credentials_are_fetched_anew(tmp_path: Path, aws: FakeAws, shop: Upstream) -> None:
    put(aws, shop, "/shop")
    aws.key = "AKIDFIRST"
    container = {"AWS_ACCESS_KEY_ID": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws.url}/credentials"}
    with Gateway(tmp_path, aws, **container) as gateway:
        until(lambda: admin(gateway, "/shop"), lambda status: status == 200)
        aws.key = "AKIDSECOND"
        make_live(aws, OPEN)
        until(lambda: gateway.status("/shop"), lambda status: status == 200)
        assert "Expired" not in gateway.text()


STEPS = (
    *("agent.policies.Policies", "agent.looking.Look", "agent.keys.Keys", "agent.reporting.Reports"),
    *("agent.steering.Steering", "agent.candidate.Candidate", "agent.metrics.Metrics"),
)
DYING = """
import importlib, itertools
from agent.__main__ import main
module, name = {step!r}.rsplit(".", 1)
kind = getattr(importlib.import_module(module), name)
step, count = kind.step, itertools.count()
def dies(self, *words):
    if next(count) >= 2:
        raise RuntimeError("a mistake of ours")
    return step(self, *words)
kind.step = dies
raise SystemExit(main())
"""


@pytest.mark.parametrize("step", STEPS)
def test_a_part_of_the_agent_that_dies_ends_the_gateway(tmp_path: Path, aws: FakeAws, step: str) -> None:
    dying = type("Dying", (Gateway,), {"words": (sys.executable, "-c", DYING.format(step=step))})
    with dying(tmp_path, aws) as gateway:
        assert gateway.process.wait(20) == 1
        assert "a mistake of ours" in gateway.text()


def test_an_item_of_traffic_that_is_none_stops_nobody(running: Gateway, aws: FakeAws) -> None:
    for number, row in enumerate(({}, {"revision": {"S": "x"}}, {"revision": {"N": "1e999"}, "next": {"N": "nan"}})):
        aws.items["traffic", f"shop{number}"] = {"pk": {"S": "traffic"}, "sk": {"S": f"shop{number}"}, **row}
    aws.items["traffic", "shop"] = {"pk": {"S": "traffic"}, "sk": {"S": "shop"}, "next": {"M": {}}}
    asked = aws.asked["Query"]
    until(lambda: aws.asked["Query"], lambda count: count > asked + 3)
    assert admin(running, "/shop") == 200
    for name in ("shop", "shop0", "shop1", "shop2"):
        del aws.items["traffic", name]
