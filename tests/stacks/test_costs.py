"""What real templates cost, recomputed by hand: each figure below is quantity times price, written out."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from scripts.engine.costs.fixed import HOURS
from scripts.engine.costs.monthly import differences, month, task_prices, unit_prices
from scripts.engine.costs.prices import load_prices
from scripts.engine.costs.resources import Found, read
from settings import Service, Settings, Target
from settings.model import Schedule, Worker
from tests.stacks.conftest import ROOT, Synthesis, synthesise

ACCOUNT = "111111111111"


def settings(region: str, *services: Service, **target: Any) -> Settings:
    registry = f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com"
    return Settings(
        root=ROOT,
        name="shop",
        target=Target("staging", ACCOUNT, region, registry_host=registry, **target),
        services=services,
    )


def found(made: Settings) -> Found:
    synthesis = synthesise(made)
    return read({key: synthesis.template(key) for key in made.stack_keys})


def cost(made: Settings) -> dict[str, Any]:
    return month(load_prices(made.target.region), found(made))


def test_a_month_has_the_hours_that_are_stated() -> None:
    assert HOURS == 365 * 24 / 12


def test_a_small_public_target() -> None:
    """One service of one task (0.25 vCPU, 0.5 GB, x86) in us-east-1."""
    small = Service("web", "apps/web", min=1, max=1, desired=1)
    facts = cost(settings("us-east-1", small))
    task = 730 * (0.25 * 0.04048 + 0.5 * 0.004445)  # 7.3876 + 1.622425
    address = 730 * 0.005  # 3.65: a task in a public subnet has one
    alarms = 4 * 0.10
    insights = (15 + 10) * 0.30  # metrics by service, metrics by task family
    web = task + address + alarms + insights
    assert web == pytest.approx(9.010025 + 3.65 + 0.4 + 7.5)
    balancer = 730 * 0.0225 + 2 * 730 * 0.005  # 16.425 + 7.30: an address in each of two zones
    cluster = 13 * 0.30
    assert facts["owners"]["web"]["usd"] == pytest.approx(web, abs=1e-4)
    assert facts["owners"]["shared"]["usd"] == pytest.approx(balancer + cluster, abs=1e-4)
    assert facts["usd"] == pytest.approx(20.560025 + 23.725 + 3.9, abs=1e-4)
    assert (facts["low"], facts["high"]) == (facts["usd"], facts["usd"])
    assert facts["unknown"] == []


def test_a_private_target_with_four_services() -> None:
    """Two tasks each (0.5 vCPU, 1 GB, x86) behind one NAT gateway in eu-west-1."""
    names = ("one", "two", "three", "four")
    services = (
        Service(name, f"apps/{name}", path=f"/{name}", priority=100 + at, cpu=512, memory=1024, min=2, max=2)
        for at, name in enumerate(names)
    )
    facts = cost(settings("eu-west-1", *services, network="private"))
    tasks = 2 * 730 * (0.5 * 0.04048 + 1 * 0.004445)  # 29.5504 + 6.4897, and no public addresses
    own = tasks + 4 * 0.10 + 25 * 0.30
    assert own == pytest.approx(36.0401 + 0.4 + 7.5)
    for name in names:
        assert facts["owners"][name]["usd"] == pytest.approx(own, abs=1e-4)
    balancer = 730 * 0.0252 + 2 * 730 * 0.005  # 18.396 + 7.30
    gateway = 730 * 0.048 + 730 * 0.005  # 35.04 + 3.65: the gateway and its own address
    cluster = 13 * 0.30
    assert facts["owners"]["shared"]["usd"] == pytest.approx(25.696 + 38.69 + 3.9, abs=1e-4)
    assert facts["usd"] == pytest.approx(4 * own + balancer + gateway + cluster, abs=1e-3)
    assert facts["usd"] == pytest.approx(4 * 43.9401 + 68.286, abs=1e-3)


def test_arm_tasks_between_a_least_and_a_most() -> None:
    """Two to six tasks (1 vCPU, 2 GB, ARM) in eu-central-1."""
    service = Service("api", "apps/api", cpu=1024, memory=2048, min=2, max=6)
    facts = cost(settings("eu-central-1", service, platform="linux/arm64"))
    task = 730 * (1 * 0.03725 + 2 * 0.00409 + 0.005)  # 27.1925 + 5.9714 + 3.65 = 36.8139
    same = 4 * 0.10 + 2 * 2 * 0.10 + 25 * 0.30  # ours, and two for each of autoscaling's two policies
    api = facts["owners"]["api"]
    assert api["low"] == api["usd"] == pytest.approx(2 * 36.8139 + 8.3, abs=1e-4)
    assert api["high"] == pytest.approx(6 * task + same, abs=1e-4) == pytest.approx(6 * 36.8139 + 8.3, abs=1e-4)
    shared = 730 * 0.027 + 2 * 730 * 0.005 + 13 * 0.30  # 19.71 + 7.30 + 3.90
    assert facts["owners"]["shared"]["usd"] == pytest.approx(30.91, abs=1e-4) == pytest.approx(shared)
    assert facts["high"] - facts["usd"] == pytest.approx(4 * 36.8139, abs=1e-3)


def test_every_resource_of_the_stacks_is_known(synthesis: Synthesis) -> None:
    keys = synthesis.settings.stack_keys
    unknown = read({key: synthesis.template(key) for key in keys}).unknown
    assert unknown == (("gateway", "AWS::CloudWatch::Dashboard"),), "no source tells its price by region"


def test_what_the_gateway_tells_of_a_service_is_paid_for(public: Synthesis) -> None:
    """5 metrics of the gateway; its alarms read 5 metrics: health, CPU, memory, and two for the share of errors."""
    made = read({"service-hello": public.template("service-hello")})
    own = {item.what: item.quantity for item in made.items if item.price in ("metric", "alarm")}
    assert own["5 metrics of the gateway"] == 5
    assert own["metrics of alarms"] == 5


def test_what_is_paid_by_use_has_a_price_and_a_unit(private: Synthesis) -> None:
    made = read({key: private.template(key) for key in private.settings.stack_keys})
    rows = {row["price"]: row for row in unit_prices(load_prices("us-east-1"), made)}
    assert set(rows) == {
        "alb_capacity",
        "data_out",
        "data_zones",
        "dynamodb_pitr",
        "dynamodb_read",
        "dynamodb_storage",
        "dynamodb_write",
        "ecr_storage",
        "lambda_arm",
        "lambda_requests",
        "logs_ingest",
        "logs_storage",
        "metric",
        "nat_data",
        "s3_storage",
        "scheduler",
    }
    assert all(row["usd"] > 0 and row["unit"] for row in rows.values())
    assert rows["nat_data"] == {
        "what": "data through the NAT gateway",
        "price": "nat_data",
        "usd": 0.045,
        "unit": "GB",
    }


def test_a_release_command_is_a_task_by_the_hour_and_not_a_part_of_the_month() -> None:
    plain = Service("web", "apps/web", min=1, max=1, desired=1)
    with_release = dataclasses.replace(plain, release="python manage.py migrate")
    before, after = found(settings("us-east-1", plain)), found(settings("us-east-1", with_release))
    prices = load_prices("us-east-1")
    assert differences(prices, before, after) == {"usd": 0.0, "stacks": {}}
    (row,) = task_prices(prices, after, public=True)
    assert row["stack"] == "release-web"
    assert row["usd"] == pytest.approx(0.25 * 0.04048 + 0.5 * 0.004445 + 0.005, abs=1e-6)


def test_a_difference_is_told_by_stack() -> None:
    one, two = (Service("web", "apps/web", min=count, max=count, desired=count) for count in (1, 2))
    told = differences(load_prices("us-east-1"), *(found(settings("us-east-1", made)) for made in (one, two)))
    more = 730 * (0.25 * 0.04048 + 0.5 * 0.004445 + 0.005)
    assert told["usd"] == pytest.approx(more, abs=1e-4)
    assert list(told["stacks"]) == ["service-web"]


def test_workers_run_all_month_and_schedules_by_the_hour() -> None:
    service = Service(
        "web",
        "apps/web",
        min=1,
        max=1,
        desired=1,
        workers=(Worker("mail", "python mail.py", desired=2, cpu=512, memory=1024),),
        schedules=(Schedule("tidy", "python tidy.py", "rate(1 hour)", cpu=256, memory=512),),
    )
    made = found(settings("us-east-1", service, network="private"))
    assert made.unknown == ()
    worker = [item for item in made.items if item.what.startswith("web-mail: ")]
    hours = {item.price: item.quantity for item in worker}
    assert hours["fargate_x86_vcpu"] == pytest.approx(2 * 0.5 * 730)
    assert hours["fargate_x86_memory"] == pytest.approx(2 * 1 * 730)
    assert [task.family for task in made.tasks] == ["shop-staging-web-tidy"]
    assert "scheduler" in made.by_use


def test_a_secret_that_two_services_read_is_paid_for_once() -> None:
    reference = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:key-AbCdEf"
    services = [
        Service(name, f"apps/{name}", path=f"/{name}", priority=100 + at, secrets=(("KEY", reference),))
        for at, name in enumerate(("one", "two"))
    ]
    rows = [item for item in found(settings("us-east-1", *services)).items if item.price == "secret"]
    assert [(item.owner, item.quantity) for item in rows] == [("one", 1)]
