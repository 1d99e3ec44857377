"""Calls of the AWS API: JSON over one kept connection a service, signed with Signature Version 4.

The three services that the agent needs speak JSON, with every call a POST to `/`. A client library would take more
memory and start-up time of the task than all the rest of the agent.
Source: AWS General Reference, "Signature Version 4 signing process".
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from agent.credentials import Credentials, Provider
from agent.reading import document, whole

SECONDS = 3.0
LARGEST = 16_000_000
"""Bytes of an answer: far more than any of the calls has."""
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId")
"""Codes for credentials that do not count any longer. Source: AWS APIs, "Common Errors"."""
ALGORITHM = "AWS4-HMAC-SHA256"

Json = dict[str, Any]


@dataclass(frozen=True)
class Service:
    """How a service wants to be called."""

    name: str
    target: str
    """Prefix of the header that names the operation."""
    version: str
    """Of the JSON protocol."""


DYNAMODB = Service("dynamodb", "DynamoDB_20120810", "1.0")
ECS = Service("ecs", "AmazonEC2ContainerServiceV20141113", "1.1")
SSM = Service("ssm", "AmazonSSM", "1.1")


class ApiError(OSError):
    """A call that failed."""


class Refused(ApiError):
    """The service's own code and words."""

    def __init__(self, operation: str, code: str, text: str) -> None:
        super().__init__(f"{operation}: {code}: {text}")
        self.code = code


class Lost(ApiError):
    """There was no answer, or none that is one."""


class Api:
    """One service; not to be shared between threads."""

    def __init__(self, service: Service, region: str, endpoint: str, provider: Provider) -> None:
        self._service, self._region, self._provider = service, region, provider
        self._url = urlsplit(endpoint or _endpoint(service.name, region))
        self._connection: http.client.HTTPConnection | None = None

    def call(self, operation: str, request: Json) -> Json:
        """The answer; raises OSError. Asked again, once, where a second time can end otherwise.

        That is when a kept connection was closed meanwhile, when the answer says that our clock is off, and when there
        are other credentials than those that have expired.
        """
        body = json.dumps(request).encode()
        is_kept, was = self._connection is not None, self._provider.server_time.ahead
        try:
            return self._send(operation, body)
        except Lost:
            if not is_kept:
                raise
        except Refused as error:
            is_expired = error.code in EXPIRED and self._provider.renew()
            if not is_expired and was == self._provider.server_time.ahead:
                raise
        return self._send(operation, body)

    def _headers(self, operation: str, body: bytes) -> dict[str, str]:
        headers = {
            "content-type": f"application/x-amz-json-{self._service.version}",
            "host": self._url.netloc,
            "x-amz-target": f"{self._service.target}.{operation}",
        }
        own = self._provider.get()
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._provider.server_time.now()))
        return signed(headers, body, own, scope=(now, self._region, self._service.name))

    def _send(self, operation: str, body: bytes) -> Json:
        headers = self._headers(operation, body)
        connection = self._connection or self._open()
        self._connection = None
        try:
            connection.request("POST", "/", body, headers)
            answer = connection.getresponse()
            text = whole(answer, largest=LARGEST, seconds=SECONDS)
        except (http.client.HTTPException, ConnectionError) as error:
            raise Lost(f"{operation}: {type(error).__name__} {error}") from None
        self._connection = None if answer.will_close else connection
        self._provider.server_time.learn(answer.getheader("date"))
        found = _parsed(text)
        if answer.status != http.client.OK:
            code = str((found or {}).get("__type", answer.status)).rpartition("#")[2]
            raise Refused(operation, code, _words(found) or answer.reason)
        if found is None:
            raise ApiError(f"{operation}: the answer is no JSON object")
        return found

    def _open(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        return kind(self._url.netloc, timeout=SECONDS)


def apis(region: str, endpoint: str, provider: Provider) -> Callable[[Service], Api]:
    """Makes the clients of a place."""
    return lambda service: Api(service, region, endpoint, provider)


def signed(headers: Mapping[str, str], body: bytes, own: Credentials, *, scope: tuple[str, str, str]) -> dict[str, str]:
    """The headers of a POST to `/` with a signature; `scope` is time, region and service."""
    now, region, service = scope
    every = {**headers, "x-amz-date": now, **({"x-amz-security-token": own.token} if own.token else {})}
    names = ";".join(sorted(every))
    lines = [f"{name}:{every[name]}" for name in sorted(every)]
    canonical = "\n".join(["POST", "/", "", *lines, "", names, hashlib.sha256(body).hexdigest()])
    place = f"{now[:8]}/{region}/{service}/aws4_request"
    text = "\n".join([ALGORITHM, now, place, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{own.secret}".encode()
    for part in place.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    every["authorization"] = f"{ALGORITHM} Credential={own.key}/{place}, SignedHeaders={names}, Signature={signature}"
    return every


def _parsed(text: bytes) -> Json | None:
    try:
        found = document(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _words(found: Json | None) -> str:
    row = found or {}
    return str(row.get("message") or row.get("Message") or "")


def _endpoint(service: str, region: str) -> str:
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{service}.{region}.{domain}"
