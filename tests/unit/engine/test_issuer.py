"""The development issuer: its tokens hold for what the gateway is told, and its keys stay where they are."""

from __future__ import annotations

import json
import stat
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest

from agent import auth
from scripts.engine import issuer as module
from scripts.engine.errors import Failed, TimedOut
from scripts.engine.issuer import ALGORITHMS, Issuer, await_accepted, introduce
from scripts.engine.request import Reply
from settings import Settings
from tests.unit.engine.clouds import Answer, Cloud, Refusal
from tests.unit.engine.projects import project

NOW = 1_800_000_000.0
NAME = "/slipway/shop-staging/gateway/development-auth"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(project(), root=tmp_path)


def verified(issuer: Issuer, token: str) -> dict[str, Any]:
    """Its claims, by what the gateway is told and nothing else."""
    told = json.loads(issuer.parameter())
    key_id, algorithm = jwt.get_unverified_header(token)["kid"], jwt.get_unverified_header(token)["alg"]
    (key,) = [jwt.PyJWK(row) for row in told["jwks"]["keys"] if row["kid"] == key_id]
    found: dict[str, Any] = jwt.decode(
        token,
        key,
        [algorithm],
        audience=told["audiences"],
        issuer=told["issuer"],
        options={"verify_exp": False, "verify_iat": False},
    )
    return found


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_holds_for_what_the_gateway_is_told(settings: Settings, algorithm: str) -> None:
    issuer = Issuer(settings)
    token = issuer.token({"sub": "ann", "roles": ["admin"]}, algorithm, seconds=60, now=NOW)
    claims = verified(Issuer(settings), token)
    assert claims["sub"] == "ann"
    assert (claims["iat"], claims["exp"]) == (int(NOW), int(NOW) + 60)


def test_the_agent_takes_what_it_is_told(settings: Settings) -> None:
    text = Issuer(settings).parameter()
    found = auth.parse(text)
    assert (found.issuer, found.audiences) == ("urn:slipway:shop-staging", ("shop-staging",))
    assert len(json.loads(auth.usable(found.jwks, auth.nobodys_key()))["keys"]) == 3
    assert len(text) < 4096


def test_nobody_else_can_read_the_keys_and_nobody_is_told_them(settings: Settings) -> None:
    text = Issuer(settings).parameter()
    files = list((settings.state_dir / "issuer").iterdir())
    assert sorted(path.name for path in files) == ["es256.pem", "rs256.pem"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700
    assert all(not {"d", "p", "q", "k"} & key.keys() for key in json.loads(text)["jwks"]["keys"])


def test_two_at_once_go_on_with_one_key(settings: Settings) -> None:
    told: list[str] = []
    threads = [threading.Thread(target=lambda: told.append(Issuer(settings).parameter())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 6
    assert len(set(told)) == 1
    assert len(list((settings.state_dir / "issuer").iterdir())) == 2


def test_rubbish_for_a_key_is_said(settings: Settings) -> None:
    folder = settings.state_dir / "issuer"
    folder.mkdir(parents=True)
    (folder / "es256.pem").write_text("rubbish")
    with pytest.raises(Failed, match="is no key"):
        Issuer(settings).parameter()


def test_the_parameter_is_only_written_when_it_differs(settings: Settings, cloud: Cloud) -> None:
    issuer = Issuer(settings)
    kept: dict[str, str] = {}

    def get(asked: Answer) -> Answer | Exception:
        name = asked["Name"]
        return {"Parameter": {"Value": kept[name]}} if name in kept else Refusal("ParameterNotFound")

    def put(asked: Answer) -> Answer:
        kept[asked["Name"]] = asked["Value"]
        return {}

    cloud.answers |= {"ssm:GetParameter": get, "ssm:PutParameter": put}
    assert introduce(cloud.aws, settings, issuer)
    assert not introduce(cloud.aws, settings, issuer)
    assert kept == {NAME: issuer.parameter()}
    assert len(cloud.parameters("ssm:PutParameter")) == 1
    kept[NAME] = "{}"
    assert introduce(cloud.aws, settings, issuer)


def test_a_refusal_of_aws_is_told(settings: Settings, cloud: Cloud) -> None:
    cloud.answers["ssm:GetParameter"] = Refusal("AccessDeniedException")
    with pytest.raises(Failed):
        introduce(cloud.aws, settings, Issuer(settings))


def test_waits_until_the_gateway_takes_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    statuses = ["HTTP 401", "HTTP 403", "HTTP 401", "HTTP 403", "HTTP 403", "HTTP 403"]
    asked: list[Any] = []

    def send(where: Any, timeout: float, headers: Any) -> Reply:
        asked.append((where.path, headers["Authorization"]))
        text = statuses.pop(0)
        return Reply("4xx", text, 1.0)

    monkeypatch.setattr(module, "send", send)
    await_accepted("http://gateway.example.com:8080", "t", cancelled=lambda _: False)
    assert statuses == []
    assert set(asked) == {("/.gateway/token", "Bearer t")}


def test_a_gateway_that_never_takes_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ACCEPT_SECONDS", -1.0)
    monkeypatch.setattr(module, "send", lambda *_: Reply("4xx", "HTTP 401"))
    with pytest.raises(TimedOut, match="HTTP 401"):
        await_accepted("http://gateway.example.com", "t", cancelled=lambda _: False)
