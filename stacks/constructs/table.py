"""A DynamoDB table as every table here is: paid by request, encrypted, recoverable to any second."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

EXPIRY = "expires_at"
"""Attribute with the second (Unix time) after which an item may vanish."""


class Table(dynamodb.Table):
    """A table that goes with its target.

    It is deleted with its stack, because its fixed name would stop the target from being set up again; DynamoDB keeps
    a backup of a deleted table with point-in-time recovery for 35 days. Source: DynamoDB developer guide,
    "Point-in-time recovery", before you begin.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, key: str, sort_key: str | None = None
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            table_name=name,
            partition_key=text(key),
            sort_key=text(sort_key) if sort_key else None,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute=EXPIRY,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )


def text(name: str) -> dynamodb.Attribute:
    """A string attribute."""
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
