"""The gateway's table in memory, with the conditions that the engine uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from scripts.engine.items import pack
from scripts.engine.policies.bundle import Bundle
from scripts.engine.policies.publishing import Publisher
from tests.unit.engine.clouds import Answer, Cloud, Refusal
from tests.unit.engine.projects import project

SETTINGS = project()
FIRST = Bundle("pol-000000000001", "{}", {"a.cedar": "text"}, ("a",), "d1")
SECOND = replace(FIRST, version="pol-000000000002", source_digest="d2")


class Items:
    """A table with the conditions that the store uses."""

    def __init__(self, cloud: Cloud) -> None:
        self.rows: dict[tuple[str, str], Answer] = {}
        self.broken_after: int | None = None
        self.before_put: Callable[[Answer], object] = lambda _: None
        """What somebody else does just before something is written."""
        cloud.answers |= {
            "dynamodb:PutItem": self._put,
            "dynamodb:GetItem": self._get,
            "dynamodb:DeleteItem": self._delete,
            "dynamodb:Query": self._query,
        }

    def _put(self, asked: Answer) -> Answer | Exception:
        self.before_put(asked["Item"])
        if self.broken_after is not None and len(self.rows) >= self.broken_after:
            return Refusal("AccessDeniedException")
        key = asked["Item"]["pk"]["S"], asked["Item"]["sk"]["S"]
        condition, old = asked.get("ConditionExpression", ""), self.rows.get(key)
        values = asked.get("ExpressionAttributeValues", {})
        if "attribute_not_exists" in condition and old:
            return Refusal("ConditionalCheckFailedException")
        if values and (not old or old["version"] != values[":seen"] or old["changed"] != values[":at"]):
            return Refusal("ConditionalCheckFailedException")
        self.rows[key] = asked["Item"]
        return {}

    def _get(self, asked: Answer) -> Answer:
        item = self.rows.get((asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]))
        return {"Item": item} if item else {}

    def _delete(self, asked: Answer) -> Answer | Exception:
        key = asked["Key"]["pk"]["S"], asked["Key"]["sk"]["S"]
        values, old = asked.get("ExpressionAttributeValues", {}), self.rows.get(key)
        if values and (not old or old["version"] != values[":seen"] or old["changed"] != values[":at"]):
            return Refusal("ConditionalCheckFailedException")
        self.rows.pop(key, None)
        return {}

    def _query(self, asked: Answer) -> Answer:
        wanted = asked["ExpressionAttributeValues"][":pk"]
        return {"Items": [item for _, item in sorted(self.rows.items()) if item["pk"] == wanted]}


def report(items: Items, task: str, **facts: Any) -> None:
    """What a task of the gateway wrote."""
    items.rows["gateway-tasks", task] = pack({"pk": "gateway-tasks", "sk": task, **facts})


def publisher(cloud: Cloud, tasks: list[str]) -> Publisher:
    """Publishes where these tasks of the gateway run."""
    cloud.answers["ecs:ListTasks"] = {"taskArns": [f"arn:aws:ecs:x:1:task/c/{task}" for task in tasks]}
    return Publisher(cloud.aws, SETTINGS, "ann", lambda _: False)
