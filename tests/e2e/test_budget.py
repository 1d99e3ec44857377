"""What a target costs, and a budget that no plan may exceed: refused before anything is changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.project import Project
from tests.e2e.running import Result
from tests.e2e.workshop import FIRST_PORT, HEAD, SERVICE, Lane

NAME = "amber"
FAR = """
[targets.far]
account = "111111111111"
region = "sa-east-1"
"""
TASK = 730 * (0.25 * 0.04048 + 0.5 * 0.004445 + 0.005)
"""US dollars a month of a task in us-east-1: 0.25 vCPU, 0.5 GB, a public address."""
SHARED = 730 * 0.0225 + 2 * 730 * 0.005 + 13 * 0.30
"""Load balancer, its addresses in two zones, metrics of the cluster."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project of one tiny service with a budget that nothing fits into; never deployed."""
    made = Project.copy(tmp_path_factory.mktemp("budget"))
    try:
        made.write("slipway.toml", HEAD + "budget = 1\n" + FAR + SERVICE.format(name=NAME, port=FIRST_PORT))
        Lane(made, NAME).make()
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def refused(copy: Project) -> Result:
    """The first deploy."""
    return copy.deploy(expect=3)


@pytest.fixture(scope="module")
def live(copy: Project, refused: Result) -> Project:
    """The same project once its budget covers it."""
    assert refused.code == 3
    copy.set_key("targets.local", "budget", "100")
    assert copy.deploy().report["verdict"] == "live"
    return copy


def cost(project: Project, *words: str) -> dict[str, Any]:
    return dict(json.loads(project.run("cost", "--json", *words).out))


def test_a_first_deploy_beyond_the_budget_changes_nothing(copy: Project, refused: Result) -> None:
    total = 2 * TASK + 4 * 0.10 + 25 * 0.30 + SHARED
    assert refused.error["where"] == "budget"
    assert f"the plan would cost {total:.2f} USD a month" in refused.error["what"]
    assert "more than the 1 USD that target 'local' may cost" in refused.error["what"]
    assert "./poe cost" in refused.error["remedy"]
    assert refused.error["evidence"][0].strip() == "16.43 USD a month  shared: Application Load Balancer"
    assert refused.kind("report") == []
    assert {event["stage"] for event in refused.kind("stage")} <= {"prepare", "source", "analyze", "update"}
    assert copy.client("cloudformation").describe_stacks()["Stacks"] == []
    assert copy.client("ecr").describe_repositories()["repositories"] == []
    facts = cost(copy)
    assert facts["deployed"] is None
    assert facts["delta"]["usd"] == facts["synthesised"]["usd"] == pytest.approx(total, abs=1e-3)


def test_what_is_deployed_costs_what_it_says(live: Project) -> None:
    facts = cost(live)
    assert (facts["target"], facts["region"], facts["budget"]) == ("local", "us-east-1", 100)
    own = facts["synthesised"]["owners"][NAME]
    assert own["usd"] == pytest.approx(2 * TASK + 4 * 0.10 + 25 * 0.30, abs=1e-3)
    assert facts["synthesised"]["owners"]["shared"]["usd"] == pytest.approx(SHARED, abs=1e-3)
    assert facts["deployed"]["usd"] == facts["synthesised"]["usd"]
    assert facts["delta"] == {"usd": 0.0, "stacks": {}}
    assert facts["synthesised"]["unknown"] == facts["deployed"]["unknown"] == []
    assert "AWS::ApplicationAutoScaling::ScalableTarget" in facts["left_out"]
    text = live.run("cost", "--requests", "9000000", "--gb-out", "20").out
    assert "load balancer capacity" in text
    assert "a deploy of the working tree changes nothing about it" in text


def test_a_deployment_says_what_it_cost(live: Project) -> None:
    Lane(live, NAME).make()
    deployment = live.deploy().report["deployment"]
    record = json.loads(live.run("show", deployment, "--json").out)
    parts = {part["what"]: part for part in record["cost"]["parts"]}
    beside = parts[f"{NAME}: new tasks beside the old ones (0.25 vCPU, 0.5 GB)"]
    seconds = sum(stage["seconds"] for stage in record["stages"] if stage["name"] == "rollout")
    assert beside["quantity"] == pytest.approx(2 * seconds, rel=1e-4)
    assert beside["usd"] == pytest.approx(2 * seconds / 730 / 3600 * TASK, rel=1e-3)
    assert parts["pushed layers"]["quantity"] == pytest.approx(record["pushed_bytes"] / 2**30, rel=1e-4)
    assert record["cost"]["usd"] == pytest.approx(sum(part["usd"] for part in parts.values()), abs=1e-6)
    assert f"cost      {record['cost']['usd']:.6f} USD" in live.run("show", deployment).out


def test_a_dearer_plan_is_refused_and_a_new_image_is_not(live: Project) -> None:
    lane, before = Lane(live, NAME), cost(live)["deployed"]["usd"]
    budget = int(before) + 1
    live.set_key("targets.local", "budget", str(budget))
    live.set_key(f"services.{NAME}", "desired", "4")
    facts = cost(live)
    assert facts["delta"]["stacks"] == {
        f"service-{NAME}": {
            "before": pytest.approx(before - SHARED, abs=1e-3),
            "after": pytest.approx(before - SHARED + 2 * TASK, abs=1e-3),
            "usd": pytest.approx(2 * TASK, abs=1e-3),
        }
    }
    stack, records = stack_of(live), history(live)
    result = live.deploy(expect=3)
    assert f"the plan would cost {before + 2 * TASK:.2f} USD a month" in result.error["what"]
    assert (stack_of(live), history(live), lane.service["desiredCount"]) == (stack, records, 2)
    live.set_key(f"services.{NAME}", "desired", "2")
    live.set_key("targets.local", "budget", "1")
    lane.make()
    report = live.deploy().report
    assert (report["verdict"], report["path"]) == ("live", "fast")


def test_a_region_without_prices_is_refused_by_name(live: Project) -> None:
    result = live.run("cost", "--target", "far", expect=3)
    assert "no prices for sa-east-1; known: ap-southeast-1, " in result.err


def stack_of(project: Project) -> Any:
    """The service's stack as CloudFormation tells it."""
    name = f"slipway-local-service-{NAME}"
    return project.client("cloudformation").describe_stacks(StackName=name)["Stacks"]


def history(project: Project) -> list[str]:
    """Ids of the deployments."""
    return [row["id"] for row in json.loads(project.run("history", "--json").out)]
