"""Tokens as attackers and clocks make them, each with the answer that it has to get; and what services are told."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.e2e.gateway.agent_process import AUDIENCE, Gateway, project_policies, until
from tests.e2e.gateway.envoy_server import ISSUER, Keys
from tests.e2e.gateway.fake_aws import FakeAws
from tests.e2e.gateway.upstream import Upstream

NOW = int(time.time())
FINE = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "roles": ["admin"], "iat": NOW, "exp": NOW + 3600}

Make = Callable[[Keys], str]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """With one service at /echo that everybody with the role admin may use."""
    aws, echo = FakeAws(), Upstream("echo")
    policies = project_policies()
    aws.upload(policies)
    aws.flip(policies.version, 1.5)
    aws.parameters["/slipway/slipway-test/gateway/services/echo"] = json.dumps({"port": echo.port, "path": "/echo"})
    aws.run("task", "echo", echo.address)
    with Gateway(tmp_path_factory.mktemp("g"), aws) as made:
        made.ready()
        until(lambda: made.status("/echo", authorization=made.token(roles=["admin"])), lambda status: status == 200)
        yield made
    aws.close()
    echo.close()


def signed(keys: Keys, claims: dict[str, Any] | None = None, **header: Any) -> str:
    return jwt.encode({**FINE, **(claims or {})}, keys.ec, algorithm="ES256", headers={"kid": "ec", **header})


def by_rsa(keys: Keys) -> str:
    return jwt.encode(FINE, keys.rsa, algorithm="RS256", headers={"kid": "rsa"})


def without(name: str) -> Make:
    claims = {key: value for key, value in FINE.items() if key != name}
    return lambda keys: jwt.encode(claims, keys.ec, algorithm="ES256", headers={"kid": "ec"})


def encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(keys: Keys) -> str:
    return f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(FINE)}."


def confused(keys: Keys) -> str:
    """Signed by HMAC with the public key's text, as if that were a secret."""
    import hashlib
    import hmac

    public = keys.rsa.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rsa'})}.{encoded(FINE)}"
    mac = base64.urlsafe_b64encode(hmac.digest(public, text.encode(), hashlib.sha256)).rstrip(b"=").decode()
    return f"{text}.{mac}"


def by_stranger(keys: Keys) -> str:
    return jwt.encode(FINE, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": "ec"})


def with_own_key(keys: Keys) -> str:
    """Brings the key that it is signed with."""
    own = Keys()
    key = own.jwks["keys"][1]
    return jwt.encode(FINE, own.ec, algorithm="ES256", headers={"kid": key["kid"], "jwk": key, "jku": "http://evil/"})


def changed(keys: Keys) -> str:
    head, _, mac = signed(keys).split(".")
    return f"{head}.{encoded({**FINE, 'sub': 'bob'})}.{mac}"


TOKENS: dict[str, tuple[Make, int]] = {
    "fine, ES256": (signed, 200),
    "fine, RS256": (by_rsa, 200),
    "several audiences": (lambda keys: signed(keys, {"aud": ["other", AUDIENCE]}), 200),
    "half a minute too old: clocks differ": (lambda keys: signed(keys, {"exp": int(time.time()) - 20}), 200),
    "an hour too old": (lambda keys: signed(keys, {"exp": NOW - 3600}), 401),
    "not yet valid": (lambda keys: signed(keys, {"nbf": NOW + 3600}), 401),
    "never ends": (without("exp"), 401),
    "other audience": (lambda keys: signed(keys, {"aud": "other"}), 401),
    "no audience": (without("aud"), 401),
    "other issuer": (lambda keys: signed(keys, {"iss": "https://evil.example.com/"}), 401),
    "no issuer": (without("iss"), 401),
    "issuer with another slash": (lambda keys: signed(keys, {"iss": ISSUER.rstrip("/")}), 401),
    "another's key": (by_stranger, 401),
    "brings its key": (with_own_key, 401),
    "alg none": (unsigned, 401),
    "alg none with a signature": (lambda keys: unsigned(keys) + "AAAA", 401),
    "HMAC with the public key": (confused, 401),
    "changed": (changed, 401),
    "without signature": (lambda keys: signed(keys).rsplit(".", 1)[0] + ".", 401),
    "cut off": (lambda keys: signed(keys)[:-4], 401),
    "unknown key id": (lambda keys: signed(keys, kid="other"), 401),
    "two parts": (lambda keys: "a.b", 401),
    "rubbish": (lambda keys: "%00.{}.\xff", 401),
    "control characters": (lambda keys: "\x7f\x01", 400),
    "empty": (lambda keys: "", 401),
    "no subject": (without("sub"), 403),
    "subject is a number": (lambda keys: signed(keys, {"sub": 7}), 401),
    "no role": (without("roles"), 403),
    "role is a text": (lambda keys: signed(keys, {"roles": "admin"}), 403),
    "ill-typed claim": (lambda keys: signed(keys, {"email": 7}), 403),
    "larger than the headers may be": (lambda keys: signed(keys, {"x": "y" * 40_000}), 431),
}


@pytest.mark.parametrize("name", TOKENS)
def test_tokens(gateway: Gateway, name: str) -> None:
    make, expected = TOKENS[name]
    answer = gateway.get("/echo", authorization=f"Bearer {make(gateway.keys)}")
    assert answer.status == expected, answer.body


def test_a_token_counts_in_its_header_only(gateway: Gateway) -> None:
    token = signed(gateway.keys)
    assert gateway.get(f"/echo?access_token={token}").status == 401
    assert gateway.get("/echo", cookie=f"access_token={token}").status == 401
    assert gateway.get("/echo", authorization=f"Basic {token}").status == 401


ODD = {
    "small letters": "bearer {}",
    "capitals": "BEARER {}",
    "a tab": "Bearer\t{}",
    "after another scheme": "Basic eDp5, bearer {}",
    "nothing": "Bearer",
}


@pytest.mark.parametrize("name", ODD)
def test_a_token_that_the_gateway_does_not_look_at_reaches_nobody(gateway: Gateway, name: str) -> None:
    assert gateway.get("/").status == 200
    assert gateway.get("/", authorization=ODD[name].format(by_stranger(gateway.keys))).status == 401


@pytest.mark.parametrize("value", ["Basic eDp5", 'Digest username="bearer-of-news", realm="x"', "Token bearers"])
def test_other_schemes_are_the_services_affair(gateway: Gateway, value: str) -> None:
    assert gateway.get("/", authorization=value).status == 200


def test_of_two_tokens_none_counts(gateway: Gateway) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    connection.putrequest("GET", "/echo")
    for token in (signed(gateway.keys), by_stranger(gateway.keys)):
        connection.putheader("authorization", f"Bearer {token}")
    connection.endheaders()
    assert connection.getresponse().status == 401
    connection.close()


def test_services_get_claims_and_nobody_forges_them(gateway: Gateway) -> None:
    forged = {
        "X-User-Id": "root",
        "x-user-roles": '["root"]',
        "x-user-anything": "1",
        "X_User_Id": "root",
        "x-forwarded-prefix": "/evil",
        "x-original-url": "/admin",
        "x-envoy-original-path": "/evil",
        "x-envoy-upstream-rq-timeout-ms": "1",
        "x-envoy-retry-on": "5xx",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "x-forwarded-for": "10.0.0.7",
    }
    token = gateway.token(roles=["admin", "reader"], email="ann@example.com")
    got = gateway.get("/echo/a?b=c", authorization=token, **forged).json
    headers = got["headers"]
    assert got["path"] == "/a?b=c"
    assert headers["x-user-id"] == "ann"
    assert headers["x-user-email"] == "ann@example.com"
    assert json.loads(headers["x-user-roles"]) == ["admin", "reader"]
    assert headers["x-forwarded-prefix"] == "/echo"
    assert headers["x-envoy-original-path"] == "/echo/a?b=c"
    assert headers["traceparent"] == forged["traceparent"]
    assert headers["x-forwarded-for"].startswith("10.0.0.7")
    assert "authorization" not in headers
    left = {
        "x-user-anything",
        "x_user_id",
        "x-original-url",
        "x-envoy-upstream-rq-timeout-ms",
        "x-envoy-retry-on",
        "x-envoy-internal",
    }
    assert not left & headers.keys()


@pytest.mark.parametrize("subject", ['ann\r\nx-user-roles: ["root"]', "ann\nx-evil: 1", "ann\x00", "é", "x" * 9000])
def test_a_claim_cannot_write_headers(gateway: Gateway, subject: str) -> None:
    answer = gateway.get("/echo", authorization=f"Bearer {signed(gateway.keys, {'sub': subject})}")
    if answer.status == 200:
        headers = answer.json["headers"]
        assert "x-evil" not in headers
        assert json.loads(headers["x-user-roles"]) == ["admin"]
    else:
        assert answer.status in (400, 403, 431, 503)


def test_the_log_says_who_asked_and_which_policy_decided(gateway: Gateway) -> None:
    subject = 'ann", "status": 0, "x": "\\\r\n{%REQ(:PATH)%} \u00e9'
    gateway.status("/echo/logged?1", authorization=gateway.token(roles=["admin"], sub=subject))
    gateway.status("/echo/logged?2", authorization=gateway.token(sub="-"))
    gateway.status("/echo/logged?3")

    def found() -> list[tuple[Any, ...]]:
        rows = [line for line in gateway.lines() if str(line.get("path")).startswith("/echo/logged")]
        return [tuple(row[name] for name in ("path", "user", "allowed_by", "denied_by")) for row in rows]

    until(found, lambda rows: len(rows) == 3)
    assert sorted(found()) == [
        ("/echo/logged?1", subject, "admins", "-"),
        ("/echo/logged?2", "-", "-", "-"),
        ("/echo/logged?3", None, "-", "-"),
    ]


def test_without_an_issuer_no_token_is_valid(tmp_path: Path) -> None:
    with Gateway(tmp_path, SLIPWAY_GATEWAY_AUTH="") as gateway:
        gateway.ready()
        assert gateway.status("/") == 200
        assert gateway.status("/", authorization=gateway.token()) == 401


def test_a_set_of_broken_keys_stops_nothing(tmp_path: Path) -> None:
    off_curve = {"kty": "EC", "crv": "P-256", "x": "MTEx", "y": "MTEx"}
    settings = json.dumps({"issuer": ISSUER, "jwks": {"keys": [off_curve]}})
    with Gateway(tmp_path, SLIPWAY_GATEWAY_AUTH=settings) as gateway:
        gateway.ready()
        assert gateway.status("/") == 200
        assert gateway.status("/", authorization=gateway.token()) == 401
