"""The analyzer as a Lambda function beside its cache."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from settings import Settings
from stacks.constructs.log_group import LogGroup
from stacks.constructs.table import Table
from stacks.nag import acknowledge

SOURCE = "lambda/analyzer"


class Analyzer(Construct):
    """The function, its log group, and a role that reaches one table and one log group."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, cache: Table) -> None:
        super().__init__(scope, construct_id)
        log_group = LogGroup(self, "Logs", settings=settings, name="analyzer")
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=f"{settings.prefix}-analyzer",
            runtime=lambda_.Runtime.PYTHON_3_12,
            handler="handler.handler",
            code=lambda_.Code.from_asset(str(settings.root / SOURCE), exclude=["**/__pycache__", "**/*.pyc"]),
            role=self._role(cache, log_group),
            log_group=log_group,
            memory_size=512,
            timeout=cdk.Duration.seconds(30),
            environment={"CACHE_TABLE": cache.table_name},
        )
        acknowledge(
            self.function,
            {"AwsSolutions-L1": "Code that also runs on 3.11 gains nothing from a runtime newer than 3.12."},
        )

    def _role(self, cache: Table, log_group: LogGroup) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={
                "cache": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            actions=["dynamodb:GetItem", "dynamodb:PutItem"], resources=[cache.table_arn]
                        )
                    ]
                ),
                "logs": iam.PolicyDocument(statements=[log_group.write_statement()]),
            },
        )
        acknowledge(
            role,
            {f"AwsSolutions-IAM5[Resource::{log_group.streams_arn}]": "Lambda names the streams of its own log group."},
        )
        return role
