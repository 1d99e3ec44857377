"""Templates as quantities: what is not covered is listed, whatever stands in a template."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.engine.costs.by_use import Usage, estimates
from scripts.engine.costs.monthly import estimated, month
from scripts.engine.costs.page import page
from scripts.engine.costs.prices import load_prices
from scripts.engine.costs.reading import parse
from scripts.engine.costs.resources import read
from scripts.engine.costs.tasks import size_of
from scripts.engine.costs.templates import owner_of, text_of
from scripts.engine.errors import Failed, Refused

PRICES = load_prices("us-east-1")
DEFINITION = {"Cpu": "256", "Memory": "512", "RuntimePlatform": {"CpuArchitecture": "X86_64"}}
SERVICE = {"ServiceName": "web", "LaunchType": "FARGATE", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1}


def template(**resources: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"Resources": {name: {"Type": kind, "Properties": own} for name, (kind, own) in resources.items()}}


def service(definition: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return template(
        Task=("AWS::ECS::TaskDefinition", definition or DEFINITION),
        Service=("AWS::ECS::Service", {**SERVICE, **changes}),
    )


def quantities(made: dict[str, Any]) -> dict[str, float]:
    return {item.price: item.quantity for item in read({"service-web": made}).items}


def test_a_task_is_paid_for_every_hour_of_the_month() -> None:
    assert quantities(service()) == {"fargate_x86_vcpu": 182.5, "fargate_x86_memory": 365.0}
    public = {"AwsvpcConfiguration": {"AssignPublicIp": "ENABLED"}}
    assert quantities(service(NetworkConfiguration=public, DesiredCount=3))["public_ipv4"] == 3 * 730


def test_storage_beyond_the_free_20_gb_is_paid_for() -> None:
    assert quantities(service({**DEFINITION, "EphemeralStorage": {"SizeInGiB": 50}}))["fargate_storage"] == 30 * 730
    assert "fargate_storage" not in quantities(service({**DEFINITION, "EphemeralStorage": {"SizeInGiB": 20}}))


def test_a_service_without_a_count_starts_with_one() -> None:
    made = service()
    del made["Resources"]["Service"]["Properties"]["DesiredCount"]
    assert quantities(made)["fargate_x86_vcpu"] == 182.5


def test_autoscaling_gives_least_and_most() -> None:
    made = service()
    scale = {"ResourceId": {"Fn::Join": ["", ["service/", {"Ref": "Cluster"}, "/web"]]}, "MinCapacity": 0}
    made["Resources"]["Scale"] = {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {**scale, "MaxCapacity": 5},
    }
    (cpu, _) = read({"service-web": made}).items
    assert (cpu.quantity, cpu.low, cpu.high) == (0, 0, 5 * 182.5)


@pytest.mark.parametrize(
    "made",
    [
        service(LaunchType="EC2"),
        service(LaunchType=None, CapacityProviderStrategy=[{"CapacityProvider": "FARGATE_SPOT"}]),
        service(TaskDefinition="arn:aws:ecs:us-east-1:111111111111:task-definition/other:3"),
        service(DesiredCount={"Ref": "Count"}),
        service({**DEFINITION, "Cpu": {"Ref": "Cpu"}}),
        service({**DEFINITION, "Memory": "2 GB"}),
        service({**DEFINITION, "RuntimePlatform": {"OperatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}),
        service({**DEFINITION, "RuntimePlatform": {"CpuArchitecture": "RISCV"}}),
    ],
)
def test_a_service_that_the_table_does_not_cover_is_unknown_and_not_free(made: dict[str, Any]) -> None:
    found = read({"service-web": made})
    assert found.items == ()
    assert found.unknown == (("service-web", "AWS::ECS::Service"),)


@pytest.mark.parametrize(
    ("kind", "own"),
    [
        ("AWS::RDS::DBInstance", {}),
        ("Custom::Thing", {}),
        ("AWS::DynamoDB::Table", {"BillingMode": "PROVISIONED"}),
        ("AWS::DynamoDB::Table", {}),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Type": "network"}),
        ("AWS::CloudWatch::Alarm", {"Period": 10}),
        ("AWS::CloudWatch::Alarm", {"Metrics": [{"Id": "a"}]}),
        ("AWS::ECS::Cluster", {"ClusterSettings": [{"Name": "containerInsights", "Value": "enhanced"}]}),
    ],
)
def test_what_nothing_is_known_of_is_listed(kind: str, own: dict[str, Any]) -> None:
    made = {"platform": template(A=(kind, own), B=(kind, own))}
    facts = month(PRICES, read(made))
    assert facts["unknown"] == [{"stack": "platform", "type": kind, "count": 2}]
    assert facts["usd"] == 0


def test_insights_count_in_every_stack_of_the_cluster() -> None:
    cluster = ("AWS::ECS::Cluster", {"ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]})
    found = read({"platform": template(Cluster=cluster), "service-web": service()})
    assert {item.stack: item.quantity for item in found.items if item.price == "metric"} == {
        "platform": 13,
        "service-web": 25,
    }
    assert not [item for item in read({"service-web": service()}).items if item.price == "metric"]


def test_a_load_balancer_inside_has_no_public_addresses() -> None:
    own = {"Type": "application", "Scheme": "internal", "Subnets": ["a", "b"]}
    found = read({"platform": template(Web=("AWS::ElasticLoadBalancingV2::LoadBalancer", own))})
    assert [item.price for item in found.items] == ["alb"]


def test_secrets_cost_and_parameters_do_not() -> None:
    values = [
        {"Name": "A", "ValueFrom": "arn:aws:secretsmanager:us-east-1:111111111111:secret:db-AbCdEf:password::"},
        {"Name": "B", "ValueFrom": {"Fn::Join": ["", ["arn:", {"Ref": "P"}, ":secretsmanager:r:1:secret:db-AbCdEf"]]}},
        {"Name": "C", "ValueFrom": "arn:aws:ssm:us-east-1:111111111111:parameter/key"},
    ]
    made = service({**DEFINITION, "ContainerDefinitions": [{"Name": "web", "Secrets": values}]})
    rows = [item for item in read({"service-web": made}).items if item.price == "secret"]
    assert [(row.what, row.quantity) for row in rows] == [("secret db-AbCdEf", 1)]


def test_stacks_belong_to_services() -> None:
    assert [owner_of(key) for key in ("service-a-b", "release-a-b", "platform", "registry", "service-")] == [
        "a-b",
        "a-b",
        "shared",
        "shared",
        "shared",
    ]


@pytest.mark.parametrize("value", [None, 3, [], {}, {"Ref": "A"}, {"Fn::Sub": "${A}"}])
def test_text_that_only_cloudformation_knows_is_empty(value: Any) -> None:
    assert text_of(value) == ""


@pytest.mark.parametrize("cpu", [None, True, "", "-1", "1.5", "0x10", [], {"Ref": "A"}, "½"])
def test_a_size_that_is_no_number_is_not_guessed(cpu: Any) -> None:
    assert size_of({**DEFINITION, "Cpu": cpu}) is None


def test_no_templates_cost_nothing() -> None:
    facts = month(PRICES, read({}))
    assert (facts["usd"], facts["low"], facts["high"], facts["owners"], facts["unknown"]) == (0, 0, 0, {}, [])
    assert read({"platform": {}}).items == ()


def test_a_missing_price_is_refused_and_not_left_out_of_the_sum() -> None:
    arm = service({**DEFINITION, "RuntimePlatform": {"CpuArchitecture": "ARM64"}})
    with pytest.raises(Refused, match="no price for fargate_arm_vcpu in us-west-2"):
        month(load_prices("us-west-2"), read({"service-web": arm}))


def test_estimates_are_quantities_that_somebody_stated() -> None:
    assert estimates(Usage(), 30) == []
    rows = estimated(PRICES, estimates(Usage(requests=9_000_000, gb_out=50, log_gb=10), 73))
    assert [(row["what"], row["quantity"], row["usd"]) for row in rows] == [
        ("load balancer capacity", 100, 0.8),  # 9,000,000 / 90,000 LCU-hours, more than 50 GB take
        ("data to the internet", 50, 4.5),
        ("log lines, written", 10, 5.0),
        ("log lines, kept", 24, 0.72),  # 10 GB * 73 days * 24 / 730 hours
    ]


def test_templates_come_as_json_and_as_yaml() -> None:
    text = 'Resources:\n  A:\n    Type: AWS::EC2::VPC\n    Properties:\n      CidrBlock: "10.0.0.0/16"\n'
    assert read({"platform": parse(text, "shop")}).unknown == ()
    assert parse('  {"Resources": {}}', "shop") == {"Resources": {}}


@pytest.mark.parametrize("text", ["", "- a", "a: [", "!Ref A", "just words", "!!python/object/apply:os.getcwd []"])
def test_a_template_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Failed, match="the template of shop cannot be read"):
        parse(text, "shop")


FACTS: dict[str, Any] = {
    "target": "staging",
    "region": "us-east-1",
    "currency": "USD",
    "hours": 730,
    "prices": {"from": "2025-01-01", "to": "2026-01-01"},
    "synthesised": month(PRICES, read({"service-web": service(DesiredCount=2), "platform": template(A=("X", {}))})),
    "deployed": month(PRICES, read({"service-web": service()})),
    "delta": {"usd": 9.01, "stacks": {"service-web": {"before": 9.01, "after": 18.02, "usd": 9.01}}},
    "budget": 18,
    "by_use": [
        {"what": "images", "price": "ecr_storage", "usd": 0.1, "unit": "GB-month"},
        {"what": "reads of secrets", "price": "secret_calls", "usd": None, "unit": None},
    ],
    "tasks": [{"what": "shop-web-tidy", "stack": "service-web", "usd": 0.012342}],
    "estimate": [{"what": "data to the internet", "quantity": 50, "unit": "GB", "how": "GB out", "usd": 4.5}],
    "left_out": ["AWS::ApplicationAutoScaling::ScalableTarget", "AWS::EC2::EIP"],
}


def test_the_page_is_aligned_and_every_figure_has_a_unit() -> None:
    assert "\n".join(page(FACTS)) == (
        """\
target staging, us-east-1: USD a month of 730 hours, list prices of 2025-01-01 to 2026-01-01, without tax and free \
allowances

runs all month                  quantity  unit         USD  least  most
web                                                  18.02
  web: 2 x 0.25 vCPU (x86)        365.00  vCPU-hour  14.78
  web: 2 x 0.5 GB memory (x86)    730.00  GB-hour     3.24
sum                                                  18.02

deployed: 9.01 USD a month; a deploy of the working tree: +9.01 USD a month
  stack service-web: 9.01 to 18.02 USD a month (+9.01)
budget: 18 USD a month: a deploy of the working tree is refused

paid by use                USD  for each
  images                  0.10  GB-month
  reads of secrets           -  no price for this region
  task shop-web-tidy  0.012342  hour that it runs

estimated use           quantity  unit   USD  how
  data to the internet     50.00  GB    4.50  GB out
sum                                     4.50  22.52 USD a month with what runs all month

not in the sum, its price is not known: 1 x X in stack platform
not in this target's templates, so not in the sum: AWS::EC2::EIP"""
    )


def test_the_page_of_an_empty_target() -> None:
    text = "\n".join(page({**FACTS, "deployed": None, "budget": None, "estimate": [], "tasks": [], "by_use": []}))
    assert "nothing is deployed: a deploy brings all of it" in text
    assert "budget" not in text
    assert "paid by use" not in text
