"""References lead to values; errors name the reference and never a value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scripts.engine import references
from scripts.engine.aws import Aws
from scripts.engine.connection import Connection
from scripts.engine.errors import SlipwayError
from scripts.engine.references import aws_for, is_reference, resolve
from tests.unit.engine.clouds import CONNECTION, Cloud, Refusal

SECRET = "secretsmanager:GetSecretValue"
ARN = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:slipway/hook-AbCdEf"


@pytest.fixture(autouse=True)
def regions(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Regions that are asked, in order; answers come from the table."""
    asked: list[str] = []

    def made(connection: Connection) -> Aws:
        asked.append(connection.region)
        return cloud.aws

    monkeypatch.setattr(references, "Aws", made)
    return asked


def test_from_the_environment() -> None:
    assert resolve("env:HOOK", CONNECTION, {"HOOK": "https://hooks.example/1\n"}) == "https://hooks.example/1"


@pytest.mark.parametrize("environ", [{}, {"HOOK": ""}, {"HOOK": " \n"}])
def test_a_variable_that_is_not_there(environ: dict[str, str]) -> None:
    with pytest.raises(SlipwayError, match="env:HOOK: is empty or not set"):
        resolve("env:HOOK", CONNECTION, environ)


@pytest.mark.parametrize(
    ("reference", "asked"),
    [
        ("secretsmanager:slipway/hook", {"SecretId": "slipway/hook"}),
        (ARN, {"SecretId": ARN}),
        (f"{ARN}:url::", {"SecretId": ARN}),
        (f"{ARN}:url:AWSPREVIOUS:", {"SecretId": ARN, "VersionStage": "AWSPREVIOUS"}),
    ],
)
def test_from_secrets_manager(cloud: Cloud, regions: list[str], reference: str, asked: dict[str, Any]) -> None:
    text = '{"url": "https://hooks.example/2"}' if ":url:" in reference else "https://hooks.example/2"
    cloud.answers[SECRET] = {"SecretString": text}
    assert resolve(reference, CONNECTION) == "https://hooks.example/2"
    assert cloud.parameters(SECRET) == [asked]
    assert regions == ["eu-west-1" if reference.startswith("arn:") else "eu-central-1"]


@pytest.mark.parametrize(
    "reference", ["ssm:/slipway/hook", "arn:aws:ssm:eu-west-1:111111111111:parameter/slipway/hook"]
)
def test_from_ssm(cloud: Cloud, reference: str) -> None:
    cloud.answers["ssm:GetParameter"] = {"Parameter": {"Value": "https://hooks.example/3"}}
    assert resolve(reference, CONNECTION) == "https://hooks.example/3"
    name = reference.removeprefix("ssm:")
    assert cloud.parameters("ssm:GetParameter") == [{"Name": name, "WithDecryption": True}]


@pytest.mark.parametrize(
    ("reference", "answer", "what"),
    [
        (ARN, Refusal("ResourceNotFoundException", "no such secret"), "ResourceNotFoundException"),
        (ARN, {"SecretBinary": b"hush"}, "is binary"),
        (f"{ARN}:url::", {"SecretString": "hush"}, "has no text under the key 'url'"),
        (f"{ARN}:url::", {"SecretString": '{"url": {"hush": 1}}'}, "has no text under the key 'url'"),
        (ARN, {"SecretString": " "}, "is empty"),
    ],
)
def test_a_secret_that_cannot_be_used(cloud: Cloud, reference: str, answer: Any, what: str) -> None:
    cloud.answers[SECRET] = answer
    with pytest.raises(SlipwayError, match=what) as caught:
        resolve(reference, CONNECTION)
    assert "hush" not in str(caught.value)


def test_a_cloud_that_was_never_started_is_not_taken_for_aws() -> None:
    with pytest.raises(SlipwayError, match="was not started"):
        aws_for(ARN, replace(CONNECTION, exists=False))


def test_what_is_a_reference() -> None:
    texts = ("env:A", "ssm:/a", "secretsmanager:a", ARN, "https://a", "http://127.0.0.1:1")
    assert [is_reference(text) for text in texts] == [True, True, True, True, False, False]
