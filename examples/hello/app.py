"""A small service that says which version answers, and from which task."""

from __future__ import annotations

import json
import logging
import os
import socket
from functools import cache
from urllib.request import urlopen

import uvicorn
from fastapi import FastAPI

MESSAGE = "Hello from Slipway"
DRAIN_SECONDS = 8
"""What requests in flight get after SIGTERM; stays below the task's stop timeout of 10 s."""

app = FastAPI(title="hello")


@app.get("/health")
def health() -> dict[str, str]:
    """What the load balancer asks."""
    return {"status": "ok"}


@app.get("/")
def index() -> dict[str, str]:
    """Who answers: service, version (image tag) and task."""
    return {
        "service": os.environ.get("SLIPWAY_SERVICE", "hello"),
        "version": os.environ.get("SLIPWAY_IMAGE_TAG", "unknown"),
        "task": task_id(),
        "message": MESSAGE,
    }


@cache
def task_id() -> str:
    """Id of the ECS task; the host name where there is no metadata endpoint.

    Source: Amazon ECS task metadata endpoint version 4, `TaskARN` of `${ECS_CONTAINER_METADATA_URI_V4}/task`.
    """
    endpoint = os.environ.get("ECS_CONTAINER_METADATA_URI_V4")
    if not endpoint:
        return socket.gethostname()
    try:
        with urlopen(f"{endpoint}/task", timeout=2) as answer:
            return str(json.load(answer)["TaskARN"]).rpartition("/")[2]
    except (OSError, ValueError, KeyError):
        return socket.gethostname()


def is_no_health_check(record: logging.LogRecord) -> bool:
    """Keeps the load balancer's questions, one in a few seconds, out of the access log."""
    return "GET /health " not in record.getMessage()


def main() -> None:
    """Serve until SIGTERM, then finish the requests in flight."""
    logging.getLogger("uvicorn.access").addFilter(is_no_health_check)
    port = int(os.environ.get("PORT", "8000"))
    uvicorn.run(app, host="0.0.0.0", port=port, timeout_graceful_shutdown=DRAIN_SECONDS)


if __name__ == "__main__":
    main()
