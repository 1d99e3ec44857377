"""The analyzer as a Lambda function beside its cache."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from settings import Settings
from stacks.analyzer_asset import analyzer_code
from stacks.constructs.bucket import Bucket
from stacks.constructs.log_group import LogGroup
from stacks.constructs.model_access import model_arns
from stacks.constructs.table import Table
from stacks.nag import acknowledge

DOCUMENTS = "documents/"
SOURCES = "sources/"
KEPT_DAYS = {DOCUMENTS: 31, SOURCES: 1}
"""Prefix -> days. A document goes after the cache item that names it (30 days); a source is read within minutes."""
MEMORY = 1024
"""MiB; Lambda gives processor time in proportion."""
TIMEOUT = cdk.Duration.seconds(28)
"""Callers of the AWS API wait 30 seconds for an answer."""


class Analyzer(Construct):
    """The function, its bucket and log group, and a role that reaches these, one table and perhaps one model."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, cache: Table) -> None:
        super().__init__(scope, construct_id)
        log_group = LogGroup(self, "Logs", settings=settings, name="analyzer")
        self.bucket = Bucket(self, "Bucket", name=settings.analysis_bucket, days=KEPT_DAYS)
        role, environment = self._role(settings, cache, log_group), self._environment(settings, cache)
        with analyzer_code(settings) as code:
            self.function = lambda_.Function(
                self,
                "Function",
                function_name=settings.analyzer_function,
                runtime=lambda_.Runtime.PYTHON_3_12,
                architecture=lambda_.Architecture.ARM_64,
                handler="handler.handler",
                code=code,
                role=role,
                log_group=log_group,
                memory_size=MEMORY,
                timeout=TIMEOUT,
                environment=environment,
            )
        acknowledge(
            self.function,
            {"AwsSolutions-L1": "Code that also runs on 3.11 gains nothing from a runtime newer than 3.12."},
        )

    def _environment(self, settings: Settings, cache: Table) -> dict[str, str]:
        model = settings.target.bedrock_model
        return {
            "CACHE_TABLE": cache.table_name,
            "BUCKET": self.bucket.bucket_name,
            **({"BEDROCK_MODEL_ID": model} if model else {}),
        }

    def _role(self, settings: Settings, cache: Table, log_group: LogGroup) -> iam.Role:
        objects = {
            prefix: f"arn:{cdk.Stack.of(self).partition}:s3:::{settings.analysis_bucket}/{prefix}*"
            for prefix in KEPT_DAYS
        }
        models = model_arns(self, settings.target.bedrock_model)
        policies = {
            "cache": [_allow(["dynamodb:GetItem", "dynamodb:PutItem"], cache.table_arn)],
            "objects": [
                _allow(["s3:GetObject"], *objects.values()),
                _allow(["s3:PutObject"], objects[DOCUMENTS]),
            ],
            "logs": [log_group.write_statement()],
            **({"model": [_allow(["bedrock:InvokeModel"], *models)]} if models else {}),
        }
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={name: iam.PolicyDocument(statements=rows) for name, rows in policies.items()},
        )
        wide = {
            log_group.streams_arn: "Lambda names the streams of its own log group.",
            **dict.fromkeys(objects.values(), "Objects are named by their content."),
            **{arn: "A profile sends requests to regions of its choice." for arn in models if "*" in arn},
        }
        acknowledge(role, {f"AwsSolutions-IAM5[Resource::{arn}]": reason for arn, reason in wide.items()})
        return role


def _allow(actions: list[str], *resources: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=actions, resources=list(resources))
