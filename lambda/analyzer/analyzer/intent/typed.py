"""Parsed files may hold any type anywhere; these answer the wanted one or nothing."""

from __future__ import annotations

from typing import Any


def table(found: Any, *keys: str) -> dict[str, Any]:
    """A table, or the one below it by keys; {} when there is none."""
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}


def tables(found: Any) -> list[dict[str, Any]]:
    """The tables of a list; a single table counts as a list of it."""
    rows = found if isinstance(found, list) else [found]
    return [table(row) for row in rows if isinstance(row, dict)]


def text(found: Any) -> str | None:
    """A text that is not blank, without blanks around it."""
    return found.strip() or None if isinstance(found, str) else None


def scalar(found: Any) -> str | None:
    """A text or number as text."""
    return str(found) if isinstance(found, int | float) and not isinstance(found, bool) else text(found)


def texts(found: Any) -> list[str]:
    """The texts of a list; a single text counts as a list of it."""
    rows = found if isinstance(found, list) else [found]
    return [value for row in rows if (value := text(row))]


def port(found: Any) -> int | None:
    """A port, whether a number or digits."""
    value = scalar(found)
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 5:
        return None
    return int(value) if 0 < int(value) < 65536 else None
