"""Proof that a service answers: three good answers in a row, in time."""

from __future__ import annotations

import http.client
import io
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from types import TracebackType
from typing import Any, Self

import pytest

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


class Opener:
    """Answers like a server, without a socket."""

    def __init__(self, answer: int | Exception) -> None:
        self.answer = answer
        self.status = answer if isinstance(answer, int) else 0

    def open(self, url: str, timeout: float) -> Self:
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer >= 300:
            raise urllib.error.HTTPError(url, self.answer, "", Message(), io.BytesIO())
        return self

    def read(self, size: int) -> bytes:
        return b"x" * size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        return None


@pytest.mark.parametrize(
    ("answer", "good", "text"),
    [
        (200, True, "HTTP 200"),
        (204, True, "HTTP 204"),
        (301, True, "HTTP 301"),
        (399, True, "HTTP 399"),
        (400, False, "HTTP 400"),
        (404, False, "HTTP 404"),
        (500, False, "HTTP 500"),
        (urllib.error.URLError(ConnectionRefusedError(111, "Connection refused")), False, "Connection refused"),
        (TimeoutError("timed out"), False, "no answer: timed out"),
        (ConnectionResetError(104, "Connection reset by peer"), False, "Connection reset by peer"),
        (ValueError("unknown url type: 'x'"), False, "no answer: unknown url type: 'x'"),
        (http.client.BadStatusLine("SSH-2.0-OpenSSH"), False, "no answer: SSH-2.0-OpenSSH"),
    ],
)
def test_one_answer(monkeypatch: pytest.MonkeyPatch, answer: Any, good: bool, text: str) -> None:
    monkeypatch.setattr(urllib.request, "build_opener", lambda *handlers: Opener(answer))
    proof = ask("http://lb/health")
    assert proof.good is good
    assert text in proof.text
