"""Requests that nobody gets, because two readers could take them for different ones; asked before any other route."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

HOST = r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]"
"""A name or an address. Of several Host headers Envoy makes one with commas; ports and a last dot are off by now."""
UPGRADE = r"(?i)\s*(keep-alive|upgrade)\s*(,\s*(keep-alive|upgrade)\s*)*"
"""Only an upgrade carries `connection` on; a proxy behind us would take off what it names, our own headers too."""
SCHEME = "Bearer "
BEARER = r"(?is)(.*[,\s])?bearer(\s.*)?"
"""A token that the gateway does not look at, since it is spelt or placed otherwise: a service might, and believe it."""

Json = dict[str, Any]


def rows() -> list[Json]:
    """As routes of every host."""
    return [
        _refused("odd-host", 400, {"name": ":authority", **_other_than(HOST), "treat_missing_header_as_empty": True}),
        _refused("odd-connection", 400, {"name": "connection", **_other_than(UPGRADE)}),
        _refused(
            "odd-token",
            401,
            {"name": "authorization", "string_match": {"safe_regex": {"regex": BEARER}}},
            {"name": "authorization", "string_match": {"prefix": SCHEME}, "invert_match": True},
        ),
    ]


def _other_than(regex: str) -> Json:
    return {"string_match": {"safe_regex": {"regex": regex}}, "invert_match": True}


def _refused(name: str, status: int, *headers: Json) -> Json:
    answer = {"status": status, "body": {"inline_string": HTTPStatus(status).phrase}}
    return {"name": name, "match": {"prefix": "/", "headers": list(headers)}, "direct_response": answer}
