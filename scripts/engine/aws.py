"""The only place that makes AWS clients, counts API calls, and turns their errors into ours."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scripts.engine.connection import Connection
from scripts.engine.errors import Failed, SlipwayError, Transient

READING = (
    "Describe",
    "Get",
    "List",
    "BatchGet",
    "BatchCheck",
    "Head",
    "Query",
    "Filter",
    "Scan",
    "AssumeRole",
    "Lookup",
)
"""Operations that change nothing begin with these words."""
THROTTLED = (
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "RequestThrottled",
    "RequestThrottledException",
    "ThrottledException",
    "PriorRequestNotComplete",
    "TransactionInProgressException",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
)
CREDENTIALS = (
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "RequestExpired",
)
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure")


class Aws:
    """Clients of one connection, made when first asked for; safe to use from several threads."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.calls: list[tuple[str, str]] = []
        """Every API call as (service, operation), in order."""
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._session: Any = None

    def client(self, service: str) -> Any:
        """The client of an AWS service, such as `ecs`."""
        with self._lock:
            if service not in self._clients:
                with translated("open a session"):
                    self._clients[service] = self._make(service, self._base_session())
            return self._clients[service]

    def deployer(self, service: str) -> Any:
        """A client that acts as the CDK bootstrap's deploy role where the target has one, as the CDK CLI does."""
        role = self.connection.deploy_role_arn
        if role is None:
            return self.client(service)
        key = f"{service}@deploy"
        sts = self.client("sts")
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(service, self._assumed_session(sts, role))
            return self._clients[key]

    @property
    def mutating_calls(self) -> list[str]:
        """The calls that could change something, as `service:Operation`."""
        return [f"{service}:{operation}" for service, operation in self.calls if not operation.startswith(READING)]

    def _base_session(self) -> Any:
        if self._session is None:
            # Not boto3: it also loads the S3 transfer manager, 20 ms of every command.
            import botocore.session

            self._session = botocore.session.Session(profile=self.connection.profile)
            if self.connection.access_key:
                self._session.set_credentials(self.connection.access_key, self.connection.secret_key)
        return self._session

    def _assumed_session(self, sts: Any, role: str) -> Any:
        import botocore.session

        with translated("assume the deploy role"):
            given = sts.assume_role(RoleArn=role, RoleSessionName="slipway")["Credentials"]
        session = botocore.session.Session()
        session.set_credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return session

    def _make(self, service: str, session: Any) -> Any:
        from botocore.config import Config

        config = Config(
            retries={"mode": "standard", "max_attempts": 5},
            connect_timeout=5,
            read_timeout=30,
            max_pool_connections=32,
            user_agent_extra="slipway",
        )
        client = session.create_client(
            service, region_name=self.connection.region, endpoint_url=self.connection.endpoint_url, config=config
        )
        client.meta.events.register("before-call.*.*", self._count)
        return client

    def _count(self, model: Any, **_: Any) -> None:
        self.calls.append((model.service_model.service_name, model.name))


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn botocore's errors into ours; `doing` says in a few words what was tried."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise from_client_error(error, doing) from error
    except BotoCoreError as error:
        raise _from_core_error(error, doing) from error


def error_code(error: Any) -> str:
    """The AWS error code of a ClientError."""
    return str(error.response.get("Error", {}).get("Code", ""))


def from_client_error(error: Any, doing: str) -> SlipwayError:
    """What a user should read instead of a ClientError."""
    code, detail = error_code(error), error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    what = f"{code}: {detail.get('Message', '')}".strip(": ")
    where = f"cannot {doing} ({error.operation_name})"
    if code in THROTTLED or status >= 500 or status == 429:
        return Transient(what, where=where, remedy="the AWS API did not take the call; run the same command again")
    if code in CREDENTIALS:
        return Failed(what, where=where, remedy="log in again, for example `aws sso login`, then run the command again")
    if code in DENIED:
        return Failed(what, where=where, remedy="allow the call for these credentials; docs/aws.md has the policy")
    return Failed(what, where=where)


def _from_core_error(error: Any, doing: str) -> SlipwayError:
    name = type(error).__name__
    where = f"cannot {doing}"
    if name in (
        "NoCredentialsError",
        "PartialCredentialsError",
        "ProfileNotFound",
        "TokenRetrievalError",
        "SSOTokenLoadError",
        "UnauthorizedSSOTokenError",
        "CredentialRetrievalError",
    ):
        return Failed(str(error), where=where, remedy="log in, or set `profile` of the target or AWS_PROFILE")
    if name in (
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ConnectionClosedError",
        "ConnectionError",
        "ProxyConnectionError",
        "HTTPClientError",
        "SSLError",
        "ResponseStreamingError",
    ):
        return Transient(str(error), where=where, remedy="check the network, then run the same command again")
    return Failed(str(error), where=where)
