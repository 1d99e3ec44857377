"""The documents of the project and the tables in them, for the tests that hold them against the code."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
)


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def section(document: str, heading: str) -> str:
    """What stands between a heading of the second level and the next one."""
    return text_of(document).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def table(document: str, marker: str) -> list[list[str]]:
    """Cells of the rows between `<!-- marker -->` and `<!-- /marker -->`, without the two lines of the head."""
    marked = text_of(document).partition(f"<!-- {marker} -->")[2].partition(f"<!-- /{marker} -->")[0]
    rows = [line for line in marked.splitlines() if line.startswith("|")]
    assert len(rows) > 2, f"{document} has no table {marker!r}"
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def words(cell: str) -> list[str]:
    """What a cell sets in backquotes."""
    return re.findall(r"`([^`]+)`", cell)
