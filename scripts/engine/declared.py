"""What an application's own `.slipway.toml` says, held against what `deploy-app` recorded of it in slipway.toml.

A deploy builds what is in the source, but takes ports, sizes, processes and variables from slipway.toml. Where the two
have drifted apart it says so, and which command applies the file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.engine.sources import base_of
from settings import Service

NAME = ".slipway.toml"
SAME = ("port", "health_path", "cpu", "memory", "desired", "min", "max")
"""Keys that mean the same in both files."""
TABLES = ("environment", "secrets")
LONGEST = 20
"""Characters of a process's name. Source: settings/checks.py, NAMES."""


def drift(root: Path, service: Service) -> tuple[str, ...]:
    """A sentence when the file says what was not recorded; none for a service that `deploy-app` did not make."""
    recorded = _table(_table(_table(_read(root / "slipway.toml"), "services"), service.name), "app")
    path = base_of(root, service) / service.source / service.folder / NAME
    if not recorded or not path.is_file():
        return ()
    different = sorted(differences(_read(path), recorded))
    if not different:
        return ()
    return (
        f"{NAME} says otherwise than slipway.toml about {', '.join(different)}: "
        f"./poe deploy-app {service.name} applies it",
    )


def differences(stated: Mapping[str, Any], recorded: Mapping[str, Any]) -> set[str]:
    """Keys that the application states and that were recorded differently."""
    found = {key for key in SAME if key in stated and stated[key] != recorded.get(key)}
    found |= {key for key in TABLES if _table(stated, key) != _table(recorded, key)}
    release = _table(stated, "release").get("command")
    if release is not None and release != recorded.get("release"):
        found.add("release")
    kept = {
        name: row.get("command") for table in ("workers", "schedules") for name, row in _table(recorded, table).items()
    }
    for name, row in _table(stated, "processes").items():
        if name != "web" and isinstance(row, dict) and kept.get(process_name(name)) != row.get("command"):
            found.add(f"processes.{name}")
    return found


def process_name(text: str) -> str:
    """A process's name as slipway.toml has it: lower case, single hyphens, a letter first."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).lstrip("-0123456789")[:LONGEST].rstrip("-")
    return name or "process"


def _read(path: Path) -> dict[str, Any]:
    """{} for a file that cannot be read: whoever needs it says what is wrong with it."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _table(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = row.get(key)
    return found if isinstance(found, dict) else {}
