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
from scripts.engine.proof import loss
from scripts.engine.report import MARKS, Lines, one_line, reporter
from scripts.engine.state import checked_stacks
from scripts.engine.steps import amount
from scripts.engine.unwritten import write_kept
from scripts.session import look_at

IMAGES = {"registry": "image in the registry already", "engine": "image built before", "built": "image built"}


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
        yield from _service(name, own)
    for stage in _stages(row, events):
        yield "  " + _stage(stage)
    for evidence in row.get("evidence") or [event for event in events if event["event"] == "evidence"]:
        found = display.line(evidence)
        yield from (f"  {line}" for line in (found or "").splitlines())
    if row.get("error"):
        yield display.paint("red", one_line(f"error: {row['error']}"))


def _facts(row: Event) -> Iterator[tuple[str, str]]:
    started = row.get("started")
    yield "path", row["reason"] if row.get("kind") else f"{row['path']}: {row['reason']}"
    yield "actor", row["actor"]
    if started:
        yield "started", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(started))
    if commit := row.get("commit"):
        yield "commit", commit["id"] + (" and changes that are not committed" if commit.get("dirty") else "")
    if undone := row.get("rollback_of"):
        yield "undoes", undone
    if stacks := row.get("stacks"):
        yield "stacks", ", ".join(stacks)
    if pushed := row.get("pushed_bytes"):
        yield "pushed", amount(pushed)
    if cost := row.get("cost"):
        yield "cost", f"{cost['usd']:.6f} USD"
        yield from (("", part) for part in deployment_parts(cost))


def _service(name: str, own: dict[str, Any]) -> Iterator[str]:
    came = f", was {own['previous_tag']}" if own.get("previous_tag") else ""
    back = f", as in {own['rollback_to']}" if own.get("rollback_to") else ""
    digest = f"  {own['digest'][:19]}" if own.get("digest") else ""
    path, tag = own.get("path", "-"), own.get("image_tag", "-")
    yield f"  {name:<10} {own.get('verdict', ''):<11} {path:<9} {tag}{came}{back}{digest}".rstrip()
    if cache := own.get("cache"):
        yield f"  {'':<10} {'':<11} {_made(cache)}"
    if proof := own.get("proof"):
        yield f"  {'':<10} {'':<11} proof: {loss(proof)}"
    for line in _shifted(own.get("shift") or {}):
        yield f"  {'':<10} {'':<11} {line}"
    if bake := own.get("bake"):
        yield f"  {'':<10} {'':<11} {_baked(bake)}"


def _made(cache: dict[str, Any]) -> str:
    """What of it had to be made anew."""
    words = [IMAGES.get(cache.get("image", ""), "")]
    if cache.get("layers"):
        words.append(f"{cache['cached_layers']} of {cache['layers']} layers from the cache")
    if "analysis" in cache:
        words.append(f"analysis {'from the cache' if cache['analysis'] == 'cached' else 'made'}")
    return ", ".join(filter(None, words))


def _shifted(shift: dict[str, Any]) -> Iterator[str]:
    """How requests were shifted to the version, and why they went back."""
    for step in shift.get("steps", ()):
        slow = f", p95 {step['p95_ms']:g} ms" if step.get("p95_ms") is not None else ""
        counted = f"{step['requests']} requests, {step['errors']} errors{slow}"
        yield f"{step['weight']} % after {step['seconds_to_enforced']:.2f} s: {counted}"
    if back := shift.get("went_back"):
        yield f"went back after {back['seconds']:.2f} s: {one_line(back['why'])}"


def _baked(bake: dict[str, Any]) -> str:
    """How the version did while it baked."""
    checks = f"baked {bake['seconds']:g} of {bake['of']} s: {bake['failed']} of {bake['checks']} checks failed"
    slow = f", p95 {bake['p95']:g} ms" if bake.get("p95") is not None else ""
    return checks + slow + (f"; {one_line(bake['trouble'])}" if bake.get("trouble") else "")


def _stages(row: Event, events: list[Event]) -> list[Event]:
    """The stages with what they said; of a deployment that never ended, the last ones perhaps without an end."""
    done = [event for event in events if event["event"] == "stage_done"]
    told = {_identity(event["stage"], event): event.get("text") for event in done}
    if "seconds" in row:
        return [{**stage, "text": told.get(_identity(stage["name"], stage))} for stage in row.get("stages", ())]
    ended = [{**event, "name": event["stage"], "started": event["at"] - event["seconds"]} for event in done]
    return [*row.get("stages", ()), *ended, *_unended(events)]


def _identity(name: str, stage: Event) -> tuple[str, str | None, float]:
    return name, stage.get("service"), stage["seconds"]


def _unended(events: list[Event]) -> list[Event]:
    """Stages that began and of which no end was written; one may run several times."""
    begun: dict[tuple[str, str | None], Event] = {}
    for event in events:
        key = (event.get("stage", ""), event.get("service"))
        if event["event"] == "stage":
            begun[key] = {"name": key[0], "service": key[1], "started": event["at"]}
        elif event["event"] == "stage_done":
            begun.pop(key, None)
    return list(begun.values())


def _stage(stage: Event) -> str:
    took = f"{stage['seconds']:.1f} s" if "seconds" in stage else "no end was recorded"
    failed = "" if stage.get("ok", True) else "  failed"
    text = f"  {one_line(stage['text'])}" if stage.get("text") else ""
    return f"{stage['started']:6.1f} s  {stage['name']:<8} {stage.get('service') or '':<10} {took}{failed}{text}"


def main() -> None:
    """Entry point."""
    command.run(show_verb)


if __name__ == "__main__":
    main()
