"""What is watched: alarms and dashboard name metrics that there are, and ECS's own strategies have what they need."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cfnlint.api import lint

from settings import Settings
from settings.fingerprint import fingerprints
from tests.stacks.conftest import SERVICES, Synthesis, make_settings, synthesise
from tests.stacks.metrics import named, widgets
from tests.stacks.test_rules import ACCEPTED, nag_findings

ALARM = "AWS::CloudWatch::Alarm"
DOCUMENTED = {
    ("AWS/ApplicationELB", ("LoadBalancer",), "HTTPCode_ELB_5XX_Count"),
    ("AWS/ApplicationELB", ("LoadBalancer", "TargetGroup"), "HTTPCode_Target_5XX_Count"),
    ("AWS/ApplicationELB", ("LoadBalancer", "TargetGroup"), "HealthyHostCount"),
    ("AWS/ApplicationELB", ("LoadBalancer", "TargetGroup"), "UnHealthyHostCount"),
    ("AWS/ECS", ("ClusterName", "ServiceName"), "CPUUtilization"),
    ("AWS/ECS", ("ClusterName", "ServiceName"), "MemoryUtilization"),
    ("AWS/Scheduler", ("ScheduleGroup",), "InvocationDroppedCount"),
    ("ECS/ContainerInsights", ("ClusterName", "ServiceName"), "RunningTaskCount"),
}
"""Sources: "CloudWatch metrics for your Application Load Balancer", ECS developer guide "CloudWatch metrics",
EventBridge Scheduler user guide "Monitoring", CloudWatch user guide "Amazon ECS Container Insights metrics"."""


def shifted(strategy: str, *, gateway: bool) -> Settings:
    """An AWS target whose ECS shifts requests."""
    made = make_settings("public", SERVICES if gateway else SERVICES[1:])
    return replace(made, target=replace(made.target, ecs_deployment=strategy))


def test_what_is_shown_of_others_is_documented(synthesis: Synthesis) -> None:
    others = {metric for metric in named(synthesis) if metric[0] != "Slipway/Gateway"}
    assert others == DOCUMENTED


def test_the_dashboard_names_no_service(public: Synthesis) -> None:
    """They come and go without a deploy of its stack."""
    dashboard = public.resource("gateway", "AWS::CloudWatch::Dashboard")
    assert dashboard["DashboardName"] == "slipway-staging-gateway"
    assert "hello" not in json.dumps(dashboard)
    one = synthesise(make_settings("public", SERVICES[:1]))
    assert one.resource("gateway", "AWS::CloudWatch::Dashboard") == dashboard
    places = {(row["x"], row["y"]) for row in widgets(dashboard)}
    assert len(places) == len(widgets(dashboard))


def test_errors_are_counted_by_who_sends_the_requests(public: Synthesis) -> None:
    def names(key: str) -> set[str]:
        return {alarm["AlarmName"].rpartition("-")[2] for alarm in public.resources(key, ALARM)}

    assert names("service-gateway") == {"UnhealthyTasks", "ServerErrors", "Cpu", "Memory"}
    assert names("service-hello") == {"UnhealthyTasks", "ErrorRate", "Cpu", "Memory"}


def test_an_error_rate_needs_some_requests(private: Synthesis) -> None:
    (alarm,) = (row for row in private.resources("service-hello", ALARM) if "Metrics" in row)
    (rate,) = (query for query in alarm["Metrics"] if query["ReturnData"])
    assert rate["Expression"] == "IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)"
    assert (alarm["Threshold"], alarm["TreatMissingData"]) == (5, "notBreaching")
    assert alarm["AlarmActions"] == alarm["OKActions"]


def test_slow_answers_are_an_alarm_where_a_bound_is_set() -> None:
    gateway, hello, *others = SERVICES
    plain = make_settings("public")
    bounded = replace(plain, services=(gateway, replace(hello, bake_p95=300), *others))
    (alarm,) = (
        row
        for row in synthesise(bounded).resources("service-hello", ALARM)
        if row["AlarmName"].endswith("-SlowAnswers")
    )
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("P95", "Maximum", 300)
    before, after = fingerprints(plain), fingerprints(bounded)
    assert {key for key in plain.stack_keys if before[key] != after[key]} == {"service-hello"}


def test_a_bound_reaches_no_template_without_a_gateway() -> None:
    plain = make_settings("public", SERVICES[1:])
    hello, *others = plain.services
    bounded = replace(plain, services=(replace(hello, bake_p95=300), *others))
    assert fingerprints(plain) == fingerprints(bounded)
    assert synthesise(plain).template("service-hello") == synthesise(bounded).template("service-hello")


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("blue-green", {"Strategy": "BLUE_GREEN", "BakeTimeInMinutes": 2}),
        (
            "canary",
            {
                "Strategy": "CANARY",
                "BakeTimeInMinutes": 2,
                "CanaryConfiguration": {"CanaryPercent": 10, "CanaryBakeTimeInMinutes": 2},
            },
        ),
    ],
)
def test_ecs_has_what_it_needs_to_shift(strategy: str, expected: dict[str, Any]) -> None:
    made = synthesise(shifted(strategy, gateway=False))
    service = made.resource("service-hello", "AWS::ECS::Service")
    configuration = service["DeploymentConfiguration"]
    assert expected.items() <= configuration.items()
    assert "EarlySuccessCriteria" not in configuration, "only rolling deployments have it"
    assert configuration["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    logical = made.template("service-hello")["Resources"]
    (balancer,) = service["LoadBalancers"]
    advanced = balancer["AdvancedConfiguration"]
    rule = logical[advanced["ProductionListenerRule"]["Ref"]]["Properties"]
    groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
    assert [(row["TargetGroupArn"], row["Weight"]) for row in groups] == [
        (balancer["TargetGroupArn"], 100),
        (advanced["AlternateTargetGroupArn"], 0),
    ]
    one, other = (logical[row["TargetGroupArn"]["Ref"]]["Properties"] for row in groups)
    assert one == other
    role = logical[advanced["RoleArn"]["Fn::GetAtt"][0]]["Properties"]
    assert "AmazonECSInfrastructureRolePolicyForLoadBalancers" in json.dumps(role["ManagedPolicyArns"])
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "ecs.amazonaws.com"}
    watched = {logical[row["Ref"]]["Properties"]["AlarmName"] for row in configuration["Alarms"]["AlarmNames"]}
    assert watched == {
        f"slipway-staging-hello{suffix}-{name}"
        for suffix in ("", "_alternate")
        for name in ("UnhealthyTasks", "ServerErrors")
    }


@pytest.mark.parametrize("strategy", ["blue-green", "canary"])
def test_rules_hold_for_what_ecs_shifts(strategy: str) -> None:
    made = synthesise(shifted(strategy, gateway=False))
    for key in ("service-hello", "service-shop"):
        assert nag_findings(made.stacks[key]) == []
        findings = lint(json.dumps(made.template(key)), regions=["eu-central-1"])
        assert [str(finding) for finding in findings if finding.rule.id not in ACCEPTED] == []


def test_behind_a_gateway_only_the_gateway_is_shifted_and_workers_always_roll() -> None:
    made = synthesise(shifted("blue-green", gateway=True))

    def strategies(key: str) -> list[str]:
        rows = made.resources(key, "AWS::ECS::Service")
        return sorted(row["DeploymentConfiguration"].get("Strategy", "ROLLING") for row in rows)

    assert strategies("service-gateway") == ["BLUE_GREEN"]
    assert strategies("service-hello") == ["ROLLING"]
    alone = synthesise(shifted("blue-green", gateway=False))
    rows = alone.resources("service-shop", "AWS::ECS::Service")
    assert sorted(row["DeploymentConfiguration"].get("Strategy", "ROLLING") for row in rows) == [
        "BLUE_GREEN",
        "ROLLING",
    ]


def test_the_strategy_changes_the_fingerprints() -> None:
    before, after = fingerprints(make_settings("public")), fingerprints(shifted("canary", gateway=True))
    assert before["service-gateway"] != after["service-gateway"]
