"""`./poe token` up to the session: where tokens are somebody else's, none is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import session
from tests.unit.verbs.conftest import Run, SessionOpenedError

LOCAL = """
[targets.local]
embedded = true
account = "000000000000"
region = "us-east-1"
"""
STAGING = """
[targets.staging]
account = "111111111111"
region = "us-east-1"
"""
GATEWAY = """
[services.gateway]
source = "gateway"
"""
HELLO = """
[services.hello]
source = "hello"
path = "/hello"
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(session, "ROOT", tmp_path)
    for name in ("gateway", "hello"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "slipway.toml").write_text(LOCAL + STAGING + GATEWAY + HELLO)
    return tmp_path


def test_refused_where_nobody_s_laptop_issues_tokens(root: Path, run: Run) -> None:
    ended = run("dev_token", "--target", "staging")
    assert (ended.code, ended.out) == (3, "")
    assert "nobody issues tokens for this target" in ended.err
    assert "jwt_issuer" in ended.err


def test_refused_where_there_is_an_issuer(root: Path, run: Run) -> None:
    keys = 'jwt_issuer = "https://login.example.com/"\njwt_jwks = "https://login.example.com/jwks.json"\n'
    (root / "slipway.toml").write_text(LOCAL + keys + GATEWAY + HELLO)
    ended = run("dev_token")
    assert (ended.code, ended.out) == (3, "")
    assert "https://login.example.com/" in ended.err


def test_refused_without_a_gateway(root: Path, run: Run) -> None:
    (root / "slipway.toml").write_text(LOCAL + HELLO)
    assert run("dev_token").code == 3


@pytest.mark.parametrize("claim", ["email", "=x", "iss=me", "exp=9", "sub=ann", "roles=[]", "aud=shop"])
def test_claims_that_are_none_or_not_the_user_s(root: Path, run: Run, claim: str) -> None:
    ended = run("dev_token", "--claim", claim)
    assert (ended.code, ended.out) == (2, "")


@pytest.mark.parametrize("words", [("--alg", "none"), ("--alg", "HS256"), ("--for", "0s"), ("--for", "never"), ("x",)])
def test_bad_words(root: Path, run: Run, words: tuple[str, ...]) -> None:
    assert run("dev_token", *words).code == 2


def test_what_is_fine_opens_a_session_and_made_no_key_before(root: Path, run: Run) -> None:
    with pytest.raises(SessionOpenedError):
        run("dev_token", "--role", "reader", "admin", "--claim", "email=ann@example.com", "level=3", "--for", "5m")
    assert not (root / ".slipway").exists()
