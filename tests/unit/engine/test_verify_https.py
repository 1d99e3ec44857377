"""HTTPS is asked at the load balancer's own address, by the name that the certificate is for."""

from __future__ import annotations

import io
import socket
import ssl
from typing import Any

import pytest

from scripts.engine import request, verify


class FakeSocket:
    """Answers one request and keeps what was asked."""

    def __init__(self) -> None:
        self.sent = b""
        self.connected: tuple[str, int] | None = None

    def settimeout(self, seconds: float) -> None:
        """Never slow."""

    def setsockopt(self, *_: object) -> None:
        """Nothing to set."""

    def connect(self, at: tuple[str, int]) -> None:
        self.connected = at

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def makefile(self, *_: Any, **__: Any) -> Any:
        return io.BytesIO(b"HTTP/1.1 204 No Content\r\n\r\n")

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeSocket:
    made = FakeSocket()
    monkeypatch.setattr(request, "_resolved", lambda where: (2, 1, 6, "", (where.connect_to, where.connect_port)))
    monkeypatch.setattr(socket, "socket", lambda *_: made)
    return made


def test_connects_to_the_load_balancer_and_names_the_domain(fake: FakeSocket, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def wrap(self: ssl.SSLContext, sock: FakeSocket, server_hostname: str) -> FakeSocket:
        names.append(server_hostname)
        return sock

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", wrap)
    proof = verify.ask("https://shop.example.com/health", via="https://lb-1.elb.amazonaws.com")
    assert (proof.good, proof.text) == (True, "HTTP 204")
    assert (fake.connected, names) == (("lb-1.elb.amazonaws.com", 443), ["shop.example.com"])
    assert fake.sent.startswith(b"GET /health HTTP/1.1\r\n")
    assert b"\r\nHost: shop.example.com\r\n" in fake.sent


def test_a_certificate_of_another_name_is_no_answer(fake: FakeSocket, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ssl.SSLCertVerificationError("hostname mismatch")

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", refuse)
    proof = verify.ask("https://shop.example.com/health", via="https://lb-1.elb.amazonaws.com")
    assert not proof.good
    assert "hostname mismatch" in proof.text
