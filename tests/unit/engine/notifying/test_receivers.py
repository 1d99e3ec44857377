"""What each kind of receiver is sent, and which answers count."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from scripts.engine import references
from scripts.engine.errors import Failed, SlipwayError, Transient
from scripts.engine.notifying import receivers
from scripts.engine.notifying.post import Answer
from scripts.engine.notifying.receivers import SLACK_API, Address, Busy, deliver
from scripts.engine.notifying.signing import signed_headers
from scripts.engine.notifying.templates import payload, slack, text
from settings import rules
from settings.model import Notify
from tests.unit.engine.clouds import CONNECTION, Cloud, Refusal
from tests.unit.engine.notifying.messages import LIVE

HOOK = "https://hooks.example/services/T000/B000/hush"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOPIC = "arn:aws:sns:eu-central-1:111111111111:deploys"
SLACK = Notify("team", "slack", url="env:HOOK")
BOT = Notify("bot", "slack-bot", secret="env:TOKEN", channel="#deploys")
WEBHOOK = Notify("board", "webhook", url=HOOK, secret="env:KEY")
SNS = Notify("topic", "sns", topic_arn=TOPIC)


@dataclass
class Wire:
    """Takes what would be posted."""

    answer: Answer = field(default_factory=lambda: Answer(200, b"ok"))
    sent: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def post(self, url: str, body: bytes, headers: dict[str, str], *, end: float) -> Answer:
        self.sent.append((url, json.loads(body), headers))
        self.bodies.append(body)
        return self.answer


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire()
    monkeypatch.setattr(receivers, "post", made.post)
    for name, value in (("HOOK", HOOK), ("TOKEN", "xoxb-hush"), ("KEY", KEY)):
        monkeypatch.setenv(name, value)
    return made


def send(receiver: Notify) -> str:
    return deliver(Address(receiver, CONNECTION), LIVE, 0.0)


def test_every_kind_of_the_settings_has_a_sender() -> None:
    assert set(receivers.SENDERS) == set(rules.NOTIFY_KINDS)


def test_an_incoming_webhook_of_slack(wire: Wire) -> None:
    assert send(SLACK) == "HTTP 200"
    assert wire.sent == [(HOOK, slack(LIVE), receivers.JSON)]


def test_a_bot_of_slack(wire: Wire) -> None:
    wire.answer = Answer(200, b'{"ok": true, "ts": "1"}')
    assert send(BOT) == "HTTP 200, ok"
    ((url, body, headers),) = wire.sent
    assert (url, body) == (SLACK_API, {"channel": "#deploys", **slack(LIVE)})
    assert headers["Authorization"] == "Bearer xoxb-hush"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"ok": false, "error": "channel_not_found"}', "Slack says channel_not_found"),
        (b'{"ok": false, "error": "<script>\\n"}', "its answer is not one of Slack"),
        (b'{"ok": "true"}', "its answer is not one of Slack"),
        (b"[1]", "its answer is not one of Slack"),
        (b"\xff", "its answer is not one of Slack"),
        (b"", "its answer is not one of Slack"),
    ],
)
def test_slack_refuses_with_200(wire: Wire, body: bytes, said: str) -> None:
    wire.answer = Answer(200, body)
    with pytest.raises(Failed) as caught:
        send(BOT)
    assert str(caught.value) == said


def test_a_webhook_is_signed(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.engine.notifying.receivers.time.time", lambda: 1_769_860_805.5)
    assert send(WEBHOOK) == "HTTP 200"
    ((url, body, headers),) = wire.sent
    assert (url, body) == (HOOK, payload(LIVE))
    assert headers == {**receivers.JSON, **signed_headers(KEY, LIVE.id, 1_769_860_805.5, wire.bodies[0])}


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (Answer(204, b""), None, "HTTP 204"),
        (Answer(302, b""), Failed, "HTTP 302, redirects are not followed"),
        (Answer(404, b"no_service"), Failed, "HTTP 404"),
        (Answer(429, b"", 3.0), Busy, "HTTP 429"),
        (Answer(500, b""), Transient, "HTTP 500"),
    ],
)
def test_which_answers_count(wire: Wire, answer: Answer, kind: type[SlipwayError] | None, said: str) -> None:
    wire.answer = answer
    if kind is None:
        assert send(SLACK) == said
        return
    with pytest.raises(kind) as caught:
        send(SLACK)
    assert str(caught.value) == said
    assert not isinstance(caught.value, Busy) or caught.value.after == answer.retry_after


@pytest.fixture
def _topics(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "Aws", lambda connection: cloud.aws)
    cloud.answers["sns:Publish"] = {"MessageId": "m-1"}


@pytest.mark.usefixtures("_topics")
def test_a_topic_gets_text_for_people_and_json_for_programs(cloud: Cloud) -> None:
    assert send(SNS) == "published as m-1"
    (asked,) = cloud.parameters("sns:Publish")
    by_protocol = json.loads(asked["Message"])
    assert (asked["TopicArn"], asked["MessageStructure"]) == (TOPIC, "json")
    assert asked["Subject"] == "hello live on staging after 5.2 s"
    assert by_protocol["default"] == text(LIVE)
    for protocol in ("sqs", "lambda", "http", "https"):
        assert json.loads(by_protocol[protocol]) == payload(LIVE)
    attributes = {name: row["StringValue"] for name, row in asked["MessageAttributes"].items()}
    assert attributes == {
        "event": "live",
        "target": "staging",
        "project": "shop",
        "action": "deploy",
        "services": '["hello"]',
    }


@pytest.mark.usefixtures("_topics")
def test_a_topic_that_cannot_be_used(cloud: Cloud) -> None:
    cloud.answers["sns:Publish"] = Refusal("NotFound", "Topic does not exist", 404)
    with pytest.raises(Failed, match="NotFound: Topic does not exist"):
        send(SNS)


def test_nothing_is_read_before_it_is_needed_and_then_once(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def resolve(named: str, _: object) -> str:
        read.append(named)
        return KEY if named == "env:KEY" else HOOK

    monkeypatch.setattr(receivers, "resolve", resolve)
    address = Address(Notify("board", "webhook", url="env:HOOK", secret="env:KEY"), CONNECTION)
    assert read == []
    for _ in range(2):
        deliver(address, LIVE, 0.0)
    assert sorted(read) == ["env:HOOK", "env:KEY"]
    assert len(wire.sent) == 2
    assert "hush" not in repr(address)
    assert KEY not in repr(address)
