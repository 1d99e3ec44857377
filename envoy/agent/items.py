"""Plain values in DynamoDB's own notation and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def packed(values: Mapping[str, Any]) -> dict[str, Any]:
    """An item."""
    return {key: _packed(value) for key, value in values.items()}


def unpacked(item: Mapping[str, Any]) -> dict[str, Any]:
    """Values of an item; raises ValueError, TypeError, AttributeError or StopIteration for what is none."""
    return {key: _unpacked(value) for key, value in item.items()}


def _packed(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": packed(value)}
    return {"S": str(value)}


def _unpacked(value: Mapping[str, Any]) -> Any:
    kind, inner = next(iter(value.items()))
    if kind == "NULL":
        return None
    if kind == "N":
        return float(inner)
    return unpacked(inner) if kind == "M" else inner
