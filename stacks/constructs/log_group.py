"""Log groups, with an end to what they keep."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from settings import Settings
from stacks.constructs.arns import arn


class LogGroup(logs.LogGroup):
    """`/slipway/<prefix>/<name>`, kept as long as the target says and deleted with its stack."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, name: str) -> None:
        full_name = f"/slipway/{settings.prefix}/{name}"
        super().__init__(scope, construct_id, log_group_name=full_name, removal_policy=cdk.RemovalPolicy.DESTROY)
        self.name = full_name
        resource = self.node.default_child
        assert isinstance(resource, logs.CfnLogGroup)
        resource.retention_in_days = settings.target.log_retention_days

    @property
    def streams_arn(self) -> str:
        """The ARN pattern of its streams, which is what writing needs."""
        return arn(self, "logs", f"log-group:{self.name}:*")

    def write_statement(self) -> iam.PolicyStatement:
        """Allows to write this group's streams and nothing else."""
        return iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[self.streams_arn])
