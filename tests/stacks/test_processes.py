"""What a service brings besides its web process: workers, schedules, the release command, secrets, a host."""

from __future__ import annotations

import json
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest

from settings import Service
from settings.model import Schedule, Worker
from tests.stacks.conftest import ROOT, Synthesis, make_settings, synthesise
from tests.stacks.test_meaning import RULE, SERVICE, TASK

SHOP, RELEASE = "service-shop", "release-shop"
ALARM = "AWS::CloudWatch::Alarm"


def containers(synthesis: Synthesis, key: str) -> dict[str, dict[str, Any]]:
    """Family -> the only container of each task definition of a stack."""
    found = {}
    for definition in synthesis.resources(key, TASK):
        (found[definition["Family"]],) = definition["ContainerDefinitions"]
    return found


def variables(container: dict[str, Any]) -> dict[str, Any]:
    return {row["Name"]: row["Value"] for row in container["Environment"]}


def services(synthesis: Synthesis, key: str) -> dict[str, dict[str, Any]]:
    return {row["ServiceName"]: row for row in synthesis.resources(key, SERVICE)}


def shop(**changes: Any) -> Synthesis:
    """A public target with one service."""
    return synthesise(make_settings("public", (Service(name="shop", source="examples/hello", **changes),)))


def test_all_processes_run_the_same_image_with_the_same_variables(synthesis: Synthesis) -> None:
    found = {**containers(synthesis, SHOP), **containers(synthesis, RELEASE)}
    prefix = synthesis.settings.prefix
    assert set(found) == {f"{prefix}-shop{rest}" for rest in ("", "-mail", "-nightly", "-release")}
    assert len({str(one["Image"]) for one in found.values()}) == 1
    own = [variables(one) for one in found.values()]
    assert [one.pop("SLIPWAY_PROCESS") for one in own] == ["web", "mail", "nightly", "release"]
    assert all(one == own[0] for one in own)
    assert own[0]["LOG_LEVEL"] == "info"
    assert len({str(one["Secrets"]) for one in found.values()}) == 1


def test_a_command_takes_the_place_of_the_images(synthesis: Synthesis) -> None:
    prefix = synthesis.settings.prefix
    found = containers(synthesis, SHOP)
    words = {name.removeprefix(prefix): (one.get("EntryPoint"), one.get("Command")) for name, one in found.items()}
    assert words == {
        "-shop": (None, None),
        "-shop-mail": (["celery"], ["-A", "shop", "worker"]),
        "-shop-nightly": (["/bin/sh", "-c"], ["python report.py > /proc/1/fd/1"]),
    }
    (release,) = containers(synthesis, RELEASE).values()
    assert (release["EntryPoint"], release["Command"]) == (["python"], ["manage.py", "migrate", "--noinput"])


def test_a_worker_is_a_rolling_service_that_nobody_talks_to(synthesis: Synthesis) -> None:
    worker = services(synthesis, SHOP)["shop-mail"]
    web = services(synthesis, SHOP)["shop"]
    assert worker["DeploymentConfiguration"] == web["DeploymentConfiguration"]
    assert worker["DesiredCount"] == 2
    assert {"LoadBalancers", "HealthCheckGracePeriodSeconds"}.isdisjoint(worker)
    definitions = {
        row["Family"].removeprefix(synthesis.settings.prefix): row for row in synthesis.resources(SHOP, TASK)
    }
    assert (definitions["-shop-mail"]["Cpu"], definitions["-shop-mail"]["Memory"]) == ("512", "1024")
    assert "PortMappings" not in definitions["-shop-mail"]["ContainerDefinitions"][0]


@pytest.mark.parametrize("desired", [0, 1, 3])
def test_a_worker_has_the_tasks_that_the_settings_say(desired: int) -> None:
    for variant in ("public", "embedded"):
        own = Service(name="shop", source="a", desired=2, workers=(Worker("mail", "work", desired=desired),))
        found = services(synthesise(make_settings(variant, (own,))), SHOP)
        assert found["shop-mail"]["DesiredCount"] == desired
        assert found["shop"].get("DesiredCount") == (2 if variant == "embedded" else None)


def test_a_schedule_starts_its_task_once_at_its_time(synthesis: Synthesis) -> None:
    schedule = synthesis.resource(SHOP, "AWS::Scheduler::Schedule")
    group = synthesis.resource(SHOP, "AWS::Scheduler::ScheduleGroup")
    assert (schedule["Name"], group["Name"]) == ("shop-nightly", f"{synthesis.settings.prefix}-shop")
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == ("cron(0 3 * * ? *)", "UTC")
    assert (schedule["State"], schedule["FlexibleTimeWindow"]) == ("ENABLED", {"Mode": "OFF"})
    target = schedule["Target"]
    assert target["Arn"].endswith(f":cluster/{synthesis.settings.cluster}")
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 900}
    parameters = target["EcsParameters"]
    assert (parameters["LaunchType"], parameters["TaskCount"]) == ("FARGATE", 1)
    assert parameters["NetworkConfiguration"] == services(synthesis, SHOP)["shop-mail"]["NetworkConfiguration"]


def test_names_fit_where_all_are_as_long_as_they_may_be() -> None:
    settings = replace(make_settings("public"), name="n" * 20)
    longest = Service(
        name="s" * 28,
        source="a",
        release="r",
        workers=(Worker("w" * 20, "w"),),
        schedules=(Schedule("t" * 20, "t", "rate(1 day)"),),
    )
    target = replace(settings.target, name="t" * 12)
    synthesis = synthesise(replace(settings, target=target, services=(longest,)))
    key = f"service-{longest.name}"
    assert len(synthesis.resource(key, "AWS::Scheduler::Schedule")["Name"]) <= 64
    assert len(synthesis.resource(key, "AWS::Scheduler::ScheduleGroup")["Name"]) <= 64
    assert all(len(row["AlarmName"]) <= 255 for row in synthesis.resources(key, ALARM))


def test_the_release_stack_tells_how_to_run_it(synthesis: Synthesis) -> None:
    outputs = synthesis.template(RELEASE)["Outputs"]
    assert set(outputs) == {
        *("Fingerprint", "TaskDefinition", "SecurityGroup", "Subnets"),
        *("AssignPublicIp", "LogGroupName", "ContainerName"),
    }
    assert outputs["ContainerName"]["Value"] == "shop"
    assert outputs["LogGroupName"]["Value"] == f"/slipway/{synthesis.settings.prefix}/shop-release"
    assert outputs["AssignPublicIp"]["Value"] == (
        "DISABLED" if synthesis.settings.target.network == "private" else "ENABLED"
    )
    assert outputs["Subnets"]["Value"]["Fn::Join"][0] == ","
    assert list(synthesis.template(RELEASE)["Parameters"]) == ["ImageTag"]
    assert synthesis.resources(RELEASE, SERVICE) == []


def test_the_deployer_policy_hands_over_the_roles_of_release_commands_only(public: Synthesis) -> None:
    policy = json.loads((ROOT / "docs/deployer-policy.json").read_text("utf-8"))
    (row,) = (row for row in policy["Statement"] if row["Action"] == "iam:PassRole")

    def handed_over(key: str) -> list[bool]:
        paths = [role["Path"] for role in public.resources(key, "AWS::IAM::Role") if "Path" in role]
        return [fnmatchcase(f"arn:aws:iam::111111111111:role{path}name", row["Resource"]) for path in paths]

    assert (handed_over(RELEASE), handed_over(SHOP)) == ([True, True], [False, False])


def test_inline_mode_publishes_the_image_for_the_release_command_too() -> None:
    inline = synthesise(make_settings("embedded"), inline=(("shop", "src-0123456789ab"),))
    assert inline.assets(RELEASE)["dockerImages"] == inline.assets(SHOP)["dockerImages"]


ARN = "arn:aws:secretsmanager:eu-west-1:222222222222:secret:"
HERE = "arn:aws:{}:eu-central-1:111111111111:"
REFERENCES = {
    "secretsmanager:shop/db": (HERE.format("secretsmanager") + "secret:shop/db", "-??????"),
    "secretsmanager:shop-secret": (HERE.format("secretsmanager") + "secret:shop-secret", "-??????"),
    f"{ARN}shop-AbC123": (f"{ARN}shop-AbC123", ""),
    f"{ARN}shop": (f"{ARN}shop", "-??????"),
    f"{ARN}shop-AbC123:password::": (f"{ARN}shop-AbC123:password::", None),
    "ssm:/shop/key": (HERE.format("ssm") + "parameter/shop/key", ""),
    "ssm:key": (HERE.format("ssm") + "parameter/key", ""),
    "arn:aws:ssm:eu-west-1:222222222222:parameter/a/b": ("arn:aws:ssm:eu-west-1:222222222222:parameter/a/b", ""),
}
"""Reference -> what ECS is told, and what IAM's resource has behind it; None: the secret of a JSON key."""


@pytest.mark.parametrize("text", REFERENCES)
def test_a_secret_is_named_whole_and_only_it_may_be_read(text: str) -> None:
    synthesis = shop(secrets=(("KEY", text),))
    value_from, suffix = REFERENCES[text]
    (container,) = containers(synthesis, SHOP).values()
    assert container["Secrets"] == [{"Name": "KEY", "ValueFrom": value_from}]
    roles = synthesis.resources(SHOP, "AWS::IAM::Role")
    (policy,) = (p for role in roles for p in role.get("Policies", []) if p["PolicyName"] == "secrets")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Resource"] == (f"{ARN}shop-AbC123" if suffix is None else value_from + suffix)
    assert statement["Action"] == ("ssm:GetParameters" if ":ssm:" in value_from else "secretsmanager:GetSecretValue")


def test_who_has_no_secret_may_read_none(public: Synthesis) -> None:
    names = [
        p["PolicyName"]
        for role in public.resources("service-hello", "AWS::IAM::Role")
        for p in role.get("Policies", [])
    ]
    assert sorted(names) == ["logs", "pull"]


def test_a_host_is_matched_whole_and_its_paths_are_left_alone(synthesis: Synthesis) -> None:
    rule = synthesis.resource(SHOP, RULE)
    assert rule["Conditions"] == [{"Field": "host-header", "HostHeaderConfig": {"Values": ["shop.example.com"]}}]
    assert "Transforms" not in rule
    assert rule["Priority"] == 102


@pytest.mark.parametrize(
    ("changes", "prefix", "priority"),
    [
        ({"path": "/"}, "", 50_000),
        ({"path": "/shop/admin", "priority": 7}, "/shop/admin", 7),
        ({"host": "shop.example.com", "priority": 7}, "", 7),
    ],
)
def test_a_service_learns_its_prefix(changes: dict[str, Any], prefix: str, priority: int) -> None:
    synthesis = shop(**changes)
    (container,) = containers(synthesis, SHOP).values()
    assert variables(container)["SLIPWAY_PREFIX"] == prefix
    assert synthesis.resource(SHOP, RULE)["Priority"] == priority


def test_what_stands_still_unseen_has_an_alarm(synthesis: Synthesis) -> None:
    alarms = {
        row["AlarmName"].removeprefix(f"{synthesis.settings.prefix}-"): row for row in synthesis.resources(SHOP, ALARM)
    }
    running = alarms["shop-mail-Running"]
    assert (running["Threshold"], running["ComparisonOperator"]) == (1, "LessThanOrEqualToThreshold")
    assert running["TreatMissingData"] == "breaching"
    dropped = alarms["shop-SchedulesDropped"]
    assert dropped["Dimensions"] == [{"Name": "ScheduleGroup", "Value": f"{synthesis.settings.prefix}-shop"}]
    assert {"shop-Cpu", "shop-UnhealthyTasks", "shop-mail-Cpu", "shop-mail-Memory"} <= alarms.keys()
    actions = {len(row.get("AlarmActions", [])) for row in alarms.values()}
    assert actions == {1 if synthesis.settings.target.alarm_email else 0}


def test_a_worker_that_shall_not_run_is_not_missed() -> None:
    synthesis = shop(workers=(Worker("mail", "work", desired=0),))
    assert not [row for row in synthesis.resources(SHOP, ALARM) if row["AlarmName"].endswith("-Running")]
