"""Versions of the policies in the gateway's table: immutable, complete or absent, one of them live.

| item | holds |
|---|---|
| `pk = policies#<version>`, `sk = <n>` | a part of the packed version; written first |
| `pk = policies`, `sk = <version>` | its head: parts, sha256, who and when; a version without head does not exist |
| `pk = policies`, `sk = live` | the version that gateways enforce, and the one before; changed on a condition, last |
| `pk = gateway-tasks`, `sk = <task id>` | what a gateway's task reports that it enforces |
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from scripts.engine.aws import Aws, error_code, translated
from scripts.engine.errors import BadInput, Failed, Refused
from scripts.engine.items import pack, unpack
from scripts.engine.policies.bundle import Bundle, unpacked
from settings import Settings

PART = 350_000
"""Bytes of a part; an item of DynamoDB holds 400 KB."""
HEADS = "policies"
LIVE = "live"
TASKS = "gateway-tasks"
KEPT = 20
"""Versions that pruning keeps besides the live one and the one before."""


@dataclass(frozen=True)
class Head:
    """A stored version."""

    version: str
    parts: int
    sha256: str
    created: float
    actor: str
    source_digest: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Live:
    """Which version is enforced."""

    version: str
    previous: str | None
    changed: float
    actor: str
    source_digest: str


@dataclass(frozen=True)
class Report:
    """What a gateway's task says."""

    task: str
    version: str
    applied: float
    error: str


class PolicyStore:
    """The gateway's table of one target."""

    def __init__(self, aws: Aws, settings: Settings) -> None:
        self.aws, self.table = aws, settings.gateway_table

    def live(self) -> Live | None:
        """What is live; None before the first version is."""
        row = self._get(HEADS, LIVE)
        if row is None:
            return None
        return Live(row["version"], row.get("previous"), row["changed"], row["actor"], row.get("source_digest", ""))

    def heads(self) -> list[Head]:
        """All versions, newest first."""
        rows = [row for row in self._query(HEADS) if row["sk"] != LIVE]
        return sorted((_head(row) for row in rows), key=lambda head: (head.created, head.version), reverse=True)

    def reports(self) -> list[Report]:
        """What the gateway's tasks say that they enforce."""
        rows = self._query(TASKS)
        return [
            Report(row["sk"], row.get("version", ""), row.get("applied", 0.0), row.get("error", "")) for row in rows
        ]

    def head(self, version: str) -> Head | None:
        """A version, where it is stored completely."""
        row = self._get(HEADS, version)
        return _head(row) if row else None

    def read(self, version: str) -> Bundle:
        """A whole version; raises BadInput when it is not there, Failed when it is damaged."""
        head = self.head(version)
        if head is None:
            raise BadInput(f"there is no version {version}", where="policies", remedy="./poe policies lists them")
        data = b"".join(self._part(version, number) for number in range(head.parts))
        if hashlib.sha256(data).hexdigest() != head.sha256:
            raise Failed(f"version {version} is damaged in the store", where="policies", remedy="./poe load-policies")
        return unpacked(version, head.source_digest, data)

    def upload(self, bundle: Bundle, actor: str) -> bool:
        """Store a version; False when it is there already. Killed half-way it leaves parts that nobody sees."""
        if self.head(bundle.version):
            return False
        data = bundle.packed()
        parts = [data[at : at + PART] for at in range(0, len(data), PART)]
        for number, part in enumerate(parts):
            self._put({**pack(_key(f"policies#{bundle.version}", f"{number:04d}")), "data": {"B": part}})
        head = {
            **_key(HEADS, bundle.version),
            "parts": len(parts),
            "sha256": hashlib.sha256(data).hexdigest(),
            "created": round(time.time(), 3),
            "actor": actor,
            "source_digest": bundle.source_digest,
            "ids": list(bundle.ids),
        }
        return self._put(pack(head), ConditionExpression="attribute_not_exists(pk)")

    def flip(self, head: Head, actor: str, expected: Live | None, source_digest: str | None = None) -> Live:
        """Make a stored version live, if what is live is still what was seen; raises Refused otherwise."""
        now = Live(
            version=head.version,
            previous=expected.version if expected else None,
            changed=round(time.time(), 3),
            actor=actor,
            source_digest=source_digest or head.source_digest,
        )
        item = pack({**_key(HEADS, LIVE), **now.__dict__})
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if expected:
            values = {":seen": {"S": expected.version}, ":at": {"N": str(expected.changed)}}
            condition = {
                "ConditionExpression": "version = :seen AND changed = :at",
                "ExpressionAttributeValues": values,
            }
        if not self._put(item, **condition):
            raise Refused(
                "somebody else made policies live meanwhile",
                where="policies",
                remedy="./poe policies shows which; run the command again if yours are still wanted",
            )
        return now

    def prune(self, live: Live | None) -> list[str]:
        """Remove all but the newest versions, the live one and the one before it; returns what went."""
        kept = {live.version, live.previous} if live else set()
        old = [head for head in self.heads()[KEPT:] if head.version not in kept]
        for head in old:
            self._delete(HEADS, head.version)
            for number in range(head.parts):
                self._delete(f"policies#{head.version}", f"{number:04d}")
        return [head.version for head in old]

    def _part(self, version: str, number: int) -> bytes:
        with translated("read the policies"):
            answer = self.aws.client("dynamodb").get_item(
                TableName=self.table, Key=pack(_key(f"policies#{version}", f"{number:04d}")), ConsistentRead=True
            )
        return bytes(answer["Item"]["data"]["B"]) if "Item" in answer else b""

    def _get(self, partition: str, sort: str) -> dict[str, Any] | None:
        with translated("read the policies"):
            answer = self.aws.client("dynamodb").get_item(
                TableName=self.table, Key=pack(_key(partition, sort)), ConsistentRead=True
            )
        return unpack(answer["Item"]) if "Item" in answer else None

    def _query(self, partition: str) -> list[dict[str, Any]]:
        with translated("read the policies"):
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

    def _put(self, item: dict[str, Any], **condition: Any) -> bool:
        client = self.aws.client("dynamodb")
        with translated("write the policies"):
            try:
                client.put_item(TableName=self.table, Item=item, **condition)
            except client.exceptions.ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True

    def _delete(self, partition: str, sort: str) -> None:
        with translated("remove old policies"):
            self.aws.client("dynamodb").delete_item(TableName=self.table, Key=pack(_key(partition, sort)))


def _key(partition: str, sort: str) -> dict[str, Any]:
    return {"pk": partition, "sk": sort}


def _head(row: dict[str, Any]) -> Head:
    return Head(
        version=row["sk"],
        parts=row["parts"],
        sha256=row["sha256"],
        created=row["created"],
        actor=row["actor"],
        source_digest=row["source_digest"],
        ids=tuple(row["ids"]),
    )
