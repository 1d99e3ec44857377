"""The application as the load balancer sees it: requests go straight into the ASGI interface, no socket is opened."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest

from examples.hello import app as hello


@pytest.fixture(autouse=True)
def _fresh_task_id() -> Iterator[None]:
    hello.task_id.cache_clear()
    yield
    hello.task_id.cache_clear()


def get(path: str) -> tuple[int, Any]:
    """Status and decoded body of a GET request."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
    }  # fmt: skip
    asyncio.run(hello.app(scope, receive, send))
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent[1:]))


def test_health() -> None:
    assert get("/health") == (200, {"status": "ok"})


def test_unknown_path_is_404() -> None:
    assert get("/nothing")[0] == 404


def test_index_names_service_version_and_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_SERVICE", "greeter")
    monkeypatch.setenv("SLIPWAY_IMAGE_TAG", "src-3f9c2a71b04d")
    monkeypatch.delenv("ECS_CONTAINER_METADATA_URI_V4", raising=False)
    expected = {
        "service": "greeter",
        "version": "src-3f9c2a71b04d",
        "task": socket.gethostname(),
        "message": hello.MESSAGE,
    }
    assert get("/") == (200, expected)


def answer_metadata(monkeypatch: pytest.MonkeyPatch, answer: bytes | OSError) -> list[str]:
    """Let the metadata endpoint answer; the list fills with the addresses that were asked."""
    asked: list[str] = []

    def urlopen(url: str, *, timeout: float) -> io.BytesIO:
        asked.append(url)
        if isinstance(answer, OSError):
            raise answer
        return io.BytesIO(answer)

    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", "http://169.254.170.2/v4/abc")
    monkeypatch.setattr(hello, "urlopen", urlopen)
    return asked


def test_task_comes_from_the_metadata_endpoint_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answer_metadata(monkeypatch, b'{"TaskARN": "arn:aws:ecs:us-east-1:000000000000:task/slipway/0123abcd"}')
    assert [get("/")[1]["task"], get("/")[1]["task"]] == ["0123abcd", "0123abcd"]
    assert asked == ["http://169.254.170.2/v4/abc/task"]


@pytest.mark.parametrize("answer", [OSError("no route"), b"not json", b"{}"])
def test_task_is_the_host_name_without_usable_metadata(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | OSError
) -> None:
    answer_metadata(monkeypatch, answer)
    assert get("/")[1]["task"] == socket.gethostname()


@pytest.mark.parametrize(("path", "kept"), [("/health", False), ("/", True), ("/healthy", True)])
def test_access_log_leaves_out_health_checks(path: str, *, kept: bool) -> None:
    line = '%s - "%s %s HTTP/%s" %d'
    record = logging.LogRecord(
        "uvicorn.access", logging.INFO, "", 0, line, ("10.0.0.1:1", "GET", path, "1.1", 200), None
    )
    assert hello.is_no_health_check(record) is kept
