"""What one deployment cost: recomputed by hand from what was measured in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.engine.costs.deployment import deployment_cost
from scripts.engine.items import unpack
from scripts.engine.model import Path, Plan, ServicePlan, Verdict
from scripts.engine.outcome import Outcome
from scripts.engine.recording import recorded
from scripts.engine.world import World
from settings.model import Worker
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.projects import project
from tests.unit.engine.worlds import session

PLAN = Plan("staging", Path.FAST, "1 file changed", (ServicePlan("hello", Path.FAST, "x", "src-new", "src-old"),))
VCPU, GB, ADDRESS, STORED, WRITES = 0.04656, 0.00511, 0.005, 0.10, 0.7625
"""Prices of eu-central-1, x86: by hour, by GB-month, by million."""


def rolled(cloud: Cloud, seconds: float = 12.0) -> World:
    world = session(cloud)
    row = {"name": "rollout", "service": "hello", "seconds": seconds, "started": 1.0, "ok": True}
    world.events.stages += [row, {**row, "name": "verify"}, {**row, "service": "gateway", "seconds": 99.0}]
    return world


def test_new_tasks_beside_old_ones_pushed_layers_and_the_ledger(cloud: Cloud) -> None:
    world = rolled(cloud)
    world.pushed_bytes = 512 * 2**20
    world.aws.calls += [("dynamodb", "PutItem")] * 7 + [("dynamodb", "TransactWriteItems"), ("ecr", "PutImage")]
    cost = deployment_cost(world, PLAN)
    assert cost is not None
    beside = 2 * 12 / 3600 * (0.25 * VCPU + 0.5 * GB + ADDRESS)  # two tasks, twelve seconds
    stored = 0.5 * STORED
    written = (7 + 2 * 4 * 3) / 1_000_000 * WRITES  # events; two transactions of four items at three units
    assert [(part["what"], part["quantity"], part["unit"]) for part in cost["parts"]] == [
        ("hello: new tasks beside the old ones (0.25 vCPU, 0.5 GB)", 24.0, "task-seconds"),
        ("pushed layers", 0.5, "GB-month"),
        ("writes of the ledger", 31.0, "write request units"),
    ]
    assert [part["usd"] for part in cost["parts"]] == pytest.approx([beside, stored, written], abs=1e-9)
    assert cost["usd"] == pytest.approx(beside + stored + written, abs=1e-6)


def test_a_private_target_has_no_addresses_and_arm_its_own_price(cloud: Cloud) -> None:
    world = rolled(cloud)
    target = replace(world.settings.target, network="private", platform="linux/arm64")
    world.settings = replace(world.settings, target=target)
    cost = deployment_cost(world, PLAN)
    assert cost is not None
    assert cost["parts"][0]["usd"] == pytest.approx(24 / 3600 * (0.25 * 0.03725 + 0.5 * 0.00409), abs=1e-9)


def test_the_first_version_of_a_service_runs_beside_nothing(cloud: Cloud) -> None:
    plan = replace(PLAN, services=(replace(PLAN.services[0], previous_tag=None),))
    cost = deployment_cost(rolled(cloud), plan)
    assert cost is not None
    assert [part["what"] for part in cost["parts"]] == ["writes of the ledger"]


def test_a_deploy_that_never_rolled_pays_for_no_task(cloud: Cloud) -> None:
    cost = deployment_cost(session(cloud), PLAN)
    assert cost is not None
    assert [part["what"] for part in cost["parts"]] == ["writes of the ledger"]


def test_workers_roll_with_their_service(cloud: Cloud) -> None:
    world = rolled(cloud)
    gateway, hello = world.settings.services
    hello = replace(hello, workers=(Worker("mail", "python mail.py", desired=3, cpu=1024, memory=2048),))
    world.settings = replace(world.settings, services=(gateway, hello))
    cost = deployment_cost(world, PLAN)
    assert cost is not None
    assert [(part["what"], part["quantity"]) for part in cost["parts"][:2]] == [
        ("hello: new tasks beside the old ones (0.25 vCPU, 0.5 GB)", 24.0),
        ("hello: new tasks beside the old ones (1 vCPU, 2 GB)", 36.0),
    ]


def test_a_release_command_is_paid_for_at_least_a_minute(cloud: Cloud) -> None:
    world = session(cloud)
    world.release_seconds["hello"] = 4.0
    cost = deployment_cost(world, PLAN)
    assert cost is not None
    assert (cost["parts"][0]["what"], cost["parts"][0]["quantity"]) == (
        "hello: release command (0.25 vCPU, 0.5 GB)",
        60,
    )
    assert cost["parts"][0]["usd"] == pytest.approx(60 / 3600 * (0.25 * VCPU + 0.5 * GB + ADDRESS), abs=1e-9)


def test_a_part_without_a_price_is_told_without_one(cloud: Cloud) -> None:
    world = rolled(cloud)
    world.settings = replace(world.settings, target=replace(world.settings.target, region="ap-southeast-1"))
    cost = deployment_cost(world, PLAN)
    assert cost is not None
    assert cost["parts"][-1]["usd"] is None
    assert cost["usd"] == pytest.approx(cost["parts"][0]["usd"], abs=1e-6)


def test_a_region_without_prices_does_not_stop_a_record(cloud: Cloud) -> None:
    settings = project()
    world = session(cloud, settings=replace(settings, target=replace(settings.target, region="sa-east-1")))
    assert deployment_cost(world, PLAN) is None


def test_it_is_in_the_record(cloud: Cloud) -> None:
    cloud.answers |= {"dynamodb:PutItem": {}, "dynamodb:TransactWriteItems": {}, "dynamodb:DeleteItem": {}}
    with recorded(rolled(cloud), PLAN) as finish:
        finish(Outcome(Verdict.LIVE, PLAN))
    head = [item for row in cloud.put() if (item := unpack(row))["sk"] == "head"][-1]
    assert head["data"]["cost"]["usd"] > 0
    assert {part["what"] for part in head["data"]["cost"]["parts"]} >= {"writes of the ledger"}
