"""The gateway's table as a task sees it: which version is live, what it enforces, and what this task reports.

| item | holds |
|---|---|
| `pk = policies`, `sk = live` | the version to enforce, and when that was decided |
| `pk = policies`, `sk = <version>` | its head: number of parts, sha256 of the whole |
| `pk = policies#<version>`, `sk = <n>` | a part: gzipped JSON with the file for Envoy as `artefact` |
| `pk = gateway-tasks`, `sk = <task>` | what this task enforces, since when, and what is wrong |
"""

from __future__ import annotations

import hashlib
import json
import time
import zlib
from base64 import b64decode
from dataclasses import dataclass
from typing import Any, Protocol

HEADS = "policies"
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
class Report:
    """What this task says."""

    version: str
    applied: float
    error: str = ""


class Store:
    """The table; every read is consistent, so that what was decided is seen."""

    def __init__(self, api: Api, table: str) -> None:
        self._api, self._table = api, table

    def live(self) -> Live | None:
        """What is live; None before the first version is. Raises OSError."""
        row = self._get(HEADS, "live")
        try:
            return Live(row["version"]["S"], row["changed"]["N"]) if row else None
        except (KeyError, TypeError) as error:
            raise OSError(f"the item of the live version cannot be read: {error}") from None

    def artefact(self, version: str) -> str:
        """Text of the file for Envoy; raises Damaged, or OSError when the store does not answer."""
        head = self._get(HEADS, version)
        if head is None:
            raise Damaged("not in the store")
        try:
            count, sha256 = int(head["parts"]["N"]), head["sha256"]["S"]
            parts = [self._get(f"policies#{version}", f"{number:04d}") for number in range(min(count, MOST_PARTS))]
            data = b"".join(b64decode(part["data"]["B"]) for part in parts if part)
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"damaged in the store: {error}") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Damaged("damaged in the store: another sha256")
        return unpacked(data)

    def report(self, task: str, report: Report) -> None:
        """Say what this task enforces; raises OSError."""
        now = time.time()
        item: Item = {
            "pk": {"S": TASKS},
            "sk": {"S": task},
            "version": {"S": report.version},
            "applied": {"N": f"{report.applied:.3f}"},
            "error": {"S": report.error},
            "seen": {"N": f"{now:.3f}"},
            "expires_at": {"N": str(int(now) + KEPT_SECONDS)},
        }
        self._api.call("PutItem", {"TableName": self._table, "Item": item})

    def _get(self, partition: str, sort: str) -> Item | None:
        key = {"pk": {"S": partition}, "sk": {"S": sort}}
        answer = self._api.call("GetItem", {"TableName": self._table, "Key": key, "ConsistentRead": True})
        found: Item | None = answer.get("Item")
        return found


def unpacked(data: bytes) -> str:
    """The file for Envoy out of a packed version; raises Damaged."""
    try:
        unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        text = unzip.decompress(data, LARGEST)
        if not unzip.eof:
            raise Damaged("cut off, or too large")
        artefact = json.loads(text)["artefact"]
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"cannot be unpacked: {error}") from None
    if not isinstance(artefact, str):
        raise Damaged("has no file for Envoy")
    return artefact
