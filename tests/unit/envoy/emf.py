"""The JSON schema of the embedded metric format, and what it says beside the schema.

Source: CloudWatch user guide, "Specification: Embedded metric format"; its titles and examples are left out.
"""

from __future__ import annotations

from typing import Any

import jsonschema

UNITS = (
    "Seconds|Microseconds|Milliseconds|Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|Gigabits|"
    "Terabits|Percent|Count|Bytes/Second|Kilobytes/Second|Megabytes/Second|Gigabytes/Second|Terabytes/Second|"
    "Bits/Second|Kilobits/Second|Megabits/Second|Gigabits/Second|Terabits/Second|Count/Second|None"
)
TEXT = {"type": "string", "pattern": "^(.*)$", "minLength": 1, "maxLength": 255}
METRIC = {
    "type": "object",
    "required": ["Name"],
    "properties": {"Name": TEXT, "Unit": {"type": "string", "pattern": f"^({UNITS})$"}},
}
DIRECTIVE = {
    "type": "object",
    "required": ["Namespace", "Dimensions", "Metrics"],
    "properties": {
        "Namespace": TEXT,
        "Dimensions": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "array", "minItems": 0, "maxItems": 9, "items": TEXT},
        },
        "Metrics": {"type": "array", "maxItems": 100, "items": METRIC},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer"},
                "CloudWatchMetrics": {"type": "array", "items": DIRECTIVE},
            },
        }
    },
}

Metric = tuple[str, tuple[str, ...], str]
"""Namespace, names of the dimensions, name."""


def checked(document: dict[str, Any]) -> set[Metric]:
    """The metrics that CloudWatch takes from a document; raises where it is not in the format."""
    jsonschema.validate(document, SCHEMA)
    found = set()
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for keys in directive["Dimensions"]:
            assert all(isinstance(document[key], str) and document[key] for key in keys)
            for metric in directive["Metrics"]:
                assert type(document[metric["Name"]]) in (int, float)
                found.add((directive["Namespace"], tuple(keys), metric["Name"]))
    return found
