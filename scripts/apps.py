"""`./poe apps`: the services of a target, where each comes from and what state it is in."""

from __future__ import annotations

import json
from typing import Any

from scripts import command
from scripts.session import look_at
from scripts.status import read_status
from settings import Service

SHORT = 12
"""Digits of a commit's id that are shown."""


def apps_verb() -> int:
    """Read and print; nothing is changed."""
    arguments = command.parser(
        "apps", "List services: where they come from, where they answer, what state they are in.", as_json=True
    ).parse_args()
    world = look_at(arguments.target)
    status = read_status(world)["services"]
    rows = [app(service, status[service.name]) for service in world.settings.services]
    if arguments.json:
        print(json.dumps(rows))
        return 0
    shown = [(row["name"], source_of(row), row["image_tag"] or "-", row["state"], _place(row)) for row in rows]
    widths = [max(len(cells[at]) for cells in shown) for at in range(len(shown[0]))]
    for cells in shown:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip())
    return 0


def app(service: Service, status: dict[str, Any]) -> dict[str, Any]:
    """One service as plain data."""
    return {
        "name": service.name,
        "route": service.route,
        "url": status["url"],
        "public": status["public"],
        "repository": service.repository,
        "source": service.source,
        "ref": service.ref,
        "commit": service.commit,
        "workers": [worker.name for worker in service.workers],
        "schedules": [schedule.name for schedule in service.schedules],
        "image_tag": status["image_tag"],
        "state": status["state"] or "not deployed",
    }


def source_of(row: dict[str, Any]) -> str:
    """Where it comes from, on one line: address, folder, branch, commit."""
    if row["repository"] is None:
        return str(row["source"])
    folder = "" if row["source"] == "." else f"/{row['source']}"
    ref = f"#{row['ref']}" if row["ref"] else ""
    commit = f" at {row['commit'][:SHORT]}" if row["commit"] else ""
    return f"{row['repository']}{folder}{ref}{commit}"


def _place(row: dict[str, Any]) -> str:
    return str(row["url"] or row["route"].removeprefix("//")) + (" (public)" if row["public"] else "")


def main() -> None:
    """Entry point."""
    command.run(apps_verb)


if __name__ == "__main__":
    main()
