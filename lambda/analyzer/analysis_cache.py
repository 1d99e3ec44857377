"""The analysis cache: a DynamoDB table of JSON documents that expire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from failure import Failure

LIFETIME = 30 * 24 * 3600
"""Seconds an analysis is kept."""
SIZE_LIMIT = 350_000
"""Bytes of an analysis as JSON; DynamoDB takes 400 KB an item with everything around it."""


class AnalysisCache:
    """Reads and writes analyses of one table; `client` is a boto3 DynamoDB client."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table

    def get(self, key: str, *, now: int) -> dict[str, Any] | None:
        """The analysis under a key; None when there is none or it has expired.

        DynamoDB deletes expired items within days, not at once. Source: DynamoDB developer guide, "Time to Live".
        """
        with _typed_failures():
            item = self._client.get_item(TableName=self._table, Key={"key": {"S": key}}).get("Item")
        if item is None or int(item["expires_at"]["N"]) <= now:
            return None
        analysis: dict[str, Any] = json.loads(item["analysis"]["S"])
        return analysis

    def put(self, key: str, analysis: dict[str, Any], *, now: int) -> int:
        """Store an analysis; returns the second (Unix time) at which it expires.

        It is stored as JSON text: DynamoDB's own numbers would come back as decimals.
        """
        text = json.dumps(analysis, sort_keys=True, separators=(",", ":"))
        if len(text.encode()) > SIZE_LIMIT:
            raise Failure("TooLarge", f"an analysis may have {SIZE_LIMIT} bytes as JSON")
        item = {"key": {"S": key}, "analysis": {"S": text}, "expires_at": {"N": str(now + LIFETIME)}}
        with _typed_failures():
            self._client.put_item(TableName=self._table, Item=item)
        return now + LIFETIME


@contextmanager
def _typed_failures() -> Iterator[None]:
    """Failures of AWS calls as ours: throttling is worth another try, the rest is not."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        throttled = code in ("ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded")
        raise Failure("Throttled" if throttled else "CacheUnavailable", f"DynamoDB: {code}") from error
    except BotoCoreError as error:
        raise Failure("CacheUnavailable", f"DynamoDB: {type(error).__name__}") from error
