"""Reads what the ledger remembers: by target, by service, by verdict, each a query of one index (docs/ledger.md)."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator, Mapping
from itertools import islice, takewhile
from typing import Any

from scripts.engine.aws import Aws, translated
from scripts.engine.events import Event
from scripts.engine.items import unpack
from scripts.engine.lease import Lease, Standing, read_lease
from scripts.engine.ledger import DETAILS, ID_TIME
from scripts.engine.model import Verdict
from scripts.engine.versions import GOOD
from settings import Settings

RUNNING = "running"
"""What stands in the record of a deployment until it ends."""
LOST = "its process ended without a word: it was killed, or its machine was lost"
PAGE = 1000
"""Rows that one answer may hold; DynamoDB also ends it at 1 MB."""


def history(
    aws: Aws, settings: Settings, *, service: str | None = None, verdict: str | None = None, limit: int = 20
) -> list[Event]:
    """Summaries of the newest deployments, newest first; of one service, with its verdict, where one is named."""
    found = [query(aws, settings, key, page=limit) for key in _keys(settings, service, verdict)]
    rows = heapq.merge(*found, key=lambda row: str(row["id"]), reverse=True)
    seen = map(Witness(aws, settings).seen, rows)
    right = (row for row in seen if verdict is None or verdict_for(row, service) == verdict)
    return [{key: row[key] for key in row if key not in DETAILS} for row in islice(right, limit)]


def verdict_for(row: Mapping[str, Any], service: str | None) -> str:
    """How the deployment ended, for one of its services where one is named."""
    return str(row["services"][service]["verdict"] if service else row["verdict"])


def good_records(aws: Aws, settings: Settings, service: str, limit: int) -> list[Event]:
    """Summaries of the newest deployments in which the service was good, newest first; so many of each verdict."""
    keys = [f"service#{settings.target.name}#{service}#{verdict}" for verdict in GOOD]
    rows = [row for key in keys for row in islice(query(aws, settings, key, page=limit), limit)]
    return sorted(rows, key=lambda row: str(row["id"]), reverse=True)


def newest_live(aws: Aws, settings: Settings, service: str) -> Event | None:
    """Summary of the newest deployment that brought the service live."""
    key = f"service#{settings.target.name}#{service}#{Verdict.LIVE}"
    return next(query(aws, settings, key, page=1), None)


def query(aws: Aws, settings: Settings, key: str, *, page: int = PAGE) -> Iterator[Event]:
    """Rows of one key of the index, newest first, read page by page as they are asked for."""
    with translated("read the ledger"):
        pages = (
            aws.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=settings.ledger_table,
                IndexName="by_target",
                ScanIndexForward=False,
                KeyConditionExpression="gsi1pk = :key",
                ExpressionAttributeValues={":key": {"S": key}},
                PaginationConfig={"PageSize": min(page, PAGE)},
            )
        )
        for answer in pages:
            for row in answer["Items"]:
                yield {"id": row["gsi1sk"]["S"], **unpack(row)["data"]}


def records_since(aws: Aws, settings: Settings, moment: float) -> list[Event]:
    """The whole records of all deployments of the target since then (Unix time), newest first."""
    first = time.strftime(ID_TIME, time.gmtime(moment))
    rows = query(aws, settings, f"target#{settings.target.name}")
    return list(map(Witness(aws, settings).seen, takewhile(lambda row: row["id"] >= first, rows)))


def read_deployment(aws: Aws, settings: Settings, deployment: str) -> Event | None:
    """The whole record of a deployment; None where there is none of that id."""
    head = _read_head(aws, settings, deployment)
    return Witness(aws, settings).seen(head) if head else None


def read_events(aws: Aws, settings: Settings, deployment: str) -> list[Event]:
    """Its events in their order, as they were written while it went on."""
    with translated("read the ledger"):
        pages = (
            aws.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=settings.ledger_table,
                ConsistentRead=True,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :event)",
                ExpressionAttributeValues={":pk": {"S": f"deployment#{deployment}"}, ":event": {"S": "event#"}},
            )
        )
        return [unpack(row)["data"] for answer in pages for row in answer["Items"]]


class Witness:
    """Says of records that stand at `running` whether that is so; asks for the lock of a service once."""

    def __init__(self, aws: Aws, settings: Settings) -> None:
        self._aws, self._settings = aws, settings
        self._leases: dict[str, Lease] = {}

    def seen(self, row: Event) -> Event:
        """The record; `running` without a lease that is held means that nobody is there any more to end it."""
        if row["verdict"] != RUNNING:
            return row
        names = [name for name, own in row["services"].items() if own.get("verdict", RUNNING) == RUNNING]
        if any(self._holds(name, row["id"]) for name in names):
            return row
        # It may have ended between the two looks; and the index lags behind.
        head = _read_head(self._aws, self._settings, row["id"])
        if head and head["verdict"] != RUNNING:
            return {**head, "services": {name: head["services"][name] for name in row["services"]}}
        services = {
            name: {**own, "verdict": str(Verdict.STOPPED)} if name in names else own
            for name, own in row["services"].items()
        }
        return {**row, "verdict": str(Verdict.STOPPED), "lost": True, "error": LOST, "services": services}

    def _holds(self, service: str, deployment: str) -> bool:
        """Whether that deployment holds the lock of the service now, as far as can be known from here."""
        if service not in self._leases:
            self._leases[service] = read_lease(self._aws, self._settings, service)
        lease, now = self._leases[service], time.time()
        return lease.deployment == deployment and lease.until > now and lease.standing(now) is not Standing.FREE


def _read_head(aws: Aws, settings: Settings, deployment: str) -> Event | None:
    key = {"pk": {"S": f"deployment#{deployment}"}, "sk": {"S": "head"}}
    with translated("read the ledger"):
        answer = aws.client("dynamodb").get_item(TableName=settings.ledger_table, Key=key, ConsistentRead=True)
    return {"id": deployment, **unpack(answer["Item"])["data"]} if "Item" in answer else None


def _keys(settings: Settings, service: str | None, verdict: str | None) -> list[str]:
    """The keys of the index under which the wanted records are; one that is `running` may turn out to be stopped."""
    target = settings.target.name
    base = f"service#{target}#{service}" if service else f"verdict#{target}"
    if verdict is None:
        return [base if service else f"target#{target}"]
    stored = (verdict, RUNNING) if verdict == Verdict.STOPPED else (verdict,)
    return [f"{base}#{value}" for value in stored]
