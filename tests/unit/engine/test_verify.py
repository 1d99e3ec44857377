"""Proof that a service answers: three good answers in a row, in time."""

from __future__ import annotations

import http.client
import io
from collections.abc import Iterator
from typing import Any, cast

import pytest

from scripts.engine import request
from scripts.engine.request import Address
from scripts.engine.verify import Proof, answers, ask

GOOD = Proof(True, "HTTP 200", 4.0)
SLOW = Proof(True, "HTTP 200", 250.4)
BAD = Proof(False, "HTTP 502")
NONE = Proof(False, "no answer: timed out")


class Asker:
    """Gives the proofs one after the other, the last again and again; only pauses move its clock."""

    def __init__(self, *proofs: Proof, stop_after: int = 10_000) -> None:
        self.rows: Iterator[Proof] = iter(proofs)
        self.last, self.asked, self.stop_after = proofs[-1], 0, stop_after
        self.now = 0.0
        self.pauses: list[float] = []

    def get(self, url: str) -> Proof:
        assert url == "http://lb/health"
        self.asked += 1
        return next(self.rows, self.last)

    def cancelled(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        self.now += seconds
        return len(self.pauses) >= self.stop_after

    def run(self, timeout: float = 20.0) -> Proof:
        return answers(
            "http://lb/health", timeout=timeout, cancelled=self.cancelled, get=self.get, clock=lambda: self.now
        )


def test_three_good_answers_are_proof() -> None:
    asker = Asker(GOOD, SLOW, GOOD)
    assert asker.run() == Proof(True, "HTTP 200, 3 times in a row, 250 ms at most", 250.4)
    assert asker.asked == 3
    assert asker.pauses == [0.0, 0.0]


def test_the_slowest_of_the_row_is_told_and_no_earlier_answer() -> None:
    assert Asker(SLOW, BAD, GOOD, GOOD, GOOD).run().milliseconds == 4.0


def test_a_bad_answer_begins_the_row_anew() -> None:
    asker = Asker(GOOD, GOOD, BAD, GOOD, GOOD, GOOD)
    assert asker.run().good
    assert asker.asked == 6
    assert asker.pauses == [0.0, 0.0, 0.5, 0.0, 0.0]


def test_it_waits_for_a_load_balancer_that_does_not_know_the_way_yet() -> None:
    asker = Asker(NONE, BAD, BAD, GOOD)
    assert asker.run().good
    assert asker.pauses[:3] == [0.5, 0.5, 0.5]


def test_the_last_bad_answer_is_the_reason() -> None:
    asker = Asker(NONE, BAD)
    assert asker.run(timeout=5.0) == BAD
    assert 5.0 <= asker.now < 6.0


def test_good_and_bad_in_turn_is_not_steady() -> None:
    asker = Asker(*[BAD, GOOD] * 1000)
    proof = asker.run(timeout=5.0)
    assert proof in (BAD, Proof(False, "not steady"))
    assert not proof.good


def test_a_cancel_is_no_proof() -> None:
    assert not Asker(GOOD, stop_after=1).run().good
    assert Asker(BAD, stop_after=1).run() == BAD


class FakeSocket:
    """Answers one request and keeps what was asked."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.sent = answer, b""

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def makefile(self, *_: Any, **__: Any) -> io.BytesIO:
        return io.BytesIO(self.answer)

    def close(self) -> None:
        """Nothing to close."""


def connecting(monkeypatch: pytest.MonkeyPatch, answer: bytes | OSError) -> tuple[FakeSocket, list[Address]]:
    """Have requests reach a fake server, or no server."""
    fake, seen = FakeSocket(answer if isinstance(answer, bytes) else b""), list[Address]()

    def connect(where: Address, timeout: float) -> tuple[http.client.HTTPConnection, float]:
        seen.append(where)
        if isinstance(answer, OSError):
            raise answer
        made = http.client.HTTPConnection(where.host, where.port, timeout=timeout)
        made.sock = cast(Any, fake)
        return made, 0.1

    monkeypatch.setattr(request, "_connect", connect)
    return fake, seen


@pytest.mark.parametrize(
    ("answer", "good", "text"),
    [
        (b"HTTP/1.1 200 OK", True, "HTTP 200"),
        (b"HTTP/1.1 204 No Content", True, "HTTP 204"),
        (b"HTTP/1.1 301 Moved", True, "HTTP 301"),
        (b"HTTP/1.1 399 Odd", True, "HTTP 399"),
        (b"HTTP/1.1 400 Bad", False, "HTTP 400"),
        (b"HTTP/1.1 404 Not Found", False, "HTTP 404"),
        (b"HTTP/1.1 500 Wrong", False, "HTTP 500"),
        (ConnectionRefusedError(111, "Connection refused"), False, "Connection refused"),
        (TimeoutError("timed out"), False, "no answer: timed out"),
        (ConnectionResetError(104, "Connection reset by peer"), False, "Connection reset by peer"),
        (b"SSH-2.0-OpenSSH", False, "no answer: SSH-2.0-OpenSSH"),
    ],
)
def test_one_answer(monkeypatch: pytest.MonkeyPatch, answer: bytes | OSError, good: bool, text: str) -> None:
    connecting(monkeypatch, answer + b"\r\nContent-Length: 0\r\n\r\n" if isinstance(answer, bytes) else answer)
    proof = ask("http://lb/health")
    assert proof.good is good
    assert text in proof.text


def test_no_address_is_no_answer() -> None:
    assert ask("http://lb:port/health").text.startswith("no answer: ")


def test_a_host_is_asked_at_the_load_balancer(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, seen = connecting(monkeypatch, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert ask("http://shop.example.com/health", via="http://127.0.0.1:4566/_alb/slipway-local").good
    assert (seen[0].connect_to, seen[0].connect_port) == ("127.0.0.1", 4566)
    assert fake.sent.startswith(b"GET /_alb/slipway-local/health HTTP/1.1\r\n")
    assert b"\r\nHost: shop.example.com\r\n" in fake.sent
