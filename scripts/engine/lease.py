"""The item of a lock in the ledger's table: who holds it, until when, and the number that tells holders apart.

`pk = lock#<service>`, `sk = lock`. The item stays when the lock is given back (`until` is 0), so that `fence` counts up
at every new holder and never starts again. `beat` counts up at every renewal: whoever doubts a clock watches it
(docs/locks.md). A lock that a person took has no beat. `commit` is the newest commit that became live under it.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scripts.engine.aws import Aws, error_code, translated
from scripts.engine.items import pack, unpack
from scripts.engine.ledger import actor
from scripts.engine.processes import is_dead, this_process
from settings import Settings

LEASE_SECONDS = 30
LONG_PAST_SECONDS = 600
"""A lease that ended so long ago is free whatever the clocks say: no two clocks differ by as much."""
KEYS = 100
"""Items that one BatchGetItem takes. Source: BatchGetItem API reference."""


class Standing(StrEnum):
    """What a lease's `until` says to our clock."""

    FREE = "free"
    HELD = "held"
    UNCLEAR = "unclear"
    """Over, or further ahead than a lease can be: dead or alive, or one of the clocks is wrong."""


@dataclass(frozen=True)
class Lease:
    """The lock of one service as it was read."""

    service: str
    deployment: str = ""
    actor: str = ""
    host: str = ""
    process: str = ""
    reason: str = ""
    fence: int = 0
    beat: int | None = None
    since: float = 0.0
    until: float = 0.0
    superseded_by: str = ""
    """Who asked its holder to end."""
    commit: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_manual(self) -> bool:
        """Whether a person took it."""
        return self.beat is None

    def standing(self, now: float) -> Standing:
        """Whether somebody holds it, as far as one look can tell."""
        left = self.until - now
        if self.until <= 0 or is_dead(self.host, self.process) or left < -LONG_PAST_SECONDS:
            return Standing.FREE
        if self.is_manual:
            return Standing.HELD if left > 0 else Standing.FREE
        return Standing.HELD if 0 < left <= LEASE_SECONDS else Standing.UNCLEAR


@dataclass(frozen=True)
class Claim:
    """What a new holder writes about itself."""

    deployment: str
    reason: str = ""
    seconds: float = LEASE_SECONDS
    is_manual: bool = False


def read_leases(aws: Aws, settings: Settings, services: Sequence[str]) -> dict[str, Lease]:
    """The locks of these services, read consistently; one that nobody ever took is empty."""
    found = {service: Lease(service) for service in services}
    client = aws.client("dynamodb")
    with translated("read the deploy lock"):
        for at in range(0, len(services), KEYS):
            keys = [_key(service) for service in services[at : at + KEYS]]
            asked: dict[str, Any] = {settings.ledger_table: {"Keys": keys, "ConsistentRead": True}}
            while asked:
                answer = client.batch_get_item(RequestItems=asked)
                for item in answer.get("Responses", {}).get(settings.ledger_table, []):
                    lease = _lease(item)
                    found[lease.service] = lease
                asked = answer.get("UnprocessedKeys", {})
    return found


def read_lease(aws: Aws, settings: Settings, service: str) -> Lease:
    """The lock of one service, read consistently."""
    with translated("read the deploy lock"):
        answer = aws.client("dynamodb").get_item(
            TableName=settings.ledger_table, Key=_key(service), ConsistentRead=True
        )
    return _lease(answer["Item"]) if "Item" in answer else Lease(service)


def take(aws: Aws, settings: Settings, service: str, claim: Claim, *, seen: Lease | None = None) -> Lease | None:
    """Become the holder: of a lock that is free, or of the one that was `seen` if it is still the same.

    None when somebody else holds it.
    """
    now = time.time()
    values: dict[str, Any] = {
        "deployment": claim.deployment,
        "actor": actor(),
        "host": socket.gethostname(),
        "process": "" if claim.is_manual else this_process(),
        "reason": claim.reason,
        "since": round(now, 3),
        "until": round(now + claim.seconds, 3),
        **({} if claim.is_manual else {"beat": 0}),
    }
    # Ids sort by time: a holder's is newer than those of all before, though their clocks may be ahead of ours.
    condition = "attribute_not_exists(#pk) OR (#until <= :none AND #deployment < :deployment)"
    compared: dict[str, Any] = {"none": 0}
    if seen is not None:
        # Whoever is alive has changed one of the two since it was seen.
        condition = " AND ".join(f"(#{n} = :{n}_seen OR attribute_not_exists(#{n}))" for n in ("fence", "beat"))
        compared = {"fence_seen": seen.fence, "beat_seen": seen.beat or 0}
    gone = ("superseded_by", "expires_at", *(("beat",) if claim.is_manual else ()))
    change = Change("take the deploy lock", values, condition, compared, remove=gone, counted="fence")
    return _change(aws, settings, service, change)


def renew(aws: Aws, settings: Settings, mine: Lease) -> Lease | None:
    """Hold it for another while; None when it is not ours any more."""
    values = {"until": round(time.time() + LEASE_SECONDS, 3)}
    condition, compared = _is(mine)
    change = Change("renew the deploy lock", values, condition, compared, counted="beat")
    return _change(aws, settings, mine.service, change)


def give_back(aws: Aws, settings: Settings, mine: Lease, commit: Mapping[str, Any] | None = None) -> Lease | None:
    """End it; `commit` is the one that became live under it."""
    values: dict[str, Any] = {"until": 0, **({"commit": dict(commit)} if commit else {})}
    condition, compared = _is(mine)
    return _change(aws, settings, mine.service, Change("give the deploy lock back", values, condition, compared))


def ask_to_end(aws: Aws, settings: Settings, seen: Lease, who: str) -> Lease | None:
    """Ask its holder to end; the holder sees it at its next look."""
    condition, compared = _is(seen)
    change = Change("ask the running deploy to end", {"superseded_by": who}, condition, compared)
    return _change(aws, settings, seen.service, change)


def take_away(aws: Aws, settings: Settings, seen: Lease) -> Lease | None:
    """Free it whoever holds it: the fence counts up, so that its holder changes nothing more."""
    values = {"until": 0, "reason": f"unlocked by {actor()}"}
    condition, compared = _is(seen)
    change = Change("take the deploy lock away", values, condition, compared, counted="fence")
    return _change(aws, settings, seen.service, change)


@dataclass(frozen=True)
class Change:
    """One conditional write of a lock's item."""

    doing: str
    values: Mapping[str, Any]
    condition: str
    compared: Mapping[str, Any]
    remove: tuple[str, ...] = ()
    counted: str | None = None
    """The number that counts up by one."""


def _change(aws: Aws, settings: Settings, service: str, change: Change) -> Lease | None:
    """The lock as it is afterwards; None when the condition does not hold."""
    sets = [f"#{name} = :{name}" for name in change.values]
    compared: dict[str, Any] = dict(change.compared)
    if change.counted:
        sets.append(f"#{change.counted} = if_not_exists(#{change.counted}, :zero) + :one")
        compared |= {"zero": 0, "one": 1}
    expression = "SET " + ", ".join(sets)
    if change.remove:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in change.remove)
    text = f"{expression} {change.condition}"
    names = ("pk", "deployment", "fence", "beat", "until", *change.values, *change.remove)
    client = aws.client("dynamodb")
    with translated(change.doing):
        try:
            answer = client.update_item(
                TableName=settings.ledger_table,
                Key=_key(service),
                UpdateExpression=expression,
                ConditionExpression=change.condition,
                # Reserved words are many; DynamoDB refuses a name that no expression uses.
                ExpressionAttributeNames={f"#{name}": name for name in names if f"#{name}" in text},
                ExpressionAttributeValues=pack({f":{name}": v for name, v in {**change.values, **compared}.items()}),
                ReturnValues="ALL_NEW",
            )
        except client.exceptions.ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return None
            raise
    return _lease(answer["Attributes"])


def _is(lease: Lease) -> tuple[str, dict[str, Any]]:
    return "#deployment = :holder AND #fence = :held", {"holder": lease.deployment, "held": lease.fence}


def _lease(item: Mapping[str, Any]) -> Lease:
    row = unpack(dict(item))
    return Lease(
        service=row["pk"].removeprefix("lock#"),
        deployment=row.get("deployment", ""),
        actor=row.get("actor", ""),
        host=row.get("host", ""),
        process=row.get("process", ""),
        reason=row.get("reason", ""),
        fence=int(row.get("fence", 0)),
        beat=row.get("beat"),
        since=float(row.get("since", 0)),
        until=float(row.get("until", 0)),
        superseded_by=row.get("superseded_by", ""),
        commit=row.get("commit", {}),
    )


def _key(service: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"lock#{service}"}, "sk": {"S": "lock"}}
