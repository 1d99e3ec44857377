"""The .slipway.toml of an analyzed service: what was decided, as settings that a person can then change."""

from __future__ import annotations

import json

from analyzer.model import Process, Service

HEADER = """\
# Written by `./poe analyze --write` from what the source says. What stands here wins over the source from now on;
# delete a line to have it found again.
"""


def settings_file(service: Service) -> str:
    """The file's text; a field that could not be told is there as a comment that says what is missing."""
    lines = [HEADER]
    for name in ("port", "health_path"):
        found = service.fields[name]
        if found.value is not None:
            lines.append(f"{name} = {json.dumps(found.value)}  # {_plain(found.reason)}\n")
        elif found.missing:
            lines.append(f"# {name} = ?  {_plain(found.missing)}\n")
    if service.size:
        lines.append(f"cpu = {service.size.cpu}  # heuristic\nmemory = {service.size.memory}  # MiB, heuristic\n")
    processes = [_process(process) for process in service.processes if process.kind != "web"]
    return "".join([*lines, *processes])


def _plain(text: str) -> str:
    """A comment may not hold control characters, which names of files can."""
    return "".join(char if char.isprintable() else " " for char in text)


def _process(process: Process) -> str:
    if process.kind == "release":
        return f"\n[release]\ncommand = {json.dumps(process.command, ensure_ascii=False)}\n"
    rows = [f"\n[processes.{process.name}]\n", f"command = {json.dumps(process.command, ensure_ascii=False)}\n"]
    if process.schedule:
        rows.append(f"schedule = {json.dumps(process.schedule)}\n")
    return "".join(rows)
