"""The ledger's table below the SDK: keeps what is put and answers keys and queries as DynamoDB does."""

from __future__ import annotations

from typing import Any

from scripts.engine.items import pack, unpack
from tests.unit.engine.clouds import Answer, Cloud, Refusal


class Table:
    """Items by key; conditions know what the lock asks for."""

    def __init__(self, cloud: Cloud) -> None:
        self.items: dict[tuple[str, str], Answer] = {}
        cloud.answers |= {
            "dynamodb:PutItem": self._put,
            "dynamodb:TransactWriteItems": self._transact,
            "dynamodb:GetItem": self._get,
            "dynamodb:DeleteItem": self._delete,
            "dynamodb:Query": self._query,
        }

    def rows(self, sort_key: str) -> list[dict[str, Any]]:
        """Items with that sort key, oldest first, as plain values."""
        return [unpack(item) for key, item in sorted(self.items.items()) if key[1] == sort_key]

    def hold(self, service: str, deployment: str, until: float) -> None:
        """Somebody on another machine holds the lock of a service."""
        holder = {"deployment": deployment, "actor": "ann@box", "host": "box", "process": "1 1", "until": until}
        self._store(pack({"pk": f"lock#{service}", "sk": "lock", **holder}))

    def _store(self, item: Answer) -> None:
        self.items[item["pk"]["S"], item["sk"]["S"]] = item

    def _put(self, asked: Answer) -> Answer | Exception:
        old = self.items.get((asked["Item"]["pk"]["S"], asked["Item"]["sk"]["S"]))
        values = asked.get("ExpressionAttributeValues", {})
        is_others = old and values and old["deployment"] != values[":me"]
        if old and is_others and float(old["until"]["N"]) >= float(values[":now"]["N"]):
            return Refusal("ConditionalCheckFailedException")
        self._store(asked["Item"])
        return {}

    def _transact(self, asked: Answer) -> Answer:
        for row in asked["TransactItems"]:
            self._store(row["Put"]["Item"])
        return {}

    def _get(self, asked: Answer) -> Answer:
        item = self.items.get((asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]))
        return {"Item": item} if item else {}

    def _delete(self, asked: Answer) -> Answer:
        self.items.pop((asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]), None)
        return {}

    def _query(self, asked: Answer) -> Answer:
        values = asked["ExpressionAttributeValues"]
        if "IndexName" not in asked:
            found = [i for k, i in sorted(self.items.items()) if i["pk"] == values[":pk"] and k[1].startswith("event#")]
            return {"Items": found}
        found = [item for item in self.items.values() if item.get("gsi1pk") == values[":key"]]
        found.sort(key=lambda item: str(item["gsi1sk"]["S"]), reverse=True)
        start = found.index(asked["ExclusiveStartKey"]) + 1 if "ExclusiveStartKey" in asked else 0
        page = found[start : start + asked["Limit"]]
        more = {"LastEvaluatedKey": page[-1]} if start + len(page) < len(found) else {}
        return {"Items": page, **more}
