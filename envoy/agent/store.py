"""The gateway's table as a task sees it: which version is live, what it enforces, and what this task reports.

| item | holds |
|---|---|
| `pk = policies`, `sk = live` | the version to enforce, and when that was decided |
| `pk = policies`, `sk = shadow` | the version that is only tried beside it, likewise |
| `pk = policies`, `sk = <version>` | its head: number of parts, sha256 of the whole |
| `pk = policies#<version>#<sha256>`, `sk = <n>` | a part: gzipped JSON with the file for Envoy as `artefact` |
| `pk = traffic`, `sk = <service>` | a second version's share of its requests, and its maintenance |
| `pk = gateway-tasks`, `sk = <task>` | what this task enforces, since when, and what is wrong |
"""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from agent import items
from agent.reading import document, is_text
from agent.server_time import ServerTime

HEADS = "policies"
TRAFFIC = "traffic"
TASKS = "gateway-tasks"
LARGEST = 64_000_000
"""Bytes of an unpacked version: more does not fit beside Envoy."""
MOST_PARTS = 100
KEPT_SECONDS = 3600
"""A report vanishes that long after the last one."""

Item = dict[str, dict[str, Any]]


class Api(Protocol):
    """Who answers calls of DynamoDB."""

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The answer; raises OSError."""


class Damaged(ValueError):
    """A version that is not whole, or not what it says."""


@dataclass(frozen=True)
class Live:
    """What is to be enforced."""

    version: str
    changed: str
    """When that was decided; another decision for the same version is another one."""


@dataclass(frozen=True)
class Wanted:
    """What the table wants, in one look."""

    live: Live | None
    """None before the first version is live."""
    shadow: Live | None


class Store:
    """The table; every read is consistent, so that what was decided is seen."""

    def __init__(self, api: Api, table: str, server_time: ServerTime | None = None) -> None:
        self._api, self._table = api, table
        self._time = server_time or ServerTime()

    def wanted(self) -> Wanted:
        """What is live, and what is tried beside it. Raises OSError."""
        keys = [_key(HEADS, name) for name in ("live", "shadow")]
        request = {"RequestItems": {self._table: {"Keys": keys, "ConsistentRead": True}}}
        answer = self._api.call("BatchGetItem", request)
        if answer.get("UnprocessedKeys"):
            raise OSError("BatchGetItem: the table is busy")
        try:
            rows = {row["sk"]["S"]: row for row in answer["Responses"][self._table]}
            return Wanted(_live(rows.get("live")), _candidate(rows.get("shadow")))
        except (KeyError, TypeError, AttributeError) as error:
            raise OSError(f"the items of wanted versions cannot be read: {type(error).__name__} {error}") from None

    def traffic(self) -> list[Item]:
        """The items of services whose traffic is anything but usual. Raises OSError."""
        request = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": TRAFFIC}},
            "ConsistentRead": True,
        }
        page = self._api.call("Query", request)
        found = _rows(page)
        while start := page.get("LastEvaluatedKey"):
            page = self._api.call("Query", {**request, "ExclusiveStartKey": start})
            found += _rows(page)
        return found

    def artefact(self, version: str) -> str:
        """Text of the file for Envoy; raises Damaged, or OSError when the store does not answer."""
        head = self._get(HEADS, version)
        if head is None:
            raise Damaged("not in the store")
        try:
            count, sha256 = int(head["parts"]["N"]), head["sha256"]["S"]
            partition = f"policies#{version}#{sha256[:12]}"
            parts = [self._get(partition, f"{number:04d}") for number in range(min(count, MOST_PARTS))]
            data = b"".join(b64decode(part["data"]["B"]) for part in parts if part)
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"damaged in the store: {error}") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Damaged("damaged in the store: another sha256")
        return unpacked(data)

    def report(self, task: str, facts: Mapping[str, Any]) -> None:
        """Say what this task enforces; raises OSError."""
        now = self._time.now()
        row = {"pk": TASKS, "sk": task, **facts, "seen": round(now, 3), "expires_at": int(now) + KEPT_SECONDS}
        self._api.call("PutItem", {"TableName": self._table, "Item": items.packed(row)})

    def _get(self, partition: str, sort: str) -> Item | None:
        request = {"TableName": self._table, "Key": _key(partition, sort), "ConsistentRead": True}
        answer = self._api.call("GetItem", request)
        found: Item | None = answer.get("Item")
        return found


def _key(partition: str, sort: str) -> Item:
    return {"pk": {"S": partition}, "sk": {"S": sort}}


def _rows(page: dict[str, Any]) -> list[Item]:
    """Of an answer of Query, which has this list even when it is empty."""
    rows = page.get("Items")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise OSError("Query: an answer without items")
    return rows


def _live(row: Item | None) -> Live | None:
    return Live(row["version"]["S"], row["changed"]["N"]) if row else None


def _candidate(row: Item | None) -> Live | None:
    """What only is tried; unreadable, it is not, and holds nothing else up."""
    try:
        return _live(row)
    except (KeyError, TypeError, AttributeError):
        return None


def unpacked(data: bytes) -> str:
    """The file for Envoy out of a packed version; raises Damaged."""
    try:
        unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        text = unzip.decompress(data, LARGEST)
        if not unzip.eof:
            raise Damaged("cut off, or too large")
        artefact = document(text)["artefact"]
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"cannot be unpacked: {error}") from None
    if not isinstance(artefact, str) or not is_text(artefact):
        raise Damaged("has no file for Envoy")
    return artefact
