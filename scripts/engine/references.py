"""Reads what settings only point to: `env:NAME`, Secrets Manager and SSM. A value never appears in an error."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace

from scripts.engine.aws import Aws, translated
from scripts.engine.connection import Connection
from scripts.engine.errors import BadInput, Failed, Refused

NAMED = ("env:", "secretsmanager:", "ssm:")


def is_reference(text: str) -> bool:
    """Whether the text names a place instead of being the value."""
    return text.startswith((*NAMED, "arn:"))


def resolve(reference: str, connection: Connection, environ: Mapping[str, str] = os.environ) -> str:
    """The value, without white space around it; raises SlipwayError naming the reference."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        value = environ.get(name, "")
    elif kind == "ssm" or reference.split(":")[2:3] == ["ssm"]:
        value = _parameter(reference.removeprefix("ssm:"), aws_for(reference, connection))
    else:
        value = _secret(reference.removeprefix("secretsmanager:"), aws_for(reference, connection))
    if not value.strip():
        raise BadInput("is empty or not set", where=reference, remedy="give it a value, or correct slipway.toml")
    return value.strip()


def aws_for(reference: str, connection: Connection) -> Aws:
    """Clients of the region that an ARN is in; their calls are not counted as the deploy's."""
    if not connection.exists:
        raise Refused("the target was not started yet", where=reference, remedy="./poe local up")
    region = reference.split(":")[3] if reference.startswith("arn:") else connection.region
    return Aws(replace(connection, region=region))


def _parameter(name: str, aws: Aws) -> str:
    client = aws.client("ssm")
    with translated(f"read {name}"):
        return str(client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])


def _secret(name: str, aws: Aws) -> str:
    """An ARN may name a key of a JSON secret, a stage and a version behind it, as in a task definition of ECS.

    Source: Amazon ECS developer guide, "Pass Secrets Manager secrets through environment variables".
    """
    parts = name.split(":") if name.startswith("arn:") else [name]
    whole, (key, stage, version, *_) = ":".join(parts[:7]), [*parts[7:], "", "", ""]
    asked = {"SecretId": whole, "VersionStage": stage, "VersionId": version}
    client = aws.client("secretsmanager")
    with translated(f"read {whole}"):
        text = client.get_secret_value(**{field: value for field, value in asked.items() if value}).get("SecretString")
    if text is None:
        raise Failed("is binary, where text is needed", where=whole)
    return _value_of(text, key, whole) if key else str(text)


def _value_of(text: str, key: str, where: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get(key), str):
        raise Failed(f"has no text under the key {key!r}", where=where)
    return str(found[key])
