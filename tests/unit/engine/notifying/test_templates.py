"""What people and programs read of a message; nothing that others wrote breaks out of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scripts.engine.model import Verdict
from scripts.engine.notifying.message import EVENT_OF, Message, changed
from scripts.engine.notifying.templates import escape, payload, slack, subject, text, title
from tests.unit.documents import ROOT
from tests.unit.engine.notifying.messages import EVERY, FAILED, LIVE, ROW, START, TEST

SCHEMA: dict[str, Any] = json.loads((ROOT / "docs/notification.schema.json").read_text("utf-8"))
MANY = replace(LIVE, services={f"service-{n}": ROW for n in range(100)})
HOSTILE = replace(
    FAILED,
    actor="<!channel> & <@U1>",
    reason="<https://evil.example|click>" * 50,
    error={"what": "&<>" * 5000, "where": "a\nb\x1b[31mc", "remedy": "<" * 5000},
)
every_message = pytest.mark.parametrize("message", [*EVERY, MANY, HOSTILE], ids=lambda m: f"{m.action}-{m.verdict}")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (START, "Deploying hello to staging"),
        (LIVE, "hello live on staging after 5.2 s"),
        (FAILED, "Deploying hello to staging failed after 12.0 s"),
        (replace(FAILED, event="rolled_back", verdict="rolled_back"),
         "Deploying hello to staging failed, the version before serves after 12.0 s"),
        (replace(FAILED, verdict="timed_out"), "Deploying hello to staging timed out after 12.0 s"),
        (replace(FAILED, verdict="stopped", action="rollback"),
         "Rolling hello back on staging was stopped after 12.0 s"),
        (replace(START, services=dict.fromkeys("abcde", ROW)), "Deploying a, b, c and 2 more to staging"),
        (replace(START, services={}), "Deploying stacks to staging"),
        (TEST, "Test message of shop for target staging"),
    ],
)  # fmt: skip
def test_titles(message: Message, expected: str) -> None:
    assert title(message) == expected


def test_a_text_says_what_who_why_and_where_to_go_on() -> None:
    assert text(LIVE).splitlines() == [
        "hello live on staging after 5.2 s",
        "",
        "Target: shop on staging",
        "hello: src-new (was src-old), live",
        "Commit: a1b2c3d4e5f6, with uncommitted changes",
        "Path: fast: hello: 1 file changed",
        "By: ann@box",
        "Next: ./poe show 20260131T120000Z-0a1b2c",
        "Link: https://shop.example.com/hello",
    ]
    assert "Error: build hello: exit code 1\nNext: correct the Dockerfile" in text(FAILED)


@every_message
def test_programs_get_what_the_schema_promises(message: Message) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    facts = json.loads(json.dumps(payload(message)))
    Draft202012Validator(SCHEMA).validate(facts)
    promised = SCHEMA["properties"]["data"]
    assert len(json.dumps(facts)) < 60_000, "SNS takes 256 KB, of four of them and the text"
    assert set(facts["data"]) == set(promised["properties"]) == set(promised["required"])
    for row in facts["data"]["services"].values():
        assert set(row) == set(promised["properties"]["services"]["additionalProperties"]["properties"])


def test_every_event_is_in_the_schema() -> None:
    types = SCHEMA["properties"]["type"]["enum"]
    assert set(types) == {f"slipway.{event}" for event in {"start", "test", *EVENT_OF.values()}}
    assert set(EVENT_OF) == set(Verdict) - {Verdict.UNCHANGED}


@every_message
def test_slack_takes_it(message: Message) -> None:
    body = slack(message)
    assert len(body["blocks"]) <= 50
    header, *others = body["blocks"]
    assert header["text"]["type"] == "plain_text"
    assert len(header["text"]["text"]) <= 150
    for block in others:
        parts = block.get("fields", []) + block.get("elements", []) + list(filter(None, [block.get("text")]))
        assert 0 < len(parts) <= 10
        for part in parts:
            assert (part["type"], part["verbatim"]) == ("mrkdwn", True)
            assert len(part["text"]) <= (2000 if "fields" in block else 3000)
    assert len(body["text"]) <= 4000


def test_what_others_wrote_neither_mentions_nor_links_in_slack() -> None:
    body = json.dumps(slack(HOSTILE), ensure_ascii=False)
    links = re.findall(r"<([^>]*)>", body)
    assert links == ["https://shop.example.com/hello|hello"]
    assert "&lt;!channel&gt; &amp; &lt;@U1&gt;" in body
    assert "\\u001b" not in body
    assert re.findall(r"&(?!amp;|lt;|gt;)", body) == []


def test_only_web_addresses_become_links() -> None:
    message = replace(LIVE, services={"hello": {**ROW, "url": "javascript:alert(1)"}})
    assert "javascript" not in json.dumps(slack(message)) + text(message)


def test_escaping_is_slacks() -> None:
    assert escape("a < b && c > d &amp;") == "a &lt; b &amp;&amp; c &gt; d &amp;amp;"


@pytest.mark.parametrize("name", ["hello", "höllo\nX" * 40])
def test_a_subject_is_one_that_sns_takes(name: str) -> None:
    found = subject(replace(LIVE, services={name: ROW}))
    assert found.isascii()
    assert found.isprintable()
    assert 0 < len(found) < 100


def test_services_that_nothing_happens_to_are_not_told() -> None:
    planned: dict[str, dict[str, Any]] = {
        "a": {"path": "none"},
        "b": {"path": "fast", "image_tag": "src-b", "build": True},
    }
    assert changed({"b": {"url": "http://b"}}, planned, {"b": {"verdict": "live"}}) == {
        "b": {**dict.fromkeys(ROW), "path": "fast", "image_tag": "src-b", "url": "http://b", "verdict": "live"}
    }
