"""Which service an application becomes: its name and its route; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from scripts.engine.errors import BadInput
from settings import rules
from settings.checks import NAMES
from settings.model import GATEWAY
from settings.services import layered

LONGEST = NAMES["services"]
FALLBACK = "app"


def valid_name(text: str) -> str:
    """As near to the text as a service's name may be; "" where nothing of it can stay."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower().removesuffix(".git")).lstrip("-0123456789")
    return name[:LONGEST].rstrip("-")


def chosen_name(wanted: str | None, suggestions: list[str]) -> str:
    """The name that was asked for, or the first that can be made; raises BadInput for a bad one."""
    if wanted is None:
        return next((name for name in map(valid_name, suggestions) if name and name != GATEWAY), FALLBACK)
    if wanted == GATEWAY:
        raise BadInput("that is the name of the gateway", where="--name", remedy="choose another one")
    if not rules.is_name(LONGEST)(wanted):
        raise BadInput(
            f"{wanted!r} is not a service's name", where="--name", remedy=f"use {rules.SHORT_NAME.format(LONGEST)}"
        )
    return wanted


def route_of(row: Mapping[str, Any]) -> str:
    """What a section's requests are told by: `//host` or a path."""
    values = layered(dict(row))
    return f"//{values['host']}" if "host" in values else str(values.get("path", "/"))


def placed(name: str, rows: Mapping[str, Any], *, path: str | None, host: str | None) -> dict[str, Any]:
    """The keys of the route: as asked for, as it was, or `/NAME`. Raises BadInput where another service has it."""
    if path is not None and host is not None:
        raise BadInput("a service has a path or a host", where="--host", remedy="leave one of them out")
    own = rows.get(name, {})
    if host is not None:
        keys: dict[str, Any] = {"host": host, "path": None}
    elif path is not None:
        keys = {"path": path, "host": None}
    elif "path" in own or "host" in own:
        return {}
    else:
        keys = {"path": f"/{name}"}
    route = f"//{host}" if host is not None else keys["path"]
    others = {
        route_of(row): other
        for other, row in rows.items()
        if other not in (name, GATEWAY) and isinstance(row, dict)  # the gateway takes everything first
    }
    if route in others:
        option = "--host" if host is not None else "--path"
        raise BadInput(
            f"{route.removeprefix('//')} leads to {others[route]} already",
            where=option,
            remedy="choose another one with --path /PREFIX or --host NAME",
        )
    return keys
