"""Real deploys tell real receivers; receivers in trouble cost a deploy nothing but a warning."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from jsonschema import Draft202012Validator

from tests.e2e.project import ORIGIN, free_port
from tests.e2e.receiver import Post, Receiver, drip, flood, hang, in_turn, receiving, status
from tests.e2e.running import Event, Result, begins
from tests.e2e.workshop import Lane

SCHEMA = json.loads((ORIGIN / "docs/notification.schema.json").read_text("utf-8"))
KEY = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
TOKEN = "xoxb-hush-hush-hush"
ENVIRONMENT = {"BOARD_KEY": KEY, "BOT_TOKEN": TOKEN}
NO_BUILD = "FROM python:3.11-slim-bookworm\nRUN false\n"
CLOSING, NOISE = 2.0, 5.0
"""Seconds that a deploy waits for receivers at its end, and what busy machines add."""


@contextmanager
def told(lane: Lane, **receivers: dict[str, Any]) -> Iterator[None]:
    """The target names these receivers as long as the block runs."""
    before = lane.project.read("slipway.toml")
    tables = [
        f"[targets.local.notify.{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in row.items())
        for name, row in receivers.items()
    ]
    lane.project.write("slipway.toml", "\n".join([before, *tables]))
    try:
        yield
    finally:
        lane.project.write("slipway.toml", before)


def run(lane: Lane, verb: str, *words: str, expect: int | None = 0) -> Result:
    return lane.project.run(verb, *words, expect=expect, env=ENVIRONMENT)


def deploy(lane: Lane, expect: int | None = 0) -> Result:
    return run(lane, "deploy", "--json", lane.name, expect=expect)


def board(receiver: Receiver, **keys: Any) -> dict[str, Any]:
    return {"kind": "webhook", "url": receiver.url(), "secret": "env:BOARD_KEY", **keys}


def checked(post: Post) -> Event:
    """The message of a signed post, as a receiver would check it."""
    key = base64.b64decode(KEY.removeprefix("whsec_"))
    content = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode() + post.body
    wanted = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert post.headers["webhook-signature"] == wanted
    assert abs(time.time() - int(post.headers["webhook-timestamp"])) < 300
    Draft202012Validator(SCHEMA).validate(post.facts)
    return post.facts


def warnings(result: Result) -> list[str]:
    return [event["text"] for event in result.kind("warning")]


def test_from_the_start_to_the_end_and_back_again(lane: Lane) -> None:
    with receiving(status(200)) as receiver, told(lane, board=board(receiver)):
        lane.make()
        report = deploy(lane).report
        start, live = map(checked, receiver.posts)
        assert (start["type"], live["type"]) == ("slipway.start", "slipway.live")
        for message in (start["data"], live["data"]):
            assert message["deployment"] == report["deployment"]
            assert (message["action"], message["path"], message["target"]) == ("deploy", "fast", "local")
            row = message["services"][lane.name]
            assert row["image_tag"] == report["services"][lane.name]["image_tag"] == lane.tag
            assert row["url"] == lane.url
        assert live["data"]["seconds"] == report["seconds"]
        assert live["data"]["services"][lane.name]["digest"] == report["services"][lane.name]["digest"]
        assert len({post.headers["webhook-id"] for post in receiver.posts}) == 2

        run(lane, "deploy", "--json", lane.name)
        run(lane, "deploy", "--json", "--dry-run", lane.name)
        run(lane, "plan")
        assert len(receiver.posts) == 2, "nothing was changed, nobody is told"

        run(lane, "rollback", "--json", lane.name)
        back = [checked(post)["data"] for post in receiver.posts[2:]]
        assert [(message["action"], message["verdict"]) for message in back] == [
            ("rollback", None),
            ("rollback", "live"),
        ]
    assert lane.deploy().report["verdict"] == "live"


def test_slack_as_hook_and_as_bot(lane: Lane) -> None:
    says_ok = status(200, b'{"ok": true}')
    with receiving(says_ok) as receiver:
        hook = {"kind": "slack", "url": receiver.url("/services/T0/B0/hush")}
        bot = {"kind": "slack-bot", "url": receiver.url("/api"), "secret": "env:BOT_TOKEN", "channel": "#deploys"}
        with told(lane, hook={**hook, "on": ["live"]}, bot={**bot, "on": ["live"]}):
            lane.make()
            result = deploy(lane)
        by_path = {post.path: post for post in receiver.posts}
    assert set(by_path) == {"/services/T0/B0/hush", "/api"}
    sent, asked = by_path["/services/T0/B0/hush"].facts, by_path["/api"]
    assert sent["text"].startswith(f"{lane.name} live on local after ")
    assert [block["type"] for block in sent["blocks"]] == ["header", "section", "section", "context"]
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.facts == {"channel": "#deploys", **sent}
    assert warnings(result) == []


def test_a_failure_and_a_stop_are_told_as_failures(lane: Lane) -> None:
    with receiving(status(204)) as receiver, told(lane, board=board(receiver)):
        lane.make(dockerfile=NO_BUILD)
        error = deploy(lane, expect=None).error
        start, failed = map(checked, receiver.posts)
        assert (start["type"], failed["type"]) == ("slipway.start", "slipway.failed")
        assert failed["data"]["error"]["where"] == error["where"]
        assert failed["data"]["next"]

        lane.make()
        command = lane.project.start("deploy", "--json", lane.name, env=ENVIRONMENT)
        command.wait_for(begins("rollout"))
        command.send(signal.SIGTERM)
        command.finish(expect=130)
        stopped = checked(receiver.posts[-1])
        assert (stopped["type"], stopped["data"]["verdict"]) == ("slipway.failed", "stopped")
        assert len(receiver.posts) == 4
    lane.settle()
    assert lane.deploy().report["verdict"] in ("live", "unchanged")


def test_receivers_in_trouble_delay_and_fail_nothing_and_give_nothing_away(lane: Lane) -> None:
    answers = {
        "hangs": hang,
        "drips": drip,
        "floods": flood,
        "moved": status(301, Location="http://127.0.0.1:1/hush"),
        "gone": status(404),
        "shaky": in_turn(status(500), status(429, Retry_After="0"), status(200)),
    }
    with ExitStack() as stack:
        servers = {name: stack.enter_context(receiving(answer)) for name, answer in answers.items()}
        rows = {name: board(server, url=server.url("/hush")) for name, server in servers.items()}
        down = {**rows["gone"], "url": f"http://127.0.0.1:{free_port()}/hush"}
        unset = {"kind": "slack", "url": "env:NOBODY_SET_THIS"}
        with told(lane, **rows, unset=unset, down=down):
            lane.steady(6)
            lane.make()
            result = deploy(lane)
        shaky = servers["shaky"].types()
    assert result.report["verdict"] == "live"
    assert result.events[-1]["event"] == "report"
    assert {
        text.partition(" was not told: ")[0]: text.partition(" was not told: ")[2] for text in warnings(result)
    } == {
        "hangs": "no answer in time",
        "drips": "no answer in time",
        "moved": "HTTP 301, redirects are not followed",
        "gone": "HTTP 404",
        "unset": "env:NOBODY_SET_THIS: is empty or not set",
        "down": "it cannot be reached (ConnectionRefusedError)",
        "shaky": "HTTP 429",
    }
    assert shaky == ["slipway.start", "slipway.start", "slipway.live"]
    assert result.seconds - result.report["seconds"] < CLOSING + NOISE
    record = run(lane, "show", "--json", result.report["deployment"]).out
    for secret in ("hush", KEY, KEY.removeprefix("whsec_")):
        assert secret not in result.out + result.err + record


def test_a_topic_and_secrets_that_the_cloud_keeps(lane: Lane) -> None:
    sns, sqs = lane.project.client("sns"), lane.project.client("sqs")
    topic = sns.create_topic(Name="deploys")["TopicArn"]
    queue = sqs.create_queue(QueueName="deploys")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    with receiving(status(200)) as receiver:
        lane.project.client("secretsmanager").create_secret(Name="slipway/board", SecretString=KEY)
        lane.project.client("ssm").put_parameter(Name="/slipway/hook", Value=receiver.url(), Type="SecureString")
        kept = {"kind": "webhook", "url": "ssm:/slipway/hook", "secret": "secretsmanager:slipway/board"}
        with told(lane, topic={"kind": "sns", "topic_arn": topic}, board=kept):
            lane.make()
            result = deploy(lane)
        types = [checked(post)["type"] for post in receiver.posts]
    assert warnings(result) == []
    assert types == ["slipway.start", "slipway.live"]
    assert not [call for call in result.report["calls"] if call.startswith(("sns:", "ssm:", "secretsmanager:"))]
    got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    envelopes = [json.loads(message["Body"]) for message in got]
    for envelope in envelopes:
        Draft202012Validator(SCHEMA).validate(json.loads(envelope["Message"]))
    assert {envelope["MessageAttributes"]["event"]["Value"] for envelope in envelopes} == {"start", "live"}
    assert {envelope["Subject"].partition(" after ")[0] for envelope in envelopes} == {
        f"Deploying {lane.name} to local",
        f"{lane.name} live on local",
    }


def test_the_verb_lists_and_tries_receivers(lane: Lane) -> None:
    assert "nobody is told" in run(lane, "notify", expect=2).err
    with receiving(status(200)) as receiver, receiving(status(403)) as closed:
        rows = {"board": board(receiver), "closed": board(closed, url=closed.url("/hush"))}
        with told(lane, **rows):
            assert "board" in run(lane, "notify").out
            good = run(lane, "notify", "--test", "board").out
            assert good.startswith("ok      board (webhook): HTTP 200, ")
            both = run(lane, "notify", "--test", expect=4)
            assert "failed  closed (webhook): HTTP 403, " in both.out
            assert "closed cannot be told" in both.err
            rows_out = json.loads(run(lane, "notify", "--test", "--json", expect=4).out)
            assert [(row["receiver"], row["ok"], row["text"]) for row in rows_out] == [
                ("board", True, "HTTP 200"),
                ("closed", False, "HTTP 403"),
            ]
            assert "there is no receiver 'nobody'" in run(lane, "notify", "--test", "nobody", expect=2).err
        assert [checked(post)["type"] for post in receiver.posts] == ["slipway.test"] * 3
        assert "hush" not in both.out + both.err
