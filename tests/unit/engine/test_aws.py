"""What a user reads instead of an error of AWS or of boto3, and which calls count as changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore import exceptions as core
from botocore.exceptions import ClientError

from scripts.engine.aws import Aws, translated
from scripts.engine.connection import Connection
from scripts.engine.errors import Failed, SlipwayError, Transient
from tests.unit.engine.clouds import CONNECTION, Cloud, Refusal

AGAIN = "the AWS API did not take the call; run the same command again"
LOG_IN = "log in again, for example `aws sso login`, then run the command again"
ALLOW = "allow the call for these credentials; docs/aws.md has the policy"
PROFILE = "log in, or set `profile` of the target or AWS_PROFILE"
NETWORK = "check the network, then run the same command again"

ANSWERS = (
    (Refusal("Throttling", "Rate exceeded"), Transient, "Throttling: Rate exceeded", AGAIN),
    (Refusal("ThrottlingException", "slow"), Transient, "ThrottlingException: slow", AGAIN),
    (Refusal("RequestLimitExceeded"), Transient, "RequestLimitExceeded", AGAIN),
    (Refusal("RequestThrottledException"), Transient, "RequestThrottledException", AGAIN),
    (Refusal("Whatever", "busy", 429), Transient, "Whatever: busy", AGAIN),
    (Refusal("InternalFailure", "oops", 500), Transient, "InternalFailure: oops", AGAIN),
    (Refusal("503", "Service Unavailable", 503), Transient, "503: Service Unavailable", AGAIN),
    (Refusal("ExpiredToken", "expired"), Failed, "ExpiredToken: expired", LOG_IN),
    (Refusal("ExpiredTokenException", "expired"), Failed, "ExpiredTokenException: expired", LOG_IN),
    (Refusal("InvalidClientTokenId", "no such key", 403), Failed, "InvalidClientTokenId: no such key", LOG_IN),
    (Refusal("SignatureDoesNotMatch", "no", 403), Failed, "SignatureDoesNotMatch: no", LOG_IN),
    (Refusal("AccessDenied", "not you", 403), Failed, "AccessDenied: not you", ALLOW),
    (Refusal("AccessDeniedException", "not you"), Failed, "AccessDeniedException: not you", ALLOW),
    (Refusal("ValidationError", "no"), Failed, "ValidationError: no", ""),
    (Refusal("", "", 400), Failed, "", ""),
)

CORE = (
    (core.NoCredentialsError(), Failed, "Unable to locate credentials", PROFILE),
    (core.ProfileNotFound(profile="x"), Failed, "The config profile (x) could not be found", PROFILE),
    (
        core.PartialCredentialsError(provider="env", cred_var="k"),
        Failed,
        "Partial credentials found in env, missing: k",
        PROFILE,
    ),
    (
        core.TokenRetrievalError(provider="sso", error_msg="expired"),
        Failed,
        "Error when retrieving token from sso: expired",
        PROFILE,
    ),
    (
        core.EndpointConnectionError(endpoint_url="http://x"),
        Transient,
        'Could not connect to the endpoint URL: "http://x"',
        NETWORK,
    ),
    (core.ReadTimeoutError(endpoint_url="http://x"), Transient, 'Read timeout on endpoint URL: "http://x"', NETWORK),
    (
        core.ConnectTimeoutError(endpoint_url="http://x"),
        Transient,
        'Connect timeout on endpoint URL: "http://x"',
        NETWORK,
    ),
    (
        core.SSLError(endpoint_url="http://x", error="bad"),
        Transient,
        "SSL validation failed for http://x bad",
        NETWORK,
    ),
    (core.NoRegionError(), Failed, "You must specify a region.", ""),
)  # fmt: skip

Row = tuple[Exception, type[SlipwayError], str, str]


@pytest.mark.parametrize("row", ANSWERS, ids=lambda row: f"{row[0].code} {row[0].status}")
def test_what_aws_answers(cloud: Cloud, row: Row) -> None:
    answer, kind, what, remedy = row
    cloud.answers["sts:GetCallerIdentity"] = answer
    with pytest.raises(SlipwayError) as caught, translated("ask who I am"):
        cloud.aws.client("sts").get_caller_identity()
    assert type(caught.value) is kind
    assert (caught.value.where, caught.value.what, caught.value.remedy) == (
        "cannot ask who I am (GetCallerIdentity)",
        what,
        remedy,
    )
    assert caught.value.exit_code == (75 if kind is Transient else 4)


@pytest.mark.parametrize("row", CORE, ids=lambda row: type(row[0]).__name__)
def test_what_boto3_says_before_aws_is_asked(row: Row) -> None:
    error, kind, what, remedy = row
    with pytest.raises(SlipwayError) as caught, translated("ask who I am"):
        raise error
    assert type(caught.value) is kind
    assert (caught.value.where, caught.value.what, caught.value.remedy) == ("cannot ask who I am", what, remedy)


def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), translated("ask who I am"):
        raise KeyError("x")


def test_an_unknown_profile_is_told_when_the_session_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    aws = Aws(Connection("111111111111", "eu-central-1", "", profile="nobody"))
    with pytest.raises(Failed) as caught:
        aws.client("sts")
    assert str(caught.value) == "cannot open a session: The config profile (nobody) could not be found"
    assert caught.value.remedy == PROFILE


def test_calls_are_counted_and_only_those_that_could_change_something_are_mutating() -> None:
    aws = Aws(CONNECTION)
    reading = (
        "DescribeStacks ListTasks GetCallerIdentity BatchGetImage BatchCheckLayerAvailability Query FilterLogEvents "
        "AssumeRole GetAuthorizationToken"
    )
    changing = "UpdateStack UpdateService PutItem DeleteItem PutImage CreateChangeSet TagResource BatchDeleteImage"
    aws.calls += [("x", name) for name in f"{reading} {changing}".split()]
    assert aws.mutating_calls == [f"x:{name}" for name in changing.split()]


def test_a_call_that_fails_counts_too(cloud: Cloud) -> None:
    cloud.answers["ecs:UpdateService"] = Refusal("AccessDeniedException")
    with pytest.raises(ClientError):
        cloud.aws.client("ecs").update_service(service="x")
    assert cloud.aws.calls == [("ecs", "UpdateService")]
    assert cloud.aws.mutating_calls == ["ecs:UpdateService"]


def test_a_client_is_made_once(cloud: Cloud) -> None:
    assert cloud.aws.client("sts") is cloud.aws.client("sts")


def test_without_a_deploy_role_the_deployer_is_the_user(cloud: Cloud) -> None:
    assert cloud.aws.deployer("cloudformation") is cloud.aws.client("cloudformation")


ROLE = "arn:aws:iam::111111111111:role/cdk-deploy"


def with_role() -> Cloud:
    cloud = Cloud()
    cloud.aws.connection = replace(CONNECTION, deploy_role_arn=ROLE)
    return cloud


def test_the_deploy_role_is_assumed_once_for_a_service() -> None:
    cloud = with_role()
    given = {"AccessKeyId": "A" * 16, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": datetime.now(UTC)}
    cloud.answers["sts:AssumeRole"] = {"Credentials": given}
    assert cloud.aws.deployer("cloudformation") is cloud.aws.deployer("cloudformation")
    assert cloud.parameters("sts:AssumeRole") == [{"RoleArn": ROLE, "RoleSessionName": "slipway"}]
    assert cloud.aws.client("cloudformation") is not cloud.aws.deployer("cloudformation")


def test_a_role_that_may_not_be_assumed_is_told() -> None:
    cloud = with_role()
    cloud.answers["sts:AssumeRole"] = Refusal("AccessDenied", "not you", 403)
    with pytest.raises(Failed, match=r"^cannot assume the deploy role \(AssumeRole\): AccessDenied: not you$"):
        cloud.aws.deployer("cloudformation")
