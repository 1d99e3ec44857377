"""The one call: at most eight seconds, never repeated."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

SECONDS = 8.0
"""Of connecting, asking and reading the answer."""


class NotHeardError(Exception):
    """Why there is no answer that could be used, as the end of a sentence."""


def converse(connect: Callable[[], Any], request: Mapping[str, Any], seconds: float = SECONDS) -> Any:
    """The response of the Converse API. Raises NotHeardError.

    A thread, because a socket's timeout starts anew with each packet: a server that trickles would hold us for ever.
    """
    said: list[Any] = []
    thread = threading.Thread(target=lambda: said.append(_attempt(connect, request)), daemon=True, name="assistant")
    thread.start()
    thread.join(seconds)
    if not said:
        raise NotHeardError(f"no answer within {seconds:g} s")
    if isinstance(said[0], Exception):
        raise NotHeardError(_told(said[0])) from said[0]
    return said[0]


def _attempt(connect: Callable[[], Any], request: Mapping[str, Any]) -> Any:
    try:
        return connect().converse(**request)
    except Exception as error:  # noqa: BLE001 - passed on to the caller's thread, which tells it
        return error


def _told(error: Exception) -> str:
    """The kind of failure; never the message, which may repeat what was sent."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, Mapping) else None
    return f"Amazon Bedrock answered {code}" if code else f"the call failed with {type(error).__name__}"
