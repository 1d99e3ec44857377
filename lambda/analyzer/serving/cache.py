"""The analysis cache: items of a DynamoDB table that expire, the largest documents beside it in S3.

docs/analyzer-lambda.md has the layout of an item. A cache that fails is no reason to fail a request: the caller tells
it in the log and computes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LIFETIME = 30 * 24 * 3600
"""Seconds an item is kept."""
ITEM_LIMIT = 390_000
"""Bytes of a document that stays in its item; DynamoDB takes 400 KB an item with names and key.

Source: DynamoDB developer guide, "Service quotas", items.
"""
DOCUMENTS = "documents/"
"""Prefix of larger documents; the bucket's lifecycle rule keeps them a day longer than their items."""
ABSENT = "attribute_not_exists(#key) OR expires_at <= :now"


@dataclass(frozen=True, slots=True)
class Cache:
    """One table and one bucket; `dynamodb` and `s3` answer boto clients, made when first asked for."""

    table: str
    bucket: str
    dynamodb: Callable[[], Any]
    s3: Callable[[], Any]

    def document(self, key: str, *, now: int) -> str | None:
        """The document under a key, None when there is none or it has expired."""
        item = self._item(key, now)
        if item is None:
            return None
        if "object" in item:
            return self._stored(item["object"]["S"])
        return str(item["document"]["S"]) if "document" in item else None

    def keep(self, key: str, document: str, *, now: int, refresh: bool = False) -> None:
        """Store a document; one that is there stays unless it has expired or is to be refreshed."""
        if len(document.encode()) <= ITEM_LIMIT:
            self._put({"key": {"S": key}, "document": {"S": document}}, now, refresh=refresh)
            return
        name = f"{DOCUMENTS}{key}.json"
        self.s3().put_object(Bucket=self.bucket, Key=name, Body=document.encode(), ContentType="application/json")
        self._put({"key": {"S": key}, "object": {"S": name}}, now, refresh=refresh)

    def reference(self, key: str, *, now: int) -> str | None:
        """The key of the document that a reference such as a repository's commit leads to."""
        item = self._item(key, now)
        return str(item["leads_to"]["S"]) if item and "leads_to" in item else None

    def refer(self, key: str, document_key: str, *, now: int) -> None:
        """Note where a reference leads."""
        self._put({"key": {"S": key}, "leads_to": {"S": document_key}}, now, refresh=True)

    def _item(self, key: str, now: int) -> dict[str, Any] | None:
        """An item that has not expired: DynamoDB deletes within days, not at once.

        Source: DynamoDB developer guide, "Time to Live".
        """
        item: dict[str, Any] | None = (
            self.dynamodb().get_item(TableName=self.table, Key={"key": {"S": key}}).get("Item")
        )
        return item if item and int(item["expires_at"]["N"]) > now else None

    def _put(self, item: dict[str, Any], now: int, *, refresh: bool) -> None:
        """Put the item unless a valid one is there: who came first has stored the same."""
        from botocore.exceptions import ClientError

        condition = {
            "ConditionExpression": ABSENT,
            "ExpressionAttributeNames": {"#key": "key"},
            "ExpressionAttributeValues": {":now": {"N": str(now)}},
        }
        full = {**item, "expires_at": {"N": str(now + LIFETIME)}}
        try:
            self.dynamodb().put_item(TableName=self.table, Item=full, **({} if refresh else condition))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def _stored(self, name: str) -> str | None:
        """A document in S3; None when it is gone before its item."""
        from botocore.exceptions import ClientError

        try:
            found = self.s3().get_object(Bucket=self.bucket, Key=name)
            return bytes(found["Body"].read()).decode()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "AccessDenied"):
                return None
            raise
