"""Credentials of the AWS API: from the environment, or from the endpoint that ECS gives to a task's containers.

Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
"""

from __future__ import annotations

import calendar
import http.client
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from agent.reading import document, whole
from agent.server_time import ServerTime

ECS_HOST = "http://169.254.170.2"
EARLY_SECONDS = 300
"""They are fetched anew that long before they expire."""
SECONDS = 3.0
LARGEST = 100_000


@dataclass(frozen=True)
class Credentials:
    """One set."""

    key: str
    secret: str
    token: str = ""
    expires: float = float("inf")


class NoCredentials(OSError):
    """There are none to be had now."""


class Provider:
    """Keeps a set until shortly before it expires; an expired one is better than none, the API then says so."""

    def __init__(self, variables: Mapping[str, str], server_time: ServerTime | None = None) -> None:
        self._variables = variables
        self._held: Credentials | None = None
        self.server_time = server_time or ServerTime()
        """What those who sign with them go by as well."""

    def get(self) -> Credentials:
        """Credentials to sign with; raises NoCredentials."""
        if self._held is None or self.server_time.now() > self._held.expires - EARLY_SECONDS:
            self._held = self._fetch() or self._held
        if self._held is None:
            raise NoCredentials("no credentials in the environment")
        return self._held

    def renew(self) -> bool:
        """Fetch others, whatever these say of their end; whether there are others now."""
        before = self._held
        self._held = self._fetch() or before
        return self._held != before

    def _fetch(self) -> Credentials | None:
        names = self._variables
        if names.get("AWS_ACCESS_KEY_ID"):
            return Credentials(
                names["AWS_ACCESS_KEY_ID"], names.get("AWS_SECRET_ACCESS_KEY", ""), names.get("AWS_SESSION_TOKEN", "")
            )
        relative = names.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        url = f"{ECS_HOST}{relative}" if relative else names.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
        if not url.startswith(("http://", "https://")):
            return None
        try:
            return _asked(url, names.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", ""))
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, AttributeError) as error:
            if self._held is None:
                raise NoCredentials(f"the container's credentials cannot be read: {error}") from None
            return None


def _asked(url: str, authorization: str) -> Credentials:
    headers = {"Authorization": authorization} if authorization else {}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=SECONDS) as answer:  # noqa: S310 - checked above
        row = document(whole(answer, largest=LARGEST, seconds=SECONDS))
    expires = row.get("Expiration")
    return Credentials(
        key=row["AccessKeyId"],
        secret=row["SecretAccessKey"],
        token=row.get("Token", ""),
        expires=_seconds(expires) if expires else float("inf"),
    )


def _seconds(text: str) -> float:
    """Unix time of such as 2026-01-31T12:00:00Z."""
    return float(calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")))
