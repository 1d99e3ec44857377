"""Keys of an issuer over time: down, rotated, withdrawn, and whatever else it may answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.clock import Clock
from agent.keys import AGAIN_SECONDS, AUTH_FILE, FRESH_SECONDS, Keys

SETTINGS = json.dumps({"issuer": "https://a", "jwks_uri": "https://a/jwks"})
OLD = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "kid": "old"}
NEW = {**OLD, "kid": "new"}


class Issuer:
    """Answers what it is told to; the time is its own."""

    def __init__(self, folder: Path) -> None:
        self.answer: str | OSError = json.dumps({"keys": [OLD]})
        self.now, self.asked = 1000.0, 0
        self.file = folder / AUTH_FILE
        self.keys = Keys(folder, self.fetch, clock=Clock(now=lambda: self.now))

    def fetch(self, url: str) -> str:
        self.asked += 1
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer

    def later(self, seconds: float, settings: str = SETTINGS) -> list[str]:
        """Ids of the keys that Envoy has after that time."""
        self.now += seconds
        self.keys.step(settings)
        resource = json.loads(self.file.read_text("utf-8"))["resources"][0]["typed_config"]
        rows = json.loads(resource["providers"]["issuer"]["local_jwks"]["inline_string"])["keys"]
        return [row["kid"] for row in rows if "kid" in row]


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


def test_a_key_is_rotated_in_and_the_old_one_withdrawn(issuer: Issuer) -> None:
    assert issuer.later(0) == ["old"]
    issuer.answer = json.dumps({"keys": [OLD, NEW]})
    assert issuer.later(FRESH_SECONDS - 1) == ["old"]
    assert issuer.later(2) == ["old", "new"]
    issuer.answer = json.dumps({"keys": [NEW]})
    assert issuer.later(FRESH_SECONDS + 1) == ["new"]
    assert issuer.asked == 3


ODD: dict[str, str | OSError] = {
    "down": OSError("refused"),
    "html": "<html>",
    "nothing": "",
    "no keys": '{"keys": []}',
    "a number": '{"keys": 7}',
    "keys of other kinds": '{"keys": [{"kty": "oct", "k": "AAAA"}]}',
    "keys that are none": '{"keys": [1, null]}',
    "too many": json.dumps({"keys": [{**OLD, "kid": str(count)} for count in range(101)]}),
    "too deep": "[" * 100_000,
    "half a letter": '{"keys": [{"kty": "EC", "crv": "P-256", "x": "\\ud800", "y": "y"}]}',
}


@pytest.mark.parametrize("name", ODD)
def test_the_last_good_keys_stay_whatever_comes(issuer: Issuer, name: str) -> None:
    assert issuer.later(0) == ["old"]
    issuer.answer = ODD[name]
    assert issuer.later(FRESH_SECONDS + 1) == ["old"]
    issuer.answer = json.dumps({"keys": [NEW]})
    assert issuer.later(AGAIN_SECONDS + 1) == ["new"]


def test_keys_of_one_issuer_do_not_verify_another_s_tokens(issuer: Issuer) -> None:
    assert issuer.later(0) == ["old"]
    issuer.answer = OSError("refused")
    assert issuer.later(1, json.dumps({"issuer": "https://b", "jwks_uri": "https://b/jwks"})) == []


def test_without_settings_there_is_no_key(issuer: Issuer) -> None:
    issuer.later(0)
    assert issuer.later(1, "") == []


@pytest.mark.parametrize("row", [{"extra": float("nan")}, {"extra": "\ud800"}, {"x5c": [{}]}, {"extra": {"deep": [1]}}])
def test_what_a_key_says_beside_itself_does_not_reach_envoy(issuer: Issuer, row: dict[str, Any]) -> None:
    issuer.answer = json.dumps({"keys": [{**OLD, **row}]})
    assert issuer.later(0) == ["old"]
    assert "NaN" not in issuer.file.read_text("utf-8")
    assert "extra" not in issuer.file.read_text("utf-8")
