"""What a target remembers: every deployment with its stages.

One DynamoDB table. Items of a deployment: `pk = deployment#<id>`, `sk = head` (its record) and `sk = event#<n>`.
Beside the head lie entries with a summary of it, so that one index answers three questions in the order of time:
which deployments a target had, which a service had, which of them ended with a verdict (docs/ledger.md). Head and
entries are written in one transaction. Locks lie in the same table (lock.py); history.py reads.
"""

from __future__ import annotations

import calendar
import getpass
import os
import secrets
import socket
import time

from scripts.engine.aws import Aws, translated
from scripts.engine.events import Event
from scripts.engine.items import pack
from settings import Settings

ID_TIME = "%Y%m%dT%H%M%SZ"
"""The time in an id."""
ID_LENGTH = 16
"""Characters of it."""
TRANSACTION = 100
"""Items in one transaction, at most. Source: TransactWriteItems API reference."""
DETAILS = ("stages", "evidence", "digests", "settling")
"""What only the head has; a summary does without."""


def new_id(now: float, *, after: str = "") -> str:
    """A deployment id that sorts by time: UTC second and six random hex digits.

    It sorts behind `after`, an id that came before, whatever our clock says.
    """
    if time.strftime(ID_TIME, time.gmtime(now)) <= after[:ID_LENGTH]:
        now = calendar.timegm(time.strptime(after[:ID_LENGTH], ID_TIME)) + 1
    return time.strftime(ID_TIME, time.gmtime(now)) + "-" + secrets.token_hex(3)


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

    def open(self, facts: Event) -> None:
        """Write the head and its entries; a killed deploy leaves them with `verdict = running`."""
        self._record({**facts, "verdict": "running"})

    def close(self, facts: Event) -> None:
        """Write the final head and its entries."""
        self._record(facts)

    def event(self, event: Event, number: int) -> None:
        """Write one event."""
        self._write({"pk": f"deployment#{self.id}", "sk": f"event#{number:05d}", "data": event, **self._expiry})

    def _record(self, facts: Event) -> None:
        items = [{"Put": {"TableName": self.settings.ledger_table, "Item": pack(item)}} for item in self._items(facts)]
        client = self.aws.client("dynamodb")
        with translated("write to the ledger"):
            for at in range(0, len(items), TRANSACTION):
                client.transact_write_items(TransactItems=items[at : at + TRANSACTION])

    @property
    def _expiry(self) -> dict[str, int]:
        return expiry(self.settings)

    def _items(self, facts: Event) -> list[Event]:
        target, verdict = self.settings.target.name, facts["verdict"]
        summary = {key: value for key, value in facts.items() if key not in DETAILS}
        rows = [
            self._item("head", f"target#{target}", facts),
            self._item("verdict", f"verdict#{target}#{verdict}", summary),
        ]
        for service, row in facts.get("services", {}).items():
            key, own = f"service#{target}#{service}", {**summary, "services": {service: row}}
            rows.append(self._item(f"service#{service}", key, own))
            rows.append(self._item(f"service#{service}#verdict", f"{key}#{row['verdict']}", own))
        return rows

    def _item(self, sort_key: str, index_key: str, data: Event) -> Event:
        return {
            "pk": f"deployment#{self.id}",
            "sk": sort_key,
            "gsi1pk": index_key,
            "gsi1sk": self.id,
            "data": data,
            **self._expiry,
        }

    def _write(self, item: Event) -> None:
        with translated("write to the ledger"):
            self.aws.client("dynamodb").put_item(TableName=self.settings.ledger_table, Item=pack(item))


def expiry(settings: Settings) -> dict[str, int]:
    """When the table's time to live removes an item that is written now."""
    return {"expires_at": int(time.time()) + settings.target.ledger_retention_days * 86_400}
