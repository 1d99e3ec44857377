"""Requests that nobody gets, because two readers could take them for different ones; asked before any other route."""

from __future__ import annotations

from typing import Any

HOST = r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]"
"""A name or an address. Of several Host headers Envoy makes one with commas; ports and a last dot are off by now."""
UPGRADE = r"(?i)\s*(keep-alive|upgrade)\s*(,\s*(keep-alive|upgrade)\s*)*"
"""Only an upgrade carries `connection` on; a proxy behind us would take off what it names, our own headers too."""

Json = dict[str, Any]


def rows() -> list[Json]:
    """As routes of every host."""
    return [
        _refused("odd-host", {"name": ":authority", **_other_than(HOST), "treat_missing_header_as_empty": True}),
        _refused("odd-connection", {"name": "connection", **_other_than(UPGRADE)}),
    ]


def _other_than(regex: str) -> Json:
    return {"string_match": {"safe_regex": {"regex": regex}}, "invert_match": True}


def _refused(name: str, header: Json) -> Json:
    match = {"prefix": "/", "headers": [header]}
    return {
        "name": name,
        "match": match,
        "direct_response": {"status": 400, "body": {"inline_string": "Bad Request"}},
    }
