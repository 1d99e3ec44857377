"""Correction to DynamoDB: what a query costs depends on what it returns, not on what its index holds."""

from __future__ import annotations

import re
from typing import Any

from scripts.local.corrections.upstream import Services

EQUALITY = re.compile(r"\s*(\w+)\s*=\s*(:\w+)\s*")
"""A key condition on the partition key alone."""
KNOWN = 1_000
"""Conditions that are remembered as valid."""


def evaluate_key_conditions_once(service: Services) -> None:
    """A key condition is read and checked once; upstream does it anew for each item of the index's partition."""
    dynamodb = service("dynamodb")
    evaluate, valid = dynamodb._evaluate_condition, dict[str, tuple[str, str]]()

    def evaluate_condition(expr: str, item: Any, attr_values: Any, attr_names: Any, **more: str) -> Any:
        is_key = more.get("slot") == "KeyConditionExpression"
        if is_key and expr in valid and not attr_names:
            name, value = valid[expr]
            return item.get(name) == attr_values[value]
        found = evaluate(expr, item, attr_values, attr_names, **more)
        if is_key and len(valid) < KNOWN and (match := EQUALITY.fullmatch(expr)):
            valid[expr] = (match[1], match[2])
        return found

    dynamodb._evaluate_condition = evaluate_condition
