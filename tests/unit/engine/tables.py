"""The ledger's table below the SDK: keeps what is put and answers keys and queries as DynamoDB does."""

from __future__ import annotations

import re
from typing import Any

from scripts.engine.items import pack, unpack
from tests.unit.engine.clouds import Answer, Cloud, Refusal


class Missing:
    """An attribute that an item does not have: no comparison with it holds."""

    def _never(self, other: object) -> bool:
        return False

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _never
    __hash__ = None  # type: ignore[assignment]


def is_missing(value: object) -> bool:
    return isinstance(value, Missing)


def first_that_exists(value: object, other: object) -> object:
    return other if is_missing(value) else value


class Expression:
    """A condition or the right side of an update, evaluated over one item."""

    WORD = re.compile(r"[#:]?\w+")

    def __init__(self, asked: Answer, item: dict[str, Any]) -> None:
        self.names, self.item = asked.get("ExpressionAttributeNames", {}), item
        self.values = unpack(asked.get("ExpressionAttributeValues", {}))

    def __call__(self, text: str) -> Any:
        """Its value."""
        python = self.WORD.sub(self._word, re.sub(r"(?<![<>])=", "==", text))
        functions = {"attribute_not_exists": is_missing, "if_not_exists": first_that_exists}
        return eval(python, {"item": self.item, "values": self.values, "missing": Missing(), **functions})

    def _word(self, match: re.Match[str]) -> str:
        word = match[0]
        if word in ("AND", "OR", "NOT"):
            return word.lower()
        if word.startswith(":"):
            return f"values[{word!r}]"
        if word.startswith("#"):
            return f"item.get({self.names[word]!r}, missing)"
        return word


class Table:
    """Items by key, with DynamoDB's conditions."""

    def __init__(self, cloud: Cloud) -> None:
        self.items: dict[tuple[str, str], Answer] = {}
        cloud.answers |= {
            "dynamodb:PutItem": self._put,
            "dynamodb:UpdateItem": self._update,
            "dynamodb:TransactWriteItems": self._transact,
            "dynamodb:GetItem": self._get,
            "dynamodb:BatchGetItem": self._batch_get,
            "dynamodb:Query": self._query,
        }

    def rows(self, sort_key: str) -> list[dict[str, Any]]:
        """Items with that sort key, oldest first, as plain values."""
        return [unpack(item) for key, item in sorted(self.items.items()) if key[1] == sort_key]

    def hold(self, service: str, deployment: str, until: float, **changes: Any) -> None:
        """Somebody on another machine holds the lock of a service."""
        holder = {"deployment": deployment, "actor": "ann@box", "host": "box", "process": "1 1", "until": until}
        self._store(pack({"pk": f"lock#{service}", "sk": "lock", "fence": 7, "beat": 3, **holder, **changes}))

    def lock(self, service: str) -> dict[str, Any]:
        """The lock's item as plain values; empty where nobody ever took it."""
        return unpack(self.items.get((f"lock#{service}", "lock"), {}))

    def change_lock(self, service: str, **changes: Any) -> None:
        """Somebody else writes to it."""
        self.items[f"lock#{service}", "lock"] |= pack(changes)

    def _store(self, item: Answer) -> None:
        self.items[item["pk"]["S"], item["sk"]["S"]] = item

    def _put(self, asked: Answer) -> Answer:
        self._store(asked["Item"])
        return {}

    def _update(self, asked: Answer) -> Answer | Exception:
        key = asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]
        item = unpack(self.items.get(key, {}))
        evaluate = Expression(asked, item)
        if "ConditionExpression" in asked and not evaluate(asked["ConditionExpression"]):
            return Refusal("ConditionalCheckFailedException", "The conditional request failed")
        sets, _, gone = asked["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
        changes = dict(part.split(" = ") for part in re.split(r", (?=#)", sets))
        names = asked["ExpressionAttributeNames"]
        new = {**item, **unpack(asked["Key"]), **{names[name]: evaluate(text) for name, text in changes.items()}}
        kept = {name: value for name, value in new.items() if name not in [names[n] for n in gone.split(", ") if n]}
        self._store(pack(kept))
        return {"Attributes": pack(kept)}

    def _batch_get(self, asked: Answer) -> Answer:
        ((table, wanted),) = asked["RequestItems"].items()
        found = [self.items.get((key["pk"]["S"], key["sk"]["S"])) for key in wanted["Keys"]]
        return {"Responses": {table: [item for item in found if item]}}

    def _transact(self, asked: Answer) -> Answer:
        for row in asked["TransactItems"]:
            self._store(row["Put"]["Item"])
        return {}

    def _get(self, asked: Answer) -> Answer:
        item = self.items.get((asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]))
        return {"Item": item} if item else {}

    def _query(self, asked: Answer) -> Answer:
        values = asked["ExpressionAttributeValues"]
        if "IndexName" not in asked:
            begin = values.get(":event", {"S": ""})["S"]
            found = [i for k, i in sorted(self.items.items()) if i["pk"] == values[":pk"] and k[1].startswith(begin)]
            return {"Items": found}
        found = [item for item in self.items.values() if item.get("gsi1pk") == values[":key"]]
        found.sort(key=lambda item: str(item["gsi1sk"]["S"]), reverse=True)
        start = found.index(asked["ExclusiveStartKey"]) + 1 if "ExclusiveStartKey" in asked else 0
        page = found[start : start + asked["Limit"]]
        more = {"LastEvaluatedKey": page[-1]} if start + len(page) < len(found) else {}
        return {"Items": page, **more}
