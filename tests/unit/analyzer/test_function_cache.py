"""The cache of the analyzer function, each call checked against the API models of AWS."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import botocore.session
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from serving.cache import ABSENT, ITEM_LIMIT, LIFETIME, Cache

NOW = 1_700_000_000
GET = {"TableName": "cache", "Key": {"key": {"S": "k"}}}
EXPIRES = {"N": str(NOW + LIFETIME)}
IF_ABSENT = {
    "ConditionExpression": ABSENT,
    "ExpressionAttributeNames": {"#key": "key"},
    "ExpressionAttributeValues": {":now": {"N": str(NOW)}},
}


@dataclass
class Stubbed:
    """A cache with the answers that its clients give."""

    cache: Cache
    dynamodb: Stubber
    s3: Stubber


@pytest.fixture(scope="module")
def clients() -> dict[str, Any]:
    session = botocore.session.get_session()
    given = {"region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return {name: session.create_client(name, **given) for name in ("dynamodb", "s3")}


@pytest.fixture
def stubbed(clients: dict[str, Any]) -> Iterator[Stubbed]:
    cache = Cache("cache", "bucket", lambda: clients["dynamodb"], lambda: clients["s3"])
    with Stubber(clients["dynamodb"]) as dynamodb, Stubber(clients["s3"]) as s3:
        yield Stubbed(cache, dynamodb, s3)
        dynamodb.assert_no_pending_responses()
        s3.assert_no_pending_responses()


def item(seconds: int = 1, **fields: str) -> dict[str, Any]:
    """The answer with an item that expires in some seconds."""
    return {
        "Item": {"key": {"S": "k"}, "expires_at": {"N": str(NOW + seconds)}, **{k: {"S": v} for k, v in fields.items()}}
    }


def test_a_document_is_read(stubbed: Stubbed) -> None:
    stubbed.dynamodb.add_response("get_item", item(document="{}"), GET)
    assert stubbed.cache.document("k", now=NOW) == "{}"


@pytest.mark.parametrize("answer", [{}, item(0, document="{}"), item(-1, document="{}"), item(leads_to="x")], ids=str)
def test_what_is_missing_or_expired_is_none(stubbed: Stubbed, answer: dict[str, Any]) -> None:
    stubbed.dynamodb.add_response("get_item", answer, GET)
    assert stubbed.cache.document("k", now=NOW) is None


def test_a_document_is_kept_unless_one_is_there(stubbed: Stubbed) -> None:
    full = {"key": {"S": "k"}, "document": {"S": "{}"}, "expires_at": EXPIRES}
    expected = {"TableName": "cache", "Item": full, **IF_ABSENT}
    stubbed.dynamodb.add_response("put_item", {}, expected)
    stubbed.cache.keep("k", "{}", now=NOW)
    stubbed.dynamodb.add_client_error("put_item", "ConditionalCheckFailedException", expected_params=expected)
    stubbed.cache.keep("k", "{}", now=NOW)


def test_a_refreshed_document_replaces_the_old_one(stubbed: Stubbed) -> None:
    full = {"key": {"S": "k"}, "document": {"S": "{}"}, "expires_at": EXPIRES}
    stubbed.dynamodb.add_response("put_item", {}, {"TableName": "cache", "Item": full})
    stubbed.cache.keep("k", "{}", now=NOW, refresh=True)


def test_other_errors_are_the_callers(stubbed: Stubbed) -> None:
    stubbed.dynamodb.add_client_error("put_item", "ThrottlingException")
    with pytest.raises(Exception, match="ThrottlingException"):
        stubbed.cache.keep("k", "{}", now=NOW)


def test_a_large_document_goes_to_the_bucket(stubbed: Stubbed) -> None:
    large = "ü" * (ITEM_LIMIT // 2 + 1)
    stubbed.s3.add_response(
        "put_object",
        {},
        {"Bucket": "bucket", "Key": "documents/k.json", "Body": large.encode(), "ContentType": "application/json"},
    )
    full = {"key": {"S": "k"}, "object": {"S": "documents/k.json"}, "expires_at": EXPIRES}
    stubbed.dynamodb.add_response("put_item", {}, {"TableName": "cache", "Item": full, **IF_ABSENT})
    stubbed.cache.keep("k", large, now=NOW)
    stubbed.dynamodb.add_response("get_item", item(object="documents/k.json"), GET)
    body = StreamingBody(io.BytesIO(large.encode()), len(large.encode()))
    stubbed.s3.add_response("get_object", {"Body": body}, {"Bucket": "bucket", "Key": "documents/k.json"})
    assert stubbed.cache.document("k", now=NOW) == large


def test_the_largest_document_stays_in_its_item(stubbed: Stubbed) -> None:
    text = "x" * ITEM_LIMIT
    full = {"key": {"S": "k"}, "document": {"S": text}, "expires_at": EXPIRES}
    stubbed.dynamodb.add_response("put_item", {}, {"TableName": "cache", "Item": full, **IF_ABSENT})
    stubbed.cache.keep("k", text, now=NOW)


@pytest.mark.parametrize("code", ["NoSuchKey", "AccessDenied"])
def test_a_document_that_is_gone_is_none(stubbed: Stubbed, code: str) -> None:
    stubbed.dynamodb.add_response("get_item", item(object="documents/k.json"), GET)
    stubbed.s3.add_client_error("get_object", code)
    assert stubbed.cache.document("k", now=NOW) is None


def test_a_reference_leads_to_a_document(stubbed: Stubbed) -> None:
    full = {"key": {"S": "commit-1"}, "leads_to": {"S": "k"}, "expires_at": EXPIRES}
    stubbed.dynamodb.add_response("put_item", {}, {"TableName": "cache", "Item": full})
    stubbed.cache.refer("commit-1", "k", now=NOW)
    stubbed.dynamodb.add_response("get_item", item(leads_to="k"))
    assert stubbed.cache.reference("commit-1", now=NOW) == "k"
    stubbed.dynamodb.add_response("get_item", item(document="{}"))
    assert stubbed.cache.reference("commit-1", now=NOW) is None
