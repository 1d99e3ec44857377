"""What a target remembers: every deployment with its stages, and who deploys right now.

One DynamoDB table. Items of a deployment: `pk = deployment#<id>`, `sk = head` (its record) and `sk = event#<n>`;
the head is also found by `gsi1pk = target#<name>`, `gsi1sk = <id>` in time order. A lock: `pk = lock#<service>`,
`sk = lock`, a lease that expires by itself.
"""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scripts.engine.aws import Aws, error_code, translated
from scripts.engine.errors import Refused
from scripts.engine.events import Event
from settings import Settings

LEASE_SECONDS = 60
HEARTBEAT_SECONDS = 15
KEEP_DAYS = 400


def new_id(now: float) -> str:
    """A deployment id that sorts by time: UTC second and six random hex digits."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now)) + "-" + secrets.token_hex(3)


def actor() -> str:
    """Who deploys: the CI system's actor, else user and host."""
    return os.environ.get("GITHUB_ACTOR") or f"{getpass.getuser()}@{socket.gethostname()}"


class Ledger:
    """The record of one deployment, written as it happens."""

    def __init__(self, aws: Aws, settings: Settings, deployment: str) -> None:
        self.aws, self.settings, self.id = aws, settings, deployment
        self._count = 0

    def open(self, facts: Event) -> None:
        """Write the head; a killed deploy leaves it with `verdict = running`."""
        self._write(self._head({**facts, "verdict": "running"}))

    def close(self, facts: Event) -> None:
        """Write the final head."""
        self._write(self._head(facts))

    def event(self, event: Event) -> None:
        """Append one event."""
        self._count += 1
        self._write({"pk": f"deployment#{self.id}", "sk": f"event#{self._count:05d}", "data": event, **_expiry()})

    def _head(self, facts: Event) -> Event:
        return {
            "pk": f"deployment#{self.id}",
            "sk": "head",
            "gsi1pk": f"target#{self.settings.target.name}",
            "gsi1sk": self.id,
            "data": facts,
            **_expiry(),
        }

    def _write(self, item: Event) -> None:
        with translated("write to the ledger"):
            self.aws.client("dynamodb").put_item(TableName=self.settings.ledger_table, Item=_pack(item))


def history(aws: Aws, settings: Settings, limit: int = 20) -> list[Event]:
    """The newest deployments of the target, newest first."""
    with translated("read the ledger"):
        rows = aws.client("dynamodb").query(
            TableName=settings.ledger_table,
            IndexName="by_target",
            ScanIndexForward=False,
            Limit=limit,
            KeyConditionExpression="gsi1pk = :t",
            ExpressionAttributeValues={":t": {"S": f"target#{settings.target.name}"}},
        )["Items"]
    return [{"id": row["gsi1sk"]["S"], **_unpack(row)["data"]} for row in rows]


@dataclass(frozen=True)
class Holder:
    """Who holds a lock."""

    deployment: str
    actor: str
    until: float


class Lock:
    """One deploy per target and service: leases, renewed while the deploy lives, free by themselves after it died."""

    def __init__(self, aws: Aws, settings: Settings, services: Sequence[str], deployment: str) -> None:
        self.aws, self.settings, self.deployment = aws, settings, deployment
        self.services = sorted(services)
        self.lost = threading.Event()
        """Set when another deploy took a lease over; nothing may be changed from then on."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._held: list[str] = []

    def acquire(self) -> None:
        """Take every lease, in one order for all; raises Refused naming the holder."""
        for service in self.services:
            if not self._take(service):
                holder = self._holder(service)
                self.release()
                who = (
                    f"{holder.actor} ({holder.deployment}), until {_clock(holder.until)} UTC"
                    if holder
                    else "another deploy"
                )
                raise Refused(
                    f"{service} is being deployed by {who}",
                    where="lock",
                    remedy="wait until it ends, then run the command again",
                )
            self._held.append(service)
        self._thread = threading.Thread(target=self._beat, daemon=True, name="slipway-lease")
        self._thread.start()

    def release(self) -> None:
        """Give the leases back."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        client = self.aws.client("dynamodb")
        for service in self._held:
            try:
                client.delete_item(
                    TableName=self.settings.ledger_table,
                    Key=_key(service),
                    ConditionExpression="deployment = :me",
                    ExpressionAttributeValues={":me": {"S": self.deployment}},
                )
            except client.exceptions.ClientError:
                continue  # expired and taken over: not ours to delete
        self._held.clear()

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            for service in list(self._held):
                if not self._take(service):
                    self.lost.set()

    def _take(self, service: str) -> bool:
        now = time.time()
        item = {
            **_key(service),
            **_pack(
                {"deployment": self.deployment, "actor": actor(), "until": round(now + LEASE_SECONDS, 3), **_expiry()}
            ),
        }
        client = self.aws.client("dynamodb")
        with translated("take the deploy lock"):
            try:
                client.put_item(
                    TableName=self.settings.ledger_table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk) OR deployment = :me OR #until < :now",
                    ExpressionAttributeNames={"#until": "until"},
                    ExpressionAttributeValues={":me": {"S": self.deployment}, ":now": {"N": str(round(now, 3))}},
                )
            except client.exceptions.ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    return False
                raise
        return True

    def _holder(self, service: str) -> Holder | None:
        with translated("read the deploy lock"):
            answer = self.aws.client("dynamodb").get_item(
                TableName=self.settings.ledger_table, Key=_key(service), ConsistentRead=True
            )
        if "Item" not in answer:
            return None
        row = _unpack(answer["Item"])
        return Holder(row["deployment"], row["actor"], float(row["until"]))


def _key(service: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"lock#{service}"}, "sk": {"S": "lock"}}


def _expiry() -> dict[str, int]:
    return {"expires_at": int(time.time()) + KEEP_DAYS * 86_400}


def _clock(moment: float) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(moment))


def _pack(item: Event) -> dict[str, Any]:
    return {key: _value(value) for key, value in item.items() if value is not None}


def _value(value: Any) -> dict[str, Any]:
    """A plain value in DynamoDB's own notation; boto3's serializer refuses floats."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, float, Decimal)):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, dict):
        return {"M": {str(key): _value(part) for key, part in value.items() if part is not None}}
    if isinstance(value, Iterable):
        return {"L": [_value(part) for part in value if part is not None]}
    return {"S": str(value)}


def _unpack(row: dict[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in row.items()}


def _plain(value: dict[str, Any]) -> Any:
    kind, inner = next(iter(value.items()))
    if kind == "N":
        return float(inner) if "." in inner or "e" in inner.lower() else int(inner)
    if kind == "M":
        return {key: _plain(part) for key, part in inner.items()}
    if kind == "L":
        return [_plain(part) for part in inner]
    return inner
