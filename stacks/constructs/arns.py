"""ARNs of resources that are named by the settings, written out so that policies can name them exactly."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct


def arn(scope: Construct, service: str, resource: str) -> str:
    """The ARN of `resource` of an AWS service, in the account and region of the scope's stack."""
    stack = cdk.Stack.of(scope)
    return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{resource}"
