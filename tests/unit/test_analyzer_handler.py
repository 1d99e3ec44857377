"""The analyzer's Lambda function: its results, its use of DynamoDB, its log line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import handler
import pytest
from analysis_cache import LIFETIME, SIZE_LIMIT, AnalysisCache
from botocore.stub import Stubber

NOW = 1_700_000_000
CONTEXT = SimpleNamespace(aws_request_id="request-1")


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """DynamoDB's answers, checked against its API model; the clock stands at NOW."""
    client = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    cache = AnalysisCache(client, "cache")
    monkeypatch.setattr(handler, "analysis_cache", lambda: cache)
    monkeypatch.setattr("time.time", lambda: float(NOW))
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def error_code(event: object) -> str:
    result = handler.answer(event)
    assert result["ok"] is False
    return str(result["error"]["code"])


def item(analysis: dict[str, Any], expires_at: int) -> dict[str, Any]:
    return {"key": {"S": "k"}, "analysis": {"S": json.dumps(analysis)}, "expires_at": {"N": str(expires_at)}}


def test_version_needs_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CACHE_TABLE", raising=False)
    assert handler.answer({"action": "version"}) == {"ok": True, "version": handler.VERSION}


def test_put_stores_json_that_expires(dynamodb: Stubber) -> None:
    stored = {
        "key": {"S": "sha256:ab/c"},
        "analysis": {"S": '{"a":1,"b":0.5}'},
        "expires_at": {"N": str(NOW + LIFETIME)},
    }
    dynamodb.add_response("put_item", {}, {"TableName": "cache", "Item": stored})
    result = handler.answer({"action": "put", "key": "sha256:ab/c", "analysis": {"b": 0.5, "a": 1}})
    assert result == {"ok": True, "expires_at": NOW + LIFETIME}


def test_get_returns_what_was_put(dynamodb: Stubber) -> None:
    dynamodb.add_response(
        "get_item", {"Item": item({"b": 0.5}, NOW + 1)}, {"TableName": "cache", "Key": {"key": {"S": "k"}}}
    )
    assert handler.answer({"action": "get", "key": "k"}) == {"ok": True, "found": True, "analysis": {"b": 0.5}}


@pytest.mark.parametrize("response", [{}, {"Item": item({"b": 1}, NOW)}], ids=["missing", "expired"])
def test_get_finds_nothing(dynamodb: Stubber, response: dict[str, Any]) -> None:
    dynamodb.add_response("get_item", response)
    assert handler.answer({"action": "get", "key": "k"}) == {"ok": True, "found": False, "analysis": None}


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (None, "InvalidEvent"),
        (["version"], "InvalidEvent"),
        ({}, "UnknownAction"),
        ({"action": "drop"}, "UnknownAction"),
        ({"action": ["get"]}, "UnknownAction"),
        ({"action": "get"}, "InvalidKey"),
        ({"action": "get", "key": 7}, "InvalidKey"),
        ({"action": "get", "key": ""}, "InvalidKey"),
        ({"action": "get", "key": "a b"}, "InvalidKey"),
        ({"action": "get", "key": "k\n"}, "InvalidKey"),
        ({"action": "get", "key": "k" * 257}, "InvalidKey"),
        ({"action": "put", "key": "k"}, "InvalidAnalysis"),
        ({"action": "put", "key": "k", "analysis": "text"}, "InvalidAnalysis"),
        ({"action": "put", "key": "k", "analysis": {"a": "x" * SIZE_LIMIT}}, "TooLarge"),
    ],
)
@pytest.mark.usefixtures("dynamodb")
def test_bad_events_are_refused_before_any_call(event: object, code: str) -> None:
    assert error_code(event) == code


@pytest.mark.parametrize(
    ("aws_code", "code"),
    [("ProvisionedThroughputExceededException", "Throttled"), ("ResourceNotFoundException", "CacheUnavailable")],
)
def test_aws_errors_become_results(dynamodb: Stubber, aws_code: str, code: str) -> None:
    dynamodb.add_client_error("get_item", service_error_code=aws_code)
    assert error_code({"action": "get", "key": "k"}) == code


def test_missing_configuration_is_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CACHE_TABLE", raising=False)
    handler.analysis_cache.cache_clear()
    assert error_code({"action": "get", "key": "k"}) == "NotConfigured"


def test_each_request_logs_one_line_without_contents(capsys: pytest.CaptureFixture[str]) -> None:
    result = handler.handler({"action": "get", "key": "secret key"}, CONTEXT)
    line = json.loads(capsys.readouterr().out)
    assert result["request_id"] == line["request_id"] == "request-1"
    assert (line["action"], line["ok"], line["error"]) == ("get", False, "InvalidKey")
    assert line["duration_ms"] >= 0
    assert "secret" not in json.dumps(line)
