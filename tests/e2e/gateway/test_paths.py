"""Paths as attackers spell them: what a policy protects stays protected, each with the answer that it has to get."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.gateway.agent_process import Gateway
from tests.e2e.gateway.behind import behind
from tests.e2e.gateway.raw import exchange
from tests.e2e.gateway.upstream import Upstream

POLICIES = """
@id("open") @description("all but the administration") permit (principal, action, resource in Path::"/app")
unless { resource in Path::"/app/admin" };
"""
PATHS = {
    "/app": (200, "/"),
    "/app/": (200, "/"),
    "/app/x": (200, "/x"),
    "/app?x=/app/admin": (200, "/?x=/app/admin"),
    "/app/admin": (401, ""),
    "/app/admin/": (401, ""),
    "/app/admin/x": (401, ""),
    "/app/admin?x": (401, ""),
    "/app/admin#x": (400, ""),
    "/app/./admin": (401, ""),
    "/app/x/../admin": (401, ""),
    "/app/x/%2e%2e/admin": (401, ""),
    "/app/x/.%2E/admin": (401, ""),
    "/app/%2e/admin": (401, ""),
    "/app/../app/admin": (401, ""),
    "//app/admin": (401, ""),
    "/app//admin": (401, ""),
    "/app///admin//x": (401, ""),
    "/app/x//../admin": (200, "/x/admin"),
    "/app/%61dmin": (401, ""),
    "/app/adm%69n": (401, ""),
    "/app%2Fadmin": (400, ""),
    "/app%2fadmin": (400, ""),
    "/app/%2Fadmin": (400, ""),
    "/app%5Cadmin": (400, ""),
    "/app\\admin": (401, ""),
    "/app/x/..%2fadmin": (400, ""),
    "/app/x/..\\admin": (401, ""),
    "/app/%252e%252e/admin": (200, "/%252e%252e/admin"),
    "/app/%2561dmin": (200, "/%2561dmin"),
    "/app/admin%00": (400, ""),
    "/app/%00admin": (400, ""),
    "/app/admin;x=1": (200, "/admin;x=1"),
    "/app/Admin": (200, "/Admin"),
    "/app/admin%20": (200, "/admin%20"),
    "/app/admin.": (200, "/admin."),
    "/app/adminx": (200, "/adminx"),
    "/app/..": (401, ""),
    "/../app/admin": (401, ""),
    "/..": (401, ""),
    "/appx": (401, ""),
    "/APP/admin": (401, ""),
    "/.gateway": (401, ""),
    "/.gateway/": (401, ""),
    "/.gateway/health/app": (200, "/health"),
    "/.gateway/health/app/../../../app/admin": (401, ""),
    "/.gateway/health/app/": (401, ""),
    "/.gateway/health/other": (401, ""),
    "/.gateway/policy/": (401, ""),
    "/.gateway/policy/pol-000000000000": (401, ""),
    "/.gateway/policy/../../app/admin": (401, ""),
    "http://other/app/admin": (401, ""),
    "http://other/app/x": (200, "/x"),
    "/app/\x01admin": (400, ""),
    "*": (400, ""),
    "app/admin": (400, ""),
    "": (400, ""),
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    app = Upstream("app")
    with behind(tmp_path_factory.mktemp("g"), app, POLICIES, {"app": {"path": "/app"}}) as made:
        yield made
    app.close()


def raw(gateway: Gateway, text: str) -> bytes:
    """The answer to a request as it is written; empty when there is none."""
    answers = exchange(gateway.port, text.encode("latin-1"), seconds=20)
    return answers[0] if answers else b""


@pytest.mark.parametrize("path", PATHS)
def test_paths(gateway: Gateway, path: str) -> None:
    status, arrives = PATHS[path]
    answer = raw(gateway, f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert int(answer.split(b" ", 2)[1]) == status, answer
    if arrives and arrives != "/health":
        assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["path"] == arrives


def test_many_headers_and_long_ones_are_refused(gateway: Gateway) -> None:
    many = "".join(f"x-{count}: 1\r\n" for count in range(150))
    assert raw(gateway, f"GET /app HTTP/1.1\r\nhost: x\r\n{many}\r\n").split(b" ", 2)[1] == b"431"
    long = f"x: {'y' * 40_000}\r\n"
    assert raw(gateway, f"GET /app HTTP/1.1\r\nhost: x\r\n{long}\r\n").split(b" ", 2)[1] == b"431"


def test_unknown_methods_are_denied(gateway: Gateway) -> None:
    for method in ("PURGE", "TRACE", "PROPFIND", "get"):
        answer = raw(gateway, f"{method} /app HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert answer.split(b" ", 2)[1] in (b"400", b"401"), (method, answer)
