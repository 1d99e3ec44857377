"""Delivery in order and within limits; a receiver in trouble is one warning."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from scripts.engine.errors import BadInput, Failed, Transient
from scripts.engine.notifying import attempts, delivery
from scripts.engine.notifying.attempts import MESSAGE_SECONDS, PAUSE_SECONDS, attempt
from scripts.engine.notifying.delivery import Mailbox, close
from scripts.engine.notifying.message import Message
from scripts.engine.notifying.receivers import Address, Busy
from settings.model import Notify
from tests.unit.documents import text_of
from tests.unit.engine.clouds import CONNECTION
from tests.unit.engine.notifying.messages import FAILED, LIVE, START

ADDRESS = Address(Notify("team", "slack", url="env:HOOK"), CONNECTION)


@dataclass
class Wire:
    """Answers in turn: an error is raised; the last answer stays."""

    answers: list[Any] = field(default_factory=lambda: ["HTTP 200"])
    told: list[str] = field(default_factory=list)

    def deliver(self, address: Address, message: Message, end: float) -> str:
        self.told.append(message.event)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return str(answer)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire()
    monkeypatch.setattr(attempts, "deliver", made.deliver)
    monkeypatch.setattr(attempts, "PAUSE_SECONDS", 0.0)
    return made


def busy(after: float | None) -> Busy:
    error = Busy("HTTP 429")
    error.after = after
    return error


@pytest.mark.parametrize(
    ("answers", "waited"),
    [
        (["HTTP 200"], []),
        ([Transient("HTTP 500"), "HTTP 200"], [PAUSE_SECONDS]),
        ([busy(3.0), "HTTP 200"], [3.0]),
        ([busy(None), "HTTP 200"], [PAUSE_SECONDS]),
    ],
)
def test_a_second_attempt(monkeypatch: pytest.MonkeyPatch, wire: Wire, answers: list[Any], waited: list[float]) -> None:
    monkeypatch.setattr(attempts, "PAUSE_SECONDS", PAUSE_SECONDS)
    wire.answers = answers
    pauses: list[float] = []
    assert attempt(ADDRESS, LIVE, pause=pauses.append) == "HTTP 200"
    assert pauses == waited


@pytest.mark.parametrize(
    ("answers", "attempts"),
    [
        ([Transient("HTTP 500")], 2),
        ([Failed("HTTP 404")], 1),
        ([BadInput("its address")], 1),
        ([busy(MESSAGE_SECONDS)], 1),
    ],
)
def test_then_it_is_given_up(wire: Wire, answers: list[Any], attempts: int) -> None:
    wire.answers = answers
    with pytest.raises(type(answers[0])):
        attempt(ADDRESS, LIVE, pause=lambda _: None)
    assert len(wire.told) == attempts


def mailbox(said: list[str], **settings: Any) -> Mailbox:
    return Mailbox(Notify("team", "slack", url="env:HOOK", **settings), CONNECTION, said.append)


def test_messages_arrive_in_order(wire: Wire) -> None:
    said: list[str] = []
    box = mailbox(said)
    box.put(START)
    box.put(LIVE)
    close([box])
    assert (wire.told, said) == (["start", "live"], [])


def test_only_what_a_receiver_asked_for(wire: Wire) -> None:
    box = mailbox([], on=("failed",))
    for message in (START, LIVE):
        box.put(message)
    assert box._thread is None
    box.put(FAILED)
    close([box])
    assert wire.told == ["failed"]


def test_trouble_is_one_warning_and_the_end_is_tried_all_the_same(wire: Wire) -> None:
    wire.answers = [Failed("HTTP 404")]
    said: list[str] = []
    box = mailbox(said)
    box.put(START)
    box.put(LIVE)
    close([box])
    assert wire.told == ["start", "live"]
    assert said == ["team was not told: HTTP 404"]


def test_one_that_hangs_is_left_behind_and_says_nothing_later(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "CLOSING_SECONDS", 0.05)
    release = threading.Event()
    wire.answers = [lambda: Failed("HTTP 500") if release.wait(60) else "HTTP 200"]
    said: list[str] = []
    boxes = [mailbox(said), mailbox(said)]
    for box in boxes:
        box.put(LIVE)
    close(boxes)
    assert said == ["team was not told: no answer in time"] * 2
    release.set()
    for box in boxes:
        assert box._thread is not None
        assert box._thread.daemon
        box._thread.join(60)
    assert len(said) == 2


def test_one_that_hangs_casts_no_doubt_on_the_others(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "CLOSING_SECONDS", 0.5)
    release = threading.Event()
    wire.answers = [lambda: release.wait(60) and "HTTP 200", "HTTP 200"]
    said: list[str] = []
    hanging, good = mailbox(said), mailbox(said)
    hanging.put(LIVE)
    while not wire.told:
        release.wait(0.01)
    good.receiver = Notify("good", "slack", url="env:HOOK")
    good.put(LIVE)
    close([hanging, good])
    release.set()
    assert said == ["team was not told: no answer in time"]


@pytest.mark.parametrize(
    ("number", "marker"),
    [
        (delivery.CLOSING_SECONDS, "closing"),
        (attempts.ATTEMPT_SECONDS, "attempt"),
        (attempts.PAUSE_SECONDS, "pause"),
        (attempts.MESSAGE_SECONDS, "message"),
    ],
)
def test_the_page_has_the_numbers(number: float, marker: str) -> None:
    assert f"<!-- {marker} -->{number:g} seconds<!-- /{marker} -->" in text_of("docs/notifications.md")
