"""What the embedded cloud leaves in the container engine: counted for `status`, removed by `reset`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scripts.local import docker_engine

INSTANCE_LABEL = "ministack.instance"


def instance(state: Path) -> str:
    """The label value that marks containers of the emulator with this state folder."""
    return f"slipway-{state.resolve()}"


def containers(state: Path, *, running: bool = False) -> tuple[str, ...]:
    """Ids of the emulator's containers."""
    filters = json.dumps(
        {"label": [f"{INSTANCE_LABEL}={instance(state)}"], **({"status": ["running"]} if running else {})}
    )
    return tuple(row["Id"] for row in docker_engine.ask(f"/containers/json?all=true&filters={quote(filters)}"))


def images(registry: str) -> tuple[str, ...]:
    """Names in the engine, by tag or by digest, that came from the emulator's registry."""
    rows: list[dict[str, Any]] = docker_engine.ask("/images/json")
    names = (name for row in rows for name in (*(row.get("RepoTags") or ()), *(row.get("RepoDigests") or ())))
    return tuple(name for name in names if name.startswith(f"{registry}/"))


def remove(state: Path, registry: str) -> int:
    """Removes the emulator's containers and its images' names; returns how many there were."""
    found, names = containers(state), images(registry)
    for container in found:
        _delete(f"/containers/{container}?force=true&v=true")
    for name in names:
        _delete(f"/images/{quote(name, safe='/:@')}")
    return len(found) + len(names)


def _delete(path: str) -> None:
    try:
        docker_engine.ask(path, method="DELETE", timeout=30)
    except docker_engine.EngineRefusal:
        # It went with another name of the same image, is going already, or somebody else uses it and it stays.
        return
