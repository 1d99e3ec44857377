"""Versions of the policies in the gateway's table: immutable, complete or absent, one of them live.

| item | holds |
|---|---|
| `pk = policies#<version>#<sha256>`, `sk = <n>` | a part of the packed version; written first |
| `pk = policies`, `sk = <version>` | its head: parts, sha256, who and when; a version without head does not exist |
| `pk = policies`, `sk = live` | the version that gateways enforce, and the one before; changed on a condition, last |
| `pk = policies`, `sk = shadow` | the candidate that gateways try beside it (candidates.py) |
| `pk = gateway-tasks`, `sk = <task id>` | what a gateway's task reports that it enforces |
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.engine.aws import Aws
from scripts.engine.errors import BadInput, Failed, Refused
from scripts.engine.items import pack
from scripts.engine.policies.bundle import Bundle, unpacked
from scripts.engine.policies.table import Table, absent, key, unchanged
from settings import Settings

PART = 350_000
"""Bytes of a part; an item of DynamoDB holds 400 KB."""
HEADS = "policies"
LIVE = "live"
SHADOW = "shadow"
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
    applied: float = 0.0
    error: str = ""
    shadow: str = ""
    """The candidate that it tries."""
    shadow_changed: str = ""
    """Which decision for a candidate this is about, as `changed` of its item."""
    shadow_error: str = ""
    clock_ahead: int = 0
    """Seconds that its clock is ahead of the API's, when it is off."""
    shadowed: Mapping[str, Any] = field(default_factory=dict)
    """What the candidate would have changed: requests, newly_denied, newly_allowed, by change and policy."""


FACTS = ("version", "applied", "error", "shadow", "shadow_changed", "shadow_error", "shadowed", "clock_ahead")


class PolicyStore:
    """The gateway's table of one target."""

    def __init__(self, aws: Aws, settings: Settings) -> None:
        self.table = Table(aws, settings)

    def live(self) -> Live | None:
        """What is live; None before the first version is."""
        row = self.table.get(HEADS, LIVE)
        if row is None:
            return None
        return Live(row["version"], row.get("previous"), row["changed"], row["actor"], row.get("source_digest", ""))

    def heads(self) -> list[Head]:
        """All versions, newest first."""
        rows = [row for row in self.table.query(HEADS) if row["sk"] not in (LIVE, SHADOW)]
        return sorted((_head(row) for row in rows), key=lambda head: (head.created, head.version), reverse=True)

    def reports(self) -> list[Report]:
        """What the gateway's tasks say that they enforce."""
        rows = self.table.query(TASKS)
        return [
            Report(row["sk"], **{"version": "", **{name: row[name] for name in FACTS if name in row}}) for row in rows
        ]

    def head(self, version: str) -> Head | None:
        """A version, where it is stored completely."""
        row = self.table.get(HEADS, version)
        return _head(row) if row else None

    def read(self, version: str) -> Bundle:
        """A whole version; raises BadInput when it is not there, Failed when it is damaged."""
        head = self.head(version)
        if head is None:
            raise BadInput(f"there is no version {version}", where="policies", remedy="./poe policies lists them")
        data = b"".join(self._part(head, number) for number in range(head.parts))
        if hashlib.sha256(data).hexdigest() != head.sha256:
            raise Failed(f"version {version} is damaged in the store", where="policies", remedy="./poe load-policies")
        return unpacked(version, head.source_digest, data)

    def upload(self, bundle: Bundle, actor: str) -> bool:
        """Store a version; False when it is there already. Killed half-way it leaves parts that nobody sees."""
        if self.head(bundle.version):
            return False
        data = bundle.packed()
        sha256 = hashlib.sha256(data).hexdigest()
        parts = [data[at : at + PART] for at in range(0, len(data), PART)]
        for number, part in enumerate(parts):
            self.table.put({**pack(_part_key(bundle.version, sha256, number)), "data": {"B": part}})
        head = {
            **key(HEADS, bundle.version),
            "parts": len(parts),
            "sha256": sha256,
            "created": round(time.time(), 3),
            "actor": actor,
            "source_digest": bundle.source_digest,
            "ids": list(bundle.ids),
        }
        return self.table.put(pack(head), **absent())

    def flip(self, head: Head, actor: str, expected: Live | None, source_digest: str | None = None) -> Live:
        """Make a stored version live, if what is live is still what was seen; raises Refused otherwise."""
        now = Live(
            version=head.version,
            previous=expected.version if expected else None,
            changed=round(time.time(), 3),
            actor=actor,
            source_digest=source_digest or head.source_digest,
        )
        item = pack({**key(HEADS, LIVE), **now.__dict__})
        condition = unchanged(expected.version, expected.changed) if expected else absent()
        if not self.table.put(item, **condition):
            raise Refused(
                "somebody else made policies live meanwhile",
                where="policies",
                remedy="./poe policies shows which; run the command again if yours are still wanted",
            )
        return now

    def withdraw(self, live: Live) -> None:
        """Have nothing live any more, if it is still what was seen: gateways go on with what they enforce."""
        self.table.delete(HEADS, LIVE, **unchanged(live.version, live.changed))

    def prune(self, live: Live | None) -> list[str]:
        """Remove all but the newest versions, the live one, the one before it and the candidate; returns what went."""
        kept = {live.version, live.previous} if live else set()
        kept |= {row["version"] for row in [self.table.get(HEADS, SHADOW)] if row}
        old = [head for head in self.heads()[KEPT:] if head.version not in kept]
        for head in old:
            self.table.delete(HEADS, head.version)
            for number in range(head.parts):
                self.table.delete(*_part_key(head.version, head.sha256, number).values())
        return [head.version for head in old]

    def _part(self, head: Head, number: int) -> bytes:
        row = self.table.get(*_part_key(head.version, head.sha256, number).values())
        return bytes(row["data"]) if row else b""


def _part_key(version: str, sha256: str, number: int) -> dict[str, Any]:
    """Named after their content too: two people may pack one version with other comments at the same time."""
    return key(f"policies#{version}#{sha256[:12]}", f"{number:04d}")


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
