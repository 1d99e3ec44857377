"""`./poe notify`: who is told how deploys go; `--test` sends them a message."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from typing import Any

from scripts import command
from scripts.engine.errors import BadInput, Failed, SlipwayError
from scripts.engine.events import Events
from scripts.engine.shell import Shell
from scripts.engine.world import World
from scripts.session import open_world, settings_for
from settings import Settings
from settings.model import Notify

ALL = ""


def notify_verb() -> int:
    """Parse, list or send; fails when a receiver did not take its message."""
    parser = command.parser("notify", "Show who is told how deploys begin and end.", as_json=True)
    parser.add_argument(
        "--test", nargs="?", const=ALL, metavar="RECEIVER", help="send a test message to RECEIVER (default: to all)"
    )
    arguments = parser.parse_args()
    settings = settings_for(arguments.target)
    receivers = _chosen(settings, arguments.test or ALL)
    if arguments.test is None:
        return _list(receivers, as_json=arguments.json)
    return _test(open_world(settings, Events(), Shell(), look_only=True), receivers, arguments)


def _chosen(settings: Settings, name: str) -> tuple[Notify, ...]:
    known = settings.target.notify
    if not known:
        table = f"[targets.{settings.target.name}.notify.NAME]"
        raise BadInput("nobody is told", where=settings.target.name, remedy=f"add {table} to slipway.toml")
    chosen = tuple(receiver for receiver in known if name in (ALL, receiver.name))
    if not chosen:
        names = ", ".join(receiver.name for receiver in known)
        raise BadInput(f"there is no receiver {name!r}", where="--test", remedy=f"receivers: {names}")
    return chosen


def _list(receivers: tuple[Notify, ...], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps([asdict(receiver) for receiver in receivers]))
        return 0
    width = max(len(receiver.name) for receiver in receivers)
    for receiver in receivers:
        where = receiver.topic_arn or receiver.channel or receiver.url
        print(f"{receiver.name:<{width}}  {receiver.kind:<9}  {where}  ({', '.join(receiver.on)})")
    return 0


def _test(world: World, receivers: tuple[Notify, ...], arguments: argparse.Namespace) -> int:
    rows = [_send(world, receiver) for receiver in receivers]
    if arguments.json:
        print(json.dumps(rows))
    for row in () if arguments.json else rows:
        print(f"{'ok    ' if row['ok'] else 'failed'}  {row['receiver']} ({row['kind']}): {row['text']}", end="")
        print(f", {row['seconds']:.2f} s")
    failed = [row["receiver"] for row in rows if not row["ok"]]
    if failed and not arguments.json:
        raise Failed(f"{', '.join(failed)} cannot be told", where="notify", remedy="docs/notifications.md")
    return Failed.exit_code if failed else 0


def _send(world: World, receiver: Notify) -> dict[str, Any]:
    """Send one test message; what was answered, measured."""
    from scripts.engine.notifying.attempts import ATTEMPT_SECONDS
    from scripts.engine.notifying.receivers import Address, deliver
    from scripts.engine.notifying.telling import trial_message

    begin = time.monotonic()
    try:
        text, ok = deliver(Address(receiver, world.connection), trial_message(world), begin + ATTEMPT_SECONDS), True
    except SlipwayError as error:
        text, ok = str(error), False
    seconds = round(time.monotonic() - begin, 3)
    return {"receiver": receiver.name, "kind": receiver.kind, "ok": ok, "text": text, "seconds": seconds}


def main() -> None:
    """Entry point."""
    command.run(notify_verb)


if __name__ == "__main__":
    main()
