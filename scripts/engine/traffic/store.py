"""Who gets the requests of a service: items of the gateway's table say it, reports of its tasks say what holds.

An item is `pk = traffic`, `sk = <service>`. Every change counts `revision` up and touches its own attributes only, so
that maintenance can be switched while somebody shifts. Who shifts writes `holder` and counts `beat` up: when the beat
stands still, the gateway sends everything to the main version again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from scripts.engine.aws import Aws, error_code, translated
from scripts.engine.errors import Superseded
from scripts.engine.items import pack, unpack
from scripts.engine.ledger import actor
from settings import Settings

TRAFFIC, TASKS = "traffic", "gateway-tasks"


@dataclass(frozen=True)
class Traffic:
    """Where the requests of a service go."""

    revision: int = 0
    next: int = 0
    """Weight of the second version, 0 to 100."""
    holder: str = ""
    """Id of the deployment that shifts; empty while nobody does."""
    beat: int = 0
    maintenance: bool = False
    changed: float = 0.0
    """Seconds since the epoch."""
    actor: str = ""


@dataclass(frozen=True)
class TaskReport:
    """What a gateway's task says of traffic."""

    task: str
    traffic: Mapping[str, int] = field(default_factory=dict)
    """Service -> the revision that it enforces."""
    versions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """ECS service -> `requests`, `errors`, `healthy`, `endpoints` and `buckets` since the task's Envoy started."""


class TrafficStore:
    """The traffic items of one target."""

    def __init__(self, aws: Aws, settings: Settings) -> None:
        self.aws, self.table = aws, settings.gateway_table

    def all(self) -> dict[str, Traffic]:
        """Service -> its item, for those that have one."""
        return {row["sk"]: _traffic(row) for row in self._query(TRAFFIC)}

    def read(self, service: str) -> Traffic:
        """What the item says; where there is none, everything goes to the main version."""
        with translated(f"read where the requests of {service} go"):
            answer = self.aws.client("dynamodb").get_item(TableName=self.table, Key=_key(service), ConsistentRead=True)
        return _traffic(unpack(answer["Item"])) if "Item" in answer else Traffic()

    def reports(self) -> list[TaskReport]:
        """What the gateway's tasks say, those that ended among them."""
        return [
            TaskReport(row["sk"], row.get("traffic") or {}, row.get("versions") or {}) for row in self._query(TASKS)
        ]

    def take(self, service: str, holder: str) -> Traffic:
        """Hold the item, whoever had it before: the service's lock is what decides. All goes to the main version."""
        made = self._change(service, {"holder": holder, "next": 0, "beat": 0})
        assert made is not None, "it has no condition"
        return made

    def shift(self, service: str, holder: str, weight: int) -> Traffic:
        """Give the second version that weight; raises Superseded for one who does not hold the item any more."""
        made = self._change(service, {"next": weight}, holder=holder)
        if made is None:
            raise Superseded(f"{service}: another deploy shifts its traffic", where="traffic", remedy="./poe status")
        return made

    def release(self, service: str, holder: str | None = None) -> Traffic | None:
        """Everything to the main version, and nobody holds it; None for one who does not hold it any more."""
        return self._change(service, {"holder": "", "next": 0}, holder=holder)

    def maintain(self, service: str, *, on: bool) -> Traffic:
        """Switch maintenance."""
        made = self._change(service, {"maintenance": on})
        assert made is not None, "it has no condition"
        return made

    def beat(self, service: str, holder: str) -> bool:
        """Say that the holder lives; False for one who does not hold it any more. No change of what is enforced."""
        update = "SET #beat = #beat + :one"
        return self._update(service, update, {"beat": None}, {":one": 1}, holder=holder) is not None

    def _change(self, service: str, values: Mapping[str, Any], *, holder: str | None = None) -> Traffic | None:
        now = {**values, "changed": round(time.time(), 3), "actor": actor()}
        parts = [f"#{name} = :{name}" for name in now]
        update = "SET #revision = if_not_exists(#revision, :zero) + :one, " + ", ".join(parts)
        bound = {":zero": 0, ":one": 1, **{f":{name}": value for name, value in now.items()}}
        return self._update(service, update, {"revision": None, **now}, bound, holder=holder)

    def _update(
        self, service: str, update: str, names: Mapping[str, Any], values: Mapping[str, Any], *, holder: str | None
    ) -> Traffic | None:
        words = {f"#{name}": name for name in names}
        condition: dict[str, Any] = {}
        if holder is not None:
            words["#holder"], condition = "holder", {"ConditionExpression": "#holder = :me"}
            values = {**values, ":me": holder}
        client = self.aws.client("dynamodb")
        with translated(f"say where the requests of {service} go"):
            try:
                answer = client.update_item(
                    TableName=self.table,
                    Key=_key(service),
                    UpdateExpression=update,
                    ExpressionAttributeNames=words,
                    ExpressionAttributeValues=pack(dict(values)),
                    ReturnValues="ALL_NEW",
                    **condition,
                )
            except client.exceptions.ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return None
                raise
        return _traffic(unpack(answer["Attributes"]))

    def _query(self, partition: str) -> list[dict[str, Any]]:
        with translated("read what the gateway says"):
            pages = (
                self.aws.client("dynamodb")
                .get_paginator("query")
                .paginate(
                    TableName=self.table,
                    ConsistentRead=True,
                    KeyConditionExpression="pk = :pk",
                    ExpressionAttributeValues={":pk": {"S": partition}},
                )
            )
            return [unpack(row) for page in pages for row in page["Items"]]


def _key(service: str) -> dict[str, Any]:
    return pack({"pk": TRAFFIC, "sk": service})


def _traffic(row: Mapping[str, Any]) -> Traffic:
    return Traffic(**{one.name: row[one.name] for one in fields(Traffic) if one.name in row})
