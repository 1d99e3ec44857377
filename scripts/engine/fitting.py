"""Evidence as it fits into an item of DynamoDB, which holds 400 KB: a record that is too large could not be written.

Log lines are other people's: each may have 256 KB. Long texts are cut, long lists keep their end.
Source: DynamoDB developer guide, "Quotas"; CloudWatch Logs, "PutLogEvents".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LINE, LINES = 500, 50
"""Characters of a text, entries of a list."""
EVIDENCE_KEPT, EVIDENCE_BYTES = 10, 200_000
"""Of a record: pieces of evidence, and bytes of all of them together."""


def fitting(value: Any) -> Any:
    """Plain data whose texts and lists are not too long."""
    if isinstance(value, str):
        return value[:LINE]
    if isinstance(value, Mapping):
        return {key: fitting(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [fitting(part) for part in value[-LINES:]]
    return value


def has_room(kept: list[Any], more: Any) -> bool:
    """Whether another piece of evidence may go into the record."""
    return len(kept) < EVIDENCE_KEPT and _bytes(kept) + _bytes(more) <= EVIDENCE_BYTES


def _bytes(value: Any) -> int:
    return len(json.dumps(value, default=str, ensure_ascii=False).encode("utf-8", "replace"))
