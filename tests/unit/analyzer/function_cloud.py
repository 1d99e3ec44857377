"""Stand-ins for the AWS clients of the analyzer function: a table and a bucket in memory."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

TABLE, BUCKET = "cache", "analyses"


def refusal(code: str, operation: str = "Call") -> ClientError:
    """An error of AWS."""
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


class Table:
    """GetItem and PutItem, with the one condition that the function knows."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.error: Exception | None = None

    def get_item(self, *, TableName: str, Key: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        self._called("get", TableName)
        item = self.items.get(Key["key"]["S"])
        return {"Item": item} if item else {}

    def put_item(self, *, TableName: str, Item: dict[str, Any], **condition: Any) -> None:  # noqa: N803
        self._called("put", TableName)
        there = self.items.get(Item["key"]["S"])
        if there and condition:
            assert condition["ConditionExpression"] == "attribute_not_exists(#key) OR expires_at <= :now"
            if int(there["expires_at"]["N"]) > int(condition["ExpressionAttributeValues"][":now"]["N"]):
                raise refusal("ConditionalCheckFailedException", "PutItem")
        self.items[Item["key"]["S"]] = Item

    def _called(self, name: str, table: str) -> None:
        assert table == TABLE
        self.calls.append(name)
        if self.error:
            raise self.error


class Bucket:
    """GetObject and PutObject."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.error: Exception | None = None

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:  # noqa: N803
        assert (Bucket, bool(ContentType)) == (BUCKET, True)
        self.objects[Key] = Body

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket == BUCKET
        if self.error:
            raise self.error
        if Key not in self.objects:
            raise refusal("NoSuchKey", "GetObject")
        data = self.objects[Key]
        return {"ContentLength": len(data), "Body": io.BytesIO(data)}


class Cloud:
    """All of them."""

    def __init__(self) -> None:
        self.table, self.bucket, self.made = Table(), Bucket(), list[str]()

    def client(self, service: str) -> Any:
        """In place of `serving.clients.client`."""
        self.made.append(service)
        return {"dynamodb": self.table, "s3": self.bucket}[service]


def context(seconds: float = 28.0) -> Any:
    """Lambda's context."""
    return SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: int(seconds * 1000))
