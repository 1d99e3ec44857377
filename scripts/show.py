"""`./poe show ID`: everything that the ledger remembers of one deployment."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from scripts import command
from scripts.engine.costs.page import deployment_parts
from scripts.engine.errors import BadInput
from scripts.engine.events import Event
from scripts.engine.history import read_deployment, read_events
from scripts.engine.report import MARKS, Lines, one_line, reporter
from scripts.engine.state import checked_stacks
from scripts.engine.steps import amount
from scripts.engine.unwritten import write_kept
from scripts.session import look_at


def show_verb() -> int:
    """Read and print; what an earlier deploy could not record is written first."""
    parser = command.parser("show", "Show what the ledger remembers of one deployment.", as_json=True)
    parser.add_argument("id", metavar="ID", type=command.deployment_id, help="a deployment, as ./poe history lists it")
    arguments = parser.parse_args()
    world = look_at(arguments.target)
    has_ledger = "ledger" in checked_stacks(world.aws, world.settings)[0]
    if has_ledger:
        write_kept(world.aws, world.settings)
    row = read_deployment(world.aws, world.settings, arguments.id) if has_ledger else None
    if row is None:
        target = world.settings.target.name
        raise BadInput(f"there is no deployment {arguments.id!r} on {target}", where="ID", remedy="./poe history")
    events = read_events(world.aws, world.settings, arguments.id)
    if arguments.json:
        print(json.dumps({**row, "events": events}))
        return 0
    display = reporter(as_json=False)
    assert isinstance(display, Lines)
    for line in page(display, row, events):
        display.write(line)
    return 0


def page(display: Lines, row: Event, events: list[Event]) -> Iterator[str]:
    """The record for people: what, who and when; services; stages; evidence; how it ended."""
    verdict = display.paint(MARKS.get(row["verdict"], "red"), row["verdict"].replace("_", " "))
    seconds = f" after {row['seconds']:.1f} s" if "seconds" in row else ""
    yield f"{row['id']}  {verdict}{seconds}"
    yield from (f"  {name:<9} {one_line(text)}" for name, text in _facts(row))
    for name, own in row["services"].items():
        yield _service(name, own)
    for stage in row.get("stages") or _stages(events):
        yield "  " + _stage(stage)
    for evidence in row.get("evidence") or [event for event in events if event["event"] == "evidence"]:
        found = display.line(evidence)
        yield from (f"  {line}" for line in (found or "").splitlines())
    if row.get("error"):
        yield display.paint("red", one_line(f"error: {row['error']}"))


def _facts(row: Event) -> Iterator[tuple[str, str]]:
    started = row.get("started")
    yield "path", f"{row['path']}: {row['reason']}"
    yield "actor", row["actor"]
    if started:
        yield "started", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(started))
    if commit := row.get("commit"):
        yield "commit", commit["id"] + (" and changes that are not committed" if commit.get("dirty") else "")
    if undone := row.get("rollback_of"):
        yield "undoes", undone
    if pushed := row.get("pushed_bytes"):
        yield "pushed", amount(pushed)
    if cost := row.get("cost"):
        yield "cost", f"{cost['usd']:.6f} USD"
        yield from (("", part) for part in deployment_parts(cost))


def _service(name: str, own: dict[str, Any]) -> str:
    came = f", was {own['previous_tag']}" if own.get("previous_tag") else ""
    back = f", as in {own['rollback_to']}" if own.get("rollback_to") else ""
    digest = f"  {own['digest'][:19]}" if own.get("digest") else ""
    verdict = own.get("verdict", "")
    return f"  {name:<10} {verdict:<11} {own['path']:<9} {own.get('image_tag', '-')}{came}{back}{digest}".rstrip()


def _stages(events: list[Event]) -> list[Event]:
    """Of a deployment that never ended: the stages as its events tell them, the last one perhaps without an end."""
    done = [event for event in events if event["event"] == "stage_done"]
    over = {(event["stage"], event.get("service")) for event in done}
    rows = [{**e, "name": e["stage"], "started": e["at"] - e["seconds"]} for e in done]
    begun = [e for e in events if e["event"] == "stage" and (e["stage"], e.get("service")) not in over]
    return [*rows, *({"name": e["stage"], "service": e.get("service"), "started": e["at"]} for e in begun)]


def _stage(stage: Event) -> str:
    took = f"{stage['seconds']:.1f} s" if "seconds" in stage else "no end was recorded"
    failed = "" if stage.get("ok", True) else "  failed"
    return f"{stage['started']:6.1f} s  {stage['name']:<8} {stage.get('service') or '':<10} {took}{failed}"


def main() -> None:
    """Entry point."""
    command.run(show_verb)


if __name__ == "__main__":
    main()
