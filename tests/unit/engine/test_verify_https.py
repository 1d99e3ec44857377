"""HTTPS is asked at the load balancer's own address, by the name that the certificate is for."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest

from scripts.engine import verify


class FakeSocket:
    """Answers one request and keeps what was asked."""

    def __init__(self) -> None:
        self.sent = b""

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def makefile(self, *_: Any, **__: Any) -> Any:
        import io

        return io.BytesIO(b"HTTP/1.1 204 No Content\r\n\r\n")

    def close(self) -> None:
        """Nothing to close."""


def test_connects_to_the_load_balancer_and_names_the_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSocket()
    seen: dict[str, object] = {}

    def connect(address: tuple[str, int], timeout: float) -> FakeSocket:
        seen["address"] = address
        return fake

    def wrap(self: ssl.SSLContext, sock: FakeSocket, server_hostname: str) -> FakeSocket:
        seen["name"] = server_hostname
        return sock

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", wrap)
    proof = verify.ask("https://shop.example.com/health", via="lb-1.elb.amazonaws.com")
    assert (proof.good, proof.text) == (True, "HTTP 204")
    assert seen == {"address": ("lb-1.elb.amazonaws.com", 443), "name": "shop.example.com"}
    assert b"GET /health HTTP/1.1\r\nHost: shop.example.com\r\n" in fake.sent


def test_a_certificate_of_another_name_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ssl.SSLCertVerificationError("hostname mismatch")

    monkeypatch.setattr(socket, "create_connection", refuse)
    proof = verify.ask("https://shop.example.com/health", via="lb-1.elb.amazonaws.com")
    assert not proof.good
    assert "hostname mismatch" in proof.text
