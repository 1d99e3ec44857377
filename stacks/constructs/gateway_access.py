"""What the gateway's tasks may do: read the policies, and write their own reports about them."""

from __future__ import annotations

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
        iam.PolicyStatement(actions=["dynamodb:GetItem"], resources=[table]),
        iam.PolicyStatement(
            actions=["dynamodb:PutItem"],
            resources=[table],
            conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [REPORTS]}},
        ),
    ]
