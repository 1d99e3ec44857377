"""What a role has to reach so that it may ask one model of Amazon Bedrock."""

from __future__ import annotations

import re

import aws_cdk as cdk
from constructs import Construct

from stacks.constructs.arns import arn

PROFILE = re.compile(r"(?:us|eu|apac|jp|au|ca|us-gov|global)\.(?P<model>[a-z0-9-]+\..+)")
"""Ids of inference profiles begin with the geography within which they send requests.

Source: Amazon Bedrock user guide, "Supported Regions and models for inference profiles".
"""


def model_arns(scope: Construct, model: str | None) -> tuple[str, ...]:
    """ARNs of a model id; for an inference profile also the model in every region that it may send to."""
    if not model:
        return ()
    if model.startswith("arn:"):
        return (model,)
    if profile := PROFILE.fullmatch(model):
        return (arn(scope, "bedrock", f"inference-profile/{model}"), _model(scope, profile["model"], region="*"))
    return (_model(scope, model, region=cdk.Stack.of(scope).region),)


def _model(scope: Construct, model: str, *, region: str) -> str:
    return f"arn:{cdk.Stack.of(scope).partition}:bedrock:{region}::foundation-model/{model}"
