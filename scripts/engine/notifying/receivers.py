"""The kinds of receivers: what each is sent, where, and which answer means that it arrived."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scripts.engine.aws import translated
from scripts.engine.connection import Connection
from scripts.engine.errors import Failed, Transient
from scripts.engine.notifying.message import Message
from scripts.engine.notifying.post import Answer, post
from scripts.engine.notifying.signing import signed_headers
from scripts.engine.notifying.templates import payload, slack, subject, text, title
from scripts.engine.references import aws_for, is_reference, resolve
from settings.model import Notify

SLACK_API = "https://slack.com/api/chat.postMessage"
JSON = {"Content-Type": "application/json; charset=utf-8"}
CODE = re.compile(r"[a-z0-9_]{1,60}")


class Busy(Transient):
    """It asked to be left alone for a while."""

    after: float | None = None
    """Seconds."""


@dataclass
class Address:
    """Where a receiver is; what its settings only point to is read when it is first needed, once."""

    receiver: Notify
    connection: Connection

    @cached_property
    def url(self) -> str:
        """Where to post."""
        return self._read(self.receiver.url or SLACK_API)

    @cached_property
    def secret(self) -> str:
        """What to sign with, or the token."""
        return self._read(self.receiver.secret or "")

    @cached_property
    def sns(self) -> Any:
        """Client of the topic's region."""
        return aws_for(self.receiver.topic_arn or "", self.connection).client("sns")

    def _read(self, named: str) -> str:
        return resolve(named, self.connection) if is_reference(named) else named


def deliver(address: Address, message: Message, end: float) -> str:
    """Send a message, once; says what was answered. Raises Transient where a second try makes sense, else SlipwayError.

    `end` is on the monotonic clock.
    """
    return SENDERS[address.receiver.kind](address, message, end)


def _slack(address: Address, message: Message, end: float) -> str:
    return _accepted(post(address.url, _json(slack(message)), JSON, end=end))


def _slack_bot(address: Address, message: Message, end: float) -> str:
    """Slack answers 200 whatever happens; the body tells. Source: reference of chat.postMessage, "Errors"."""
    body = _json({"channel": address.receiver.channel, **slack(message)})
    answer = post(address.url, body, {**JSON, "Authorization": f"Bearer {address.secret}"}, end=end)
    said = _accepted(answer)
    try:
        found = json.loads(answer.body)
    except ValueError:
        found = None
    if isinstance(found, dict) and found.get("ok") is True:
        return f"{said}, ok"
    code = str(found.get("error")) if isinstance(found, dict) else ""
    raise Failed(f"Slack says {code}" if CODE.fullmatch(code) else "its answer is not one of Slack")


def _webhook(address: Address, message: Message, end: float) -> str:
    body = _json(payload(message))
    signed = signed_headers(address.secret, message.id, time.time(), body)
    return _accepted(post(address.url, body, {**JSON, **signed}, end=end))


def _sns(address: Address, message: Message, end: float) -> str:
    """People get text, programs JSON. botocore has its own timeouts and tries, and nobody waits for it past `end`."""
    told = {"event": message.event, "target": message.target, "project": message.project, "action": message.action}
    words, facts = text(message), _json(payload(message)).decode()
    by_protocol = {"default": words, "sms": title(message), **dict.fromkeys(("sqs", "lambda", "http", "https"), facts)}
    client = address.sns
    with translated("publish"):
        answer = client.publish(
            TopicArn=address.receiver.topic_arn,
            Subject=subject(message),
            MessageStructure="json",
            Message=json.dumps(by_protocol),
            MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in told.items()}
            | _services(message),
        )
    return f"published as {answer['MessageId']}"


def _services(message: Message) -> dict[str, Any]:
    names = list(message.services)
    return {"services": {"DataType": "String.Array", "StringValue": json.dumps(names)}} if names else {}


SENDERS: dict[str, Callable[[Address, Message, float], str]] = {
    "slack": _slack,
    "slack-bot": _slack_bot,
    "webhook": _webhook,
    "sns": _sns,
}


def _accepted(answer: Answer) -> str:
    """What was answered; only 2xx means that it arrived."""
    said = f"HTTP {answer.status}"
    if 200 <= answer.status < 300:
        return said
    if answer.status == 429 or answer.status >= 500:
        busy = Busy(said)
        busy.after = answer.retry_after
        raise busy
    raise Failed(f"{said}, redirects are not followed" if 300 <= answer.status < 400 else said)


def _json(facts: Any) -> bytes:
    return json.dumps(facts, separators=(",", ":"), default=str).encode()
