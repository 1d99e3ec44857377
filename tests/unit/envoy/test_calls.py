"""Calls of the AWS API that go wrong: what is asked again, and what the caller is told."""

from __future__ import annotations

import http.client
import io
import json
from email.utils import formatdate

import pytest

from agent import aws
from agent.credentials import Credentials, Provider
from agent.server_time import ServerTime

TRUTH = 1_700_000_000.0
FINE = (200, b'{"ok": 1}')


class Answer:
    """One, as http.client has it."""

    will_close = False
    length = 0
    reason = "Reason"

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self._body = status, io.BytesIO(body)

    def close(self) -> None:
        """Read to its end."""

    def read1(self, size: int) -> bytes:
        return self._body.read(size)

    def getheader(self, name: str) -> str:
        return formatdate(TRUTH, usegmt=True)


class Connection:
    """Answers in turn; an exception is raised."""

    def __init__(self, *answers: tuple[int, bytes] | Exception) -> None:
        self.answers, self.asked = list(answers), list[dict[str, str]]()

    def request(self, _method: str, _path: str, _body: bytes, headers: dict[str, str]) -> None:
        self.asked.append(headers)

    def getresponse(self) -> Answer:
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return Answer(*found)


class OneAfterTheOther(Provider):
    """Credentials whose key is another with each renewal."""

    def __init__(self, server_time: ServerTime) -> None:
        super().__init__({}, server_time)
        self.count = 0

    def _fetch(self) -> Credentials:
        self.count += 1
        return Credentials(f"key-{self.count}", "secret")


def api(*answers: tuple[int, bytes] | Exception, ahead: float = 0.0) -> tuple[aws.Api, Connection]:
    made = aws.Api(aws.DYNAMODB, "eu-central-1", "", OneAfterTheOther(ServerTime(lambda: TRUTH + ahead)))
    connection = Connection(*answers)
    made._open = lambda: connection  # type: ignore[assignment,method-assign,return-value]
    return made, connection


def refusal(code: str) -> tuple[int, bytes]:
    return 400, json.dumps({"__type": f"com.amazon.coral#{code}", "message": "no"}).encode()


@pytest.mark.parametrize("ahead", [3600.0, -3600.0])
@pytest.mark.parametrize("code", ["InvalidSignatureException", "RequestTimeTooSkewed", "SignatureDoesNotMatch"])
def test_a_call_refused_for_our_clock_is_signed_anew_by_the_server_s(code: str, ahead: float) -> None:
    made, connection = api(refusal(code), FINE, FINE, ahead=ahead)
    assert made.call("GetItem", {}) == {"ok": 1}
    assert connection.asked[1]["x-amz-date"] == "20231114T221320Z"
    made.call("GetItem", {})
    assert len(connection.asked) == 3


def test_a_refusal_that_has_nothing_to_do_with_the_clock_is_not_asked_again() -> None:
    made, connection = api(refusal("InvalidSignatureException"))
    with pytest.raises(aws.Refused, match="InvalidSignatureException: no"):
        made.call("GetItem", {})
    assert len(connection.asked) == 1


def test_expired_credentials_are_fetched_anew_once() -> None:
    made, connection = api(refusal("ExpiredTokenException"), FINE)
    assert made.call("GetItem", {}) == {"ok": 1}
    assert [("key-1/" in asked["authorization"], "key-2/" in asked["authorization"]) for asked in connection.asked] == [
        (True, False),
        (False, True),
    ]
    made, connection = api(refusal("ExpiredTokenException"), refusal("ExpiredTokenException"))
    with pytest.raises(aws.Refused):
        made.call("GetItem", {})
    assert len(connection.asked) == 2


@pytest.mark.parametrize("body", [b"", b"rubbish", b"[]", b"null", b"[" * 100_000, b"\xff\xfe{"])
def test_rubbish_is_no_answer(body: bytes) -> None:
    made, _ = api((200, body))
    with pytest.raises(aws.ApiError, match="no JSON object"):
        made.call("GetItem", {})


def test_an_error_that_is_no_json_has_its_status() -> None:
    made, _ = api((503, b"<html>"))
    with pytest.raises(aws.Refused, match="GetItem: 503: Reason"):
        made.call("GetItem", {})


@pytest.mark.parametrize("error", [http.client.BadStatusLine("x"), ConnectionResetError("gone")])
def test_a_kept_connection_that_is_gone_is_opened_again_and_a_new_one_is_not(error: Exception) -> None:
    made, connection = api(FINE, error, FINE, error, error)
    made.call("GetItem", {})
    assert made.call("GetItem", {}) == {"ok": 1}
    with pytest.raises(aws.Lost):
        made.call("GetItem", {})
    assert connection.answers == []


def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "LARGEST", 1000)
    made, _ = api((200, b"x" * 200_000))
    with pytest.raises(OSError, match="more than 1000 bytes"):
        made.call("GetItem", {})
