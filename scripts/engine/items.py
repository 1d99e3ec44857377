"""Plain values in DynamoDB's own notation and back; boto3's serializer refuses floats."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any


def pack(item: dict[str, Any]) -> dict[str, Any]:
    """A DynamoDB item from plain values; None is left out."""
    return {key: _value(value) for key, value in item.items() if value is not None}


def _value(value: Any) -> dict[str, Any]:
    """A plain value in DynamoDB's own notation; boto3's serializer refuses floats."""
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, float, Decimal)):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, dict):
        return {"M": {str(key): _value(part) for key, part in value.items() if part is not None}}
    if isinstance(value, Iterable):
        return {"L": [_value(part) for part in value if part is not None]}
    return {"S": str(value)}


def unpack(row: dict[str, Any]) -> dict[str, Any]:
    """Plain values from a DynamoDB item."""
    return {key: _plain(value) for key, value in row.items()}


def _plain(value: dict[str, Any]) -> Any:
    kind, inner = next(iter(value.items()))
    if kind == "N":
        return float(inner) if "." in inner or "e" in inner.lower() else int(inner)
    if kind == "M":
        return {key: _plain(part) for key, part in inner.items()}
    if kind == "L":
        return [_plain(part) for part in inner]
    return inner
