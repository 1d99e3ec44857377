"""What of a deploy is told: a beginning that changes something, and its end, however it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scripts.engine.deploying import deploy
from scripts.engine.errors import Failed, Refused
from scripts.engine.events import Event
from scripts.engine.model import Verdict
from scripts.engine.notifying import attempts
from scripts.engine.notifying.message import EVENT_OF, Message
from scripts.engine.notifying.receivers import Address
from scripts.engine.notifying.telling import telling
from scripts.engine.notifying.templates import payload, title
from scripts.engine.outcome import report
from scripts.engine.world import World
from settings.model import Notify
from tests.unit.documents import text_of
from tests.unit.engine.shells import FakeShell, said
from tests.unit.engine.targets import Target, edit

RECEIVER = Notify("team", "webhook", url="https://board.example", secret="env:KEY")


@pytest.fixture
def told(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """Every message that a receiver of the world's target gets."""
    found: list[Message] = []

    def deliver(_: Address, message: Message, end: float) -> str:
        found.append(message)
        return "HTTP 200"

    monkeypatch.setattr(attempts, "deliver", deliver)
    world.settings = replace(world.settings, target=replace(world.settings.target, notify=(RECEIVER,)))
    return found


def carry_out(world: World) -> Event:
    with telling(world) as tell:
        return tell(report(world, deploy(world, [])))


def test_a_deploy_is_told_at_its_start_and_when_it_is_live(world: World, target: Target, told: list[Message]) -> None:
    edit(target.settings)
    facts = carry_out(world)
    assert facts["verdict"] == "live"
    start, live = told
    assert (start.event, start.verdict, start.seconds, start.deployment) == ("start", None, None, facts["deployment"])
    assert (live.event, live.verdict, live.seconds) == ("live", "live", facts["seconds"])
    assert set(start.services) == set(live.services) == {"hello"}
    row = live.services["hello"]
    assert {key: row[key] for key in ("image_tag", "digest", "url", "verdict")} == {
        key: facts["services"]["hello"][key] for key in ("image_tag", "digest", "url", "verdict")
    }
    assert row["previous_tag"] not in (None, row["image_tag"])
    assert start.services["hello"]["url"] == row["url"]
    assert len({start.id, live.id}) == 2
    assert "." not in start.id + live.id, "it would end there in what is signed"


def test_nothing_to_do_is_told_to_nobody(world: World, told: list[Message]) -> None:
    assert carry_out(world)["verdict"] == "unchanged"
    assert told == []


def test_a_refusal_before_the_lock_is_told_to_nobody(world: World, target: Target, told: list[Message]) -> None:
    edit(target.settings)
    with pytest.raises(Refused), telling(world):
        raise Refused("hello is being deployed by somebody")
    assert told == []
    assert world.events.listeners == world.events.listeners[:1]


def test_a_failure_is_told_with_its_error(world: World, target: Target, told: list[Message]) -> None:
    edit(target.settings)
    assert isinstance(world.shell, FakeShell)
    world.shell.rows = (*world.shell.rows, ("build", said("ERROR: no", code=1)))
    facts = carry_out(world)
    assert [message.event for message in told] == ["start", "failed"]
    assert told[-1].error == {key: facts["error"][key] for key in ("what", "where", "remedy")}


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (Failed("password=hunter2secret is wrong", where="x"), ("failed", "[...]")),
        (ZeroDivisionError("hunter2secret"), ("failed", "ended by ZeroDivisionError")),
        (KeyboardInterrupt(), ("stopped", "ended by KeyboardInterrupt")),
    ],
)
@pytest.mark.usefixtures("target")
def test_an_end_without_a_report_is_told_too(
    world: World, told: list[Message], error: BaseException, ended: tuple[str, str]
) -> None:
    verdict, what = ended
    edit(world.settings)
    with pytest.raises(type(error)):
        raise_after_a_deploy(world, error)
    assert [(message.event, message.verdict) for message in told] == [("start", None), ("failed", verdict)]
    assert told[-1].error is not None
    assert what in told[-1].error["what"]
    assert "hunter2secret" not in told[-1].error["what"]


def raise_after_a_deploy(world: World, error: BaseException) -> None:
    with telling(world):
        deploy(world, [])
        raise error


@pytest.mark.parametrize("verdict", EVENT_OF)
def test_every_verdict_has_its_event(world: World, target: Target, told: list[Message], verdict: Verdict) -> None:
    edit(target.settings)
    with telling(world) as tell:
        facts = report(world, deploy(world, []))
        tell({**facts, "verdict": str(verdict)})
    assert told[-1].event == EVENT_OF[verdict]
    assert payload(told[-1])["data"]["verdict"] == verdict


def test_a_removal_is_told(world: World, told: list[Message]) -> None:
    facts = {"deployment": "d", "action": "remove", "actor": "ann@box", "commit": None, "path": "remove"}
    with telling(world) as tell:
        world.events.emit("start", **facts, reason="removed: 1 stack", services={"hello": {"path": "remove"}})
        tell({"verdict": "removed", "seconds": 2.0, "services": {}})
    assert [(message.event, title(message)) for message in told] == [
        ("start", "Removing hello from staging"),
        ("live", "hello removed from staging after 2.0 s"),
    ]
    for message in told:
        Draft202012Validator(json.loads(text_of("docs/notification.schema.json"))).validate(payload(message))


def test_a_receiver_that_fails_is_a_warning_before_the_report(
    world: World, target: Target, heard: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> str:
        raise Failed("HTTP 404")

    monkeypatch.setattr(attempts, "deliver", fail)
    world.settings = replace(world.settings, target=replace(world.settings.target, notify=(RECEIVER,)))
    edit(target.settings)
    assert carry_out(world)["verdict"] == "live"
    assert [event["text"] for event in heard if event["event"] == "warning"] == ["team was not told: HTTP 404"]
