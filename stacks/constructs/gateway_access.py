"""What the gateway's tasks may do: read the policies and what there is to route to, and report about themselves."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_iam as iam
from constructs import Construct

from settings import Settings
from stacks.constructs.arns import arn

REPORTS = "gateway-tasks"
"""Partition key of the reports."""


def policy_statements(scope: Construct, settings: Settings) -> list[iam.PolicyStatement]:
    """Read the whole table; write only below the reports' key, so that no task can change a policy."""
    table = arn(scope, "dynamodb", f"table/{settings.gateway_table}")
    return [
        iam.PolicyStatement(actions=["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"], resources=[table]),
        iam.PolicyStatement(
            actions=["dynamodb:PutItem"],
            resources=[table],
            conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [REPORTS]}},
        ),
    ]


def route_statements(scope: Construct, settings: Settings) -> list[iam.PolicyStatement]:
    """Read the parameters below the gateway's own path, and the tasks of this cluster.

    ListTasks takes no task as a resource, so the cluster is a condition. Source: Service Authorization Reference,
    "Actions, resources, and condition keys for Amazon ECS".
    """
    cluster = {"ArnEquals": {"ecs:cluster": arn(scope, "ecs", f"cluster/{settings.cluster}")}}
    return [
        iam.PolicyStatement(actions=["ssm:GetParametersByPath"], resources=_parameters(scope, settings)),
        iam.PolicyStatement(actions=["ecs:ListTasks"], resources=["*"], conditions=cluster),
        iam.PolicyStatement(actions=["ecs:DescribeTasks"], resources=[_tasks(scope, settings)], conditions=cluster),
    ]


def reasons(scope: Construct, settings: Settings) -> Mapping[str, str]:
    """cdk-nag's findings about them -> why they are right."""
    below = _parameters(scope, settings)[1]
    return {
        "AwsSolutions-IAM5[Resource::*]": "ecs:ListTasks takes no resource but instances; the cluster is a condition.",
        f"AwsSolutions-IAM5[Resource::{below}]": "Services have a parameter each, and come and go.",
        f"AwsSolutions-IAM5[Resource::{_tasks(scope, settings)}]": "Tasks come and go.",
    }


def _parameters(scope: Construct, settings: Settings) -> list[str]:
    path = arn(scope, "ssm", f"parameter{settings.gateway_parameters}")
    return [path, f"{path}/*"]


def _tasks(scope: Construct, settings: Settings) -> str:
    return arn(scope, "ecs", f"task/{settings.cluster}/*")
