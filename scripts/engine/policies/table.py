"""The gateway's table: plain items in and out, every read consistent, every condition answered with yes or no."""

from __future__ import annotations

from typing import Any

from scripts.engine.aws import Aws, error_code, translated
from scripts.engine.items import pack, unpack
from settings import Settings


class Table:
    """The table of one target."""

    def __init__(self, aws: Aws, settings: Settings) -> None:
        self._aws, self._name = aws, settings.gateway_table

    def get(self, partition: str, sort: str) -> dict[str, Any] | None:
        """An item; None where there is none."""
        with translated("read the policies"):
            answer = self._aws.client("dynamodb").get_item(
                TableName=self._name, Key=pack(key(partition, sort)), ConsistentRead=True
            )
        return unpack(answer["Item"]) if "Item" in answer else None

    def query(self, partition: str) -> list[dict[str, Any]]:
        """All items of a partition."""
        asked = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": partition}}}
        with translated("read the policies"):
            pager = self._aws.client("dynamodb").get_paginator("query")
            pages = pager.paginate(TableName=self._name, ConsistentRead=True, **asked)
            return [unpack(row) for page in pages for row in page["Items"]]

    def put(self, item: dict[str, Any], **condition: Any) -> bool:
        """Write an item in DynamoDB's notation; False when the condition does not hold."""
        return self._change("put_item", Item=item, **condition)

    def delete(self, partition: str, sort: str, **condition: Any) -> bool:
        """Remove an item; False when the condition does not hold."""
        return self._change("delete_item", Key=pack(key(partition, sort)), **condition)

    def _change(self, operation: str, **asked: Any) -> bool:
        client = self._aws.client("dynamodb")
        with translated("change the policies"):
            try:
                getattr(client, operation)(TableName=self._name, **asked)
            except client.exceptions.ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True


def key(partition: str, sort: str) -> dict[str, Any]:
    """The key of an item."""
    return {"pk": partition, "sk": sort}


def absent() -> dict[str, Any]:
    """The condition that there is no such item."""
    return {"ConditionExpression": "attribute_not_exists(pk)"}


def unchanged(version: str, changed: float) -> dict[str, Any]:
    """The condition that it is still what was seen."""
    return {
        "ConditionExpression": "version = :seen AND changed = :at",
        "ExpressionAttributeValues": {":seen": {"S": version}, ":at": {"N": str(changed)}},
    }
