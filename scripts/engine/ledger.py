"""What a target remembers: every deployment with its stages.

One DynamoDB table. Items of a deployment: `pk = deployment#<id>`, `sk = head` (its record) and `sk = event#<n>`;
the head is also found by `gsi1pk = target#<name>`, `gsi1sk = <id>` in time order.
Locks lie in the same table (lock.py).
"""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import time

from scripts.engine.aws import Aws, translated
from scripts.engine.events import Event
from scripts.engine.items import pack, unpack
from settings import Settings

KEEP_DAYS = 400


def new_id(now: float) -> str:
    """A deployment id that sorts by time: UTC second and six random hex digits."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now)) + "-" + secrets.token_hex(3)


def actor() -> str:
    """Who deploys: the CI system's actor, else user and host."""
    return os.environ.get("GITHUB_ACTOR") or f"{_user()}@{socket.gethostname()}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under an id that has no name
        return f"uid{os.getuid()}"


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
        self._write({"pk": f"deployment#{self.id}", "sk": f"event#{self._count:05d}", "data": event, **expiry()})

    def _head(self, facts: Event) -> Event:
        return {
            "pk": f"deployment#{self.id}",
            "sk": "head",
            "gsi1pk": f"target#{self.settings.target.name}",
            "gsi1sk": self.id,
            "data": facts,
            **expiry(),
        }

    def _write(self, item: Event) -> None:
        with translated("write to the ledger"):
            self.aws.client("dynamodb").put_item(TableName=self.settings.ledger_table, Item=pack(item))


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
    return [{"id": row["gsi1sk"]["S"], **unpack(row)["data"]} for row in rows]


def expiry() -> dict[str, int]:
    return {"expires_at": int(time.time()) + KEEP_DAYS * 86_400}
