"""Makes the analyzer importable: `lambda` is a keyword of Python, so its folder is an import root of its own."""

from __future__ import annotations

import sys
from pathlib import Path

LIBRARY = str(Path(__file__).resolve().parents[2] / "lambda" / "analyzer")


def add() -> None:
    """Add the folder to the import path, once."""
    if LIBRARY not in sys.path:
        sys.path.append(LIBRARY)
