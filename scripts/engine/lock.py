"""One deploy per target and service: leases in the ledger's table.

Item: `pk = lock#<service>`, `sk = lock`, with deployment, actor, host, process and `until`. A lease is renewed while
its deploy lives and free once `until` is past; the lease of a process that died on this very machine is free at once.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scripts.engine.aws import Aws, error_code, translated
from scripts.engine.errors import Refused, SlipwayError
from scripts.engine.items import pack, unpack
from scripts.engine.ledger import actor, expiry
from settings import Settings

LEASE_SECONDS = 30
HEARTBEAT_SECONDS = 8
ATTEMPTS = 3
"""A lease may be given back, or its dead holder found, between two looks."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lock."""

    deployment: str
    actor: str
    until: float
    host: str = ""
    process: str = ""


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
        try:
            for service in self.services:
                self._acquire(service)
        except SlipwayError:
            self.release()
            raise
        self._thread = threading.Thread(target=self._beat, daemon=True, name="slipway-lease")
        self._thread.start()

    def _acquire(self, service: str) -> None:
        who = "others in turn"
        for _ in range(ATTEMPTS):
            if self._take(service):
                self._held.append(service)
                return
            holder = read_holder(self.aws, self.settings, service)
            if holder and not is_dead(holder.host, holder.process):
                who = f"{holder.actor} ({holder.deployment}), until {_clock(holder.until)} UTC"
                break
            if holder:
                self._free(service, holder.deployment)
        remedy = "wait until it ends, then run the command again"
        raise Refused(f"{service} is being deployed by {who}", where="lock", remedy=remedy)

    def release(self) -> None:
        """Give the leases back."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        for service in self._held:
            self._free(service, self.deployment)
        self._held.clear()

    def _free(self, service: str, deployment: str) -> None:
        """Best effort: a lease that cannot be given back expires."""
        with suppress(SlipwayError), translated("give the deploy lock back"):
            self.aws.client("dynamodb").delete_item(
                TableName=self.settings.ledger_table,
                Key=_key(service),
                ConditionExpression="deployment = :it",
                ExpressionAttributeValues={":it": {"S": deployment}},
            )

    def _beat(self) -> None:
        renewed = time.monotonic()
        while not self._stop.wait(HEARTBEAT_SECONDS):
            try:
                taken = [self._take(service) for service in self._held]
                if not all(taken):
                    self.lost.set()
                renewed = time.monotonic()
            except SlipwayError:
                # Unreachable for a moment: the lease is ours until it expires.
                if time.monotonic() - renewed > LEASE_SECONDS:
                    self.lost.set()

    def _take(self, service: str) -> bool:
        now = time.time()
        item = {
            **_key(service),
            **pack(
                {
                    "deployment": self.deployment,
                    "actor": actor(),
                    "host": socket.gethostname(),
                    "process": this_process(),
                    "until": round(now + LEASE_SECONDS, 3),
                    **expiry(self.settings),
                }
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


def read_holder(aws: Aws, settings: Settings, service: str) -> Holder | None:
    """Who holds the lock of a service, or held it last and did not give it back."""
    with translated("read the deploy lock"):
        answer = aws.client("dynamodb").get_item(
            TableName=settings.ledger_table, Key=_key(service), ConsistentRead=True
        )
    if "Item" not in answer:
        return None
    row = unpack(answer["Item"])
    return Holder(row["deployment"], row["actor"], float(row["until"]), row.get("host", ""), row.get("process", ""))


def is_held(aws: Aws, settings: Settings, service: str, deployment: str) -> bool:
    """Whether that deployment holds the lock of the service now, as far as can be known from here."""
    holder = read_holder(aws, settings, service)
    if holder is None or holder.deployment != deployment:
        return False
    return holder.until > time.time() and not is_dead(holder.host, holder.process)


def _key(service: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": f"lock#{service}"}, "sk": {"S": "lock"}}


def _clock(moment: float) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(moment))


def this_process() -> str:
    """Process id and, where the system tells it, start time: an id alone may be in use again."""
    return f"{os.getpid()} {_started(os.getpid())}"


def is_dead(host: str, process: str) -> bool:
    """Whether a holder on this machine has ended; of other machines nothing is known."""
    if host != socket.gethostname():
        return False
    pid, _, started = process.partition(" ")
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return bool(started) and started != _started(int(pid))


def _started(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
