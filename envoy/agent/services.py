"""A service as its parameter says it: where requests for it come from and what is asked of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agent.reading import document

NAME = re.compile(r"[a-z][a-z0-9-]{0,27}")
PATH = re.compile(r"/|(/[A-Za-z0-9._~-]+)+")
HOST = re.compile(r"[a-z0-9.-]{1,253}")
HEALTH_PATH = re.compile(r"/[!-~]{0,500}")

COOKIE, HEADER = "cookie", "header:"
STICKY = re.compile(rf"|{COOKIE}|{HEADER}[A-Za-z0-9-]{{1,64}}")


class BadService(ValueError):
    """A parameter that says no service."""


@dataclass(frozen=True)
class Service:
    """One service behind the gateway."""

    name: str
    port: int
    path: str = "/"
    host: str = ""
    health_path: str = "/health"
    timeout: int = 60
    """Seconds in which something has to come, either way."""
    rate: int = 0
    """Requests a second; 0: no limit."""
    max_body: int = 0
    """Bytes of a request; 0: no limit."""
    public: bool = False
    """Whether no policy is asked; a token that is there has to be valid all the same."""
    sticky: str = ""
    """What keeps a client with one of two versions: nothing, "cookie", or "header:" and its name."""

    @property
    def sticky_header(self) -> str:
        """The header's name; empty where it is none."""
        return self.sticky.removeprefix(HEADER) if self.sticky.startswith(HEADER) else ""


def parse(name: str, text: str) -> Service:
    """A service from its parameter's JSON; raises BadService. Keys that are not known are of a later release."""
    try:
        row: dict[str, Any] = document(text)
        found = Service(
            name=name,
            port=int(row["port"]),
            path=_text(row, "path") or "/",
            host=_text(row, "host"),
            health_path=_text(row, "health_path") or "/health",
            timeout=int(row.get("timeout") or 60),
            rate=int(row.get("rate") or 0),
            max_body=int(row.get("max_body") or 0),
            public=row.get("public") is True,
            sticky=_text(row, "sticky"),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise BadService(f"{name}: {type(error).__name__}: {error}") from None
    checks = (
        (NAME.fullmatch(found.name), "name"),
        (0 < found.port < 65536, "port"),
        (PATH.fullmatch(found.path), "path"),
        (not found.host or HOST.fullmatch(found.host), "host"),
        (HEALTH_PATH.fullmatch(found.health_path), "health_path"),
        (0 < found.timeout <= 86400, "timeout"),
        (found.rate >= 0, "rate"),
        (0 <= found.max_body < 2**32, "max_body"),
        (STICKY.fullmatch(found.sticky), "sticky"),
        (found.path == "/" or not found.host, "path beside host"),
        (found.path != "/.gateway" and not found.path.startswith("/.gateway/"), "path"),
    )
    wrong = next((what for is_fine, what in checks if not is_fine), None)
    if wrong:
        raise BadService(f"{name}: {wrong} is not usable")
    return found


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key) or ""
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value
