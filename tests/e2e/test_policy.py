"""The deployer policy is enough for the calls that real deploys made, and allows nothing that none of them needs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.project import ORIGIN, Project
from tests.e2e.running import Result

IAM_PREFIX = {"elbv2": "elasticloadbalancing"}
"""Client name -> prefix of its actions, where the two differ. Source: Service Authorization Reference."""

BY_DEPLOY_ROLE = {"cloudformation:UpdateStack"}
"""Made with the CDK bootstrap's deploy role, which the caller only assumes."""

FREE = {"sts:GetCallerIdentity"}
"""Needs no permission. Source: GetCallerIdentity API reference."""

DOCKER = {
    "ecr:BatchCheckLayerAvailability",
    "ecr:CompleteLayerUpload",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:UploadLayerPart",
}
"""What `docker login`, push and the layer cache need. Source: Amazon ECR user guide, "IAM permissions for pushing"."""

OTHER_TIMES = {
    "logs:FilterLogEvents",
    "dynamodb:Query",
    "dynamodb:GetItem",
    "cloudformation:CancelUpdateStack",
    "cloudwatch:GetMetricData",
}
"""`./poe logs`; `./poe status`; a deploy that finds the lock taken, or ends another; a service that bakes long."""
WHOLE = {"ecr:GetAuthorizationToken", "cloudwatch:GetMetricData"}
"""Reading actions that IAM knows no resources for. Source: Service Authorization Reference."""

RELEASES = {
    *("ecs:DeregisterTaskDefinition", "ecs:RegisterTaskDefinition", "ecs:RunTask", "ecs:StopTask"),
    "iam:PassRole",
}
"""A service with a release command; test_processes.py deploys one."""
WITHOUT_RESOURCES = {"ecs:DeregisterTaskDefinition", "ecs:RegisterTaskDefinition"}
"""Who registers one starts nothing with it but by `RunTask` and `PassRole`, which name the target. Source: Amazon
ECS developer guide, "Supported resource-level permissions"."""

OTHER_VERBS = {
    *("lambda:InvokeFunction", "s3:DeleteObject", "s3:ListBucket", "s3:PutObject", "scheduler:GetSchedule"),
    "dynamodb:DeleteItem",
}
"""`./poe analyze --remote`; `./poe destroy`; `./poe status`; `./poe load-policies --prune`, the end of a candidate."""

SAME_AS = {"dynamodb:TransactWriteItems": "dynamodb:PutItem"}
"""Calls that another action permits. Source: DynamoDB developer guide, "IAM and DynamoDB transactions"."""


def actions() -> set[str]:
    """Every action that the policy allows."""
    policy: dict[str, Any] = json.loads((ORIGIN / "docs/deployer-policy.json").read_text("utf-8"))
    listed = [row["Action"] for row in policy["Statement"]]
    return {action for entry in listed for action in ([entry] if isinstance(entry, str) else entry)}


def other_definition(project: Project) -> str:
    """A task definition of hello whose image is not the one that runs."""
    ecs, current = project.client("ecs"), project.stack_tag("hello")
    arns = ecs.list_task_definitions(familyPrefix="slipway-local-hello", sort="ASC")["taskDefinitionArns"]
    images = {
        arn: ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["containerDefinitions"][0]["image"]
        for arn in arns[:2]
    }
    return str(next(arn for arn, image in images.items() if not image.endswith(current)))


@pytest.fixture(scope="module")
def calls(project: Project, bootstrap: Result) -> set[str]:
    """IAM actions of a bootstrap, a no-op, a fast, a full and a failing deploy."""
    good = project.read("examples/hello/app.py")
    recorded = set(bootstrap.report["calls"]) | set(project.deploy().report["calls"])
    project.write("examples/hello/app.py", good + "\n# another line\n")
    recorded |= set(project.deploy().report["calls"])
    project.set_key("services.hello", "environment", '{ POLICY = "1" }')
    recorded |= set(project.deploy().report["calls"])
    project.write("examples/hello/app.py", "raise SystemExit('policy')\n")
    recorded |= set(project.deploy("hello", expect=5).report["calls"])
    project.write("examples/hello/app.py", good)
    recorded |= set(project.deploy().report["calls"])
    # Somebody gives the service another task definition: the stack holds the tag, other tasks run.
    ecs = project.client("ecs")
    older = other_definition(project)
    ecs.update_service(cluster="slipway-local", service="hello", taskDefinition=older)
    ecs.get_waiter("services_stable").wait(
        cluster="slipway-local", services=["hello"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    again = project.deploy().report
    assert (again["verdict"], again["services"]["hello"]["path"]) == ("live", "fast")
    recorded |= set(again["calls"])
    called = {f"{IAM_PREFIX.get(name, name)}:{operation}" for name, operation in (c.split(":") for c in recorded)}
    return {SAME_AS.get(call, call) for call in called}


def test_the_policy_allows_every_recorded_call(calls: set[str]) -> None:
    assert calls - actions() - BY_DEPLOY_ROLE - FREE == set()


def test_the_policy_allows_nothing_else(calls: set[str]) -> None:
    assert actions() - calls - DOCKER - OTHER_TIMES - OTHER_VERBS - RELEASES == set()


def test_every_statement_names_the_target_or_only_reads() -> None:
    policy: dict[str, Any] = json.loads((ORIGIN / "docs/deployer-policy.json").read_text("utf-8"))
    for row in policy["Statement"]:
        resources = [row["Resource"]] if isinstance(row["Resource"], str) else row["Resource"]
        if resources == ["*"]:
            assert all(":Describe" in action or action in WHOLE | WITHOUT_RESOURCES for action in row["Action"])
        else:
            assert all("slipway-staging" in resource or "role/cdk-" in resource for resource in resources)
