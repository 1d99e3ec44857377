"""Which task this is."""

from __future__ import annotations

import http.client
import json
import socket
import urllib.request


def task_id(metadata: str) -> str:
    """Id of the ECS task; the host name where there is no metadata endpoint.

    Source: Amazon ECS task metadata endpoint version 4, `TaskARN` of `${ECS_CONTAINER_METADATA_URI_V4}/task`.
    """
    if not metadata.startswith(("http://", "https://")):
        return socket.gethostname()
    try:
        with urllib.request.urlopen(f"{metadata}/task", timeout=3) as answer:  # noqa: S310 - checked above
            return str(json.load(answer)["TaskARN"]).rpartition("/")[2]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return socket.gethostname()
