"""Events reach their listeners one at a time, with the time that stages really took."""

from __future__ import annotations

import threading

import pytest

from scripts.engine.events import STAGES, Event, Events


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_stages() -> None:
    assert STAGES == ("prepare", "source", "analyze", "build", "push", "update", "rollout", "verify")


def test_every_listener_hears_every_event_with_its_time() -> None:
    clock, first, second = Clock(), list[Event](), list[Event]()
    events = Events(first.append, second.append, clock=clock)
    clock.now += 1.23456
    events.emit("notice", code="x", text="y")
    assert first == second == [{"event": "notice", "at": 1.235, "code": "x", "text": "y"}]


def test_a_stage_is_measured_and_kept_for_the_report() -> None:
    clock, heard = Clock(), list[Event]()
    events = Events(heard.append, clock=clock)
    clock.now += 2.0
    with events.stage("build", "hello", "begins") as told:
        clock.now += 1.5
        told["text"] = "built"
    assert heard == [
        {"event": "stage", "at": 2.0, "stage": "build", "service": "hello", "text": "begins"},
        {
            "event": "stage_done",
            "at": 3.5,
            "stage": "build",
            "service": "hello",
            "seconds": 1.5,
            "ok": True,
            "text": "built",
        },
    ]
    assert events.stages == [{"name": "build", "service": "hello", "seconds": 1.5, "started": 2.0, "ok": True}]


def test_a_stage_that_raises_is_told_and_the_error_rises() -> None:
    heard = list[Event]()
    events = Events(heard.append, clock=Clock())
    with pytest.raises(KeyError), events.stage("push"):
        raise KeyError("x")
    assert [(event["event"], event.get("ok")) for event in heard] == [("stage", None), ("stage_done", False)]
    assert events.stages[0]["ok"] is False


def test_stages_of_several_services_run_side_by_side() -> None:
    clock = Clock()
    events = Events(clock=clock)
    with events.stage("build", "a"):
        clock.now += 1
        with events.stage("build", "b"):
            clock.now += 2
    assert [(row["service"], row["seconds"], row["started"]) for row in events.stages] == [("b", 2, 1), ("a", 3, 0)]


def test_listeners_hear_one_event_at_a_time() -> None:
    inside, most = 0, 0

    def listen(event: Event) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        threading.Event().wait(0.001)
        inside -= 1

    events = Events(listen)
    threads = [threading.Thread(target=events.emit, args=("notice",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
