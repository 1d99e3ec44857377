"""Files that Envoy watches: written beside, then renamed onto their place. It sees nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def replace(path: Path, text: str) -> None:
    """Put a whole new file in place."""
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def replace_when_changed(path: Path, text: str) -> bool:
    """Put a file in place unless it is there already; whether it was put."""
    if path.is_file() and path.read_text("utf-8") == text:
        return False
    replace(path, text)
    return True


def resources(*found: dict[str, Any]) -> str:
    """Text of a file of Envoy's resources; the same for the same ones."""
    return json.dumps({"resources": found}, sort_keys=True, separators=(",", ":"))
