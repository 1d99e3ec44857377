"""Secrets of a container: ECS reads the value when a task starts, so no template and no image ever holds it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aws_cdk import aws_iam as iam
from constructs import Construct

from settings import Service
from stacks.constructs.arns import arn

GET_VALUE = "secretsmanager:GetSecretValue"
ARN_FIELDS = 7
"""Fields of a secret's own ARN; ECS takes a JSON key, a stage and a version behind it."""
SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
ANY_SUFFIX = "-??????"
"""Secrets Manager ends each secret's ARN with six random characters, which its name does not tell.

Source: Secrets Manager user guide, "IAM policy examples", permission to retrieve a secret by its name.
"""


@dataclass(frozen=True)
class Reference:
    """Where a value is kept, in the words of ECS and of IAM."""

    value_from: str
    action: str
    resource: str


def reference(scope: Construct, text: str) -> Reference:
    """A reference of the settings: `secretsmanager:NAME`, `ssm:/NAME` or an ARN of either.

    The whole ARN always: a name alone would mean the task's own region and account to ECS and nothing to IAM.
    Source: ECS developer guide, "Pass sensitive data to an Amazon ECS container".
    """
    if text.startswith("arn:"):
        return _by_arn(text)
    store, name = text.split(":", 1)
    if store == "ssm":
        return _parameter(arn(scope, "ssm", f"parameter/{name.lstrip('/')}"))
    secret = arn(scope, "secretsmanager", f"secret:{name}")
    return Reference(secret, GET_VALUE, secret + ANY_SUFFIX)


def read_statements(scope: Construct, service: Service) -> list[iam.PolicyStatement]:
    """Allows to read exactly the service's secrets."""
    found = [reference(scope, text) for _, text in service.secrets]
    allowed: dict[str, set[str]] = {}
    for one in found:
        allowed.setdefault(one.action, set()).add(one.resource)
    return [iam.PolicyStatement(actions=[action], resources=sorted(allowed[action])) for action in sorted(allowed)]


def _by_arn(text: str) -> Reference:
    fields = text.split(":")
    if fields[2] == "ssm":
        return _parameter(text)
    secret = ":".join(fields[:ARN_FIELDS])
    return Reference(text, GET_VALUE, secret if SUFFIX.search(secret) else secret + ANY_SUFFIX)


def _parameter(text: str) -> Reference:
    return Reference(text, "ssm:GetParameters", text)
