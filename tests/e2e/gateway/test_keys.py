"""The issuer's keys as time goes on: the issuer is down, odd or slow, keys are rotated and withdrawn."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.e2e.gateway.agent_process import AUDIENCE, Gateway, until
from tests.e2e.gateway.envoy_server import ISSUER
from tests.e2e.gateway.faults import FAULTS, Fault, answer

HASTE = """
from agent import __main__, keys
keys.FRESH_SECONDS = keys.AGAIN_SECONDS = __main__.KEYS_SECONDS = 0.1
keys.SECONDS = 1.0
raise SystemExit(__main__.main())
"""


class Hasty(Gateway):
    """Fetches the keys ten times a second, and waits a second for them."""

    words = (sys.executable, "-c", HASTE)


class Key:
    """One of the issuer's."""

    def __init__(self, kid: str) -> None:
        self.kid, self._key = kid, ec.generate_private_key(ec.SECP256R1())

    @property
    def row(self) -> dict[str, Any]:
        """Its public half."""
        return {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key())), "kid": self.kid}

    def token(self) -> str:
        """A header's value with a token of this key."""
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": int(time.time()) + 600}
        return "Bearer " + jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self.kid})


class Issuer:
    """A server of keys that does as it is told."""

    def __init__(self) -> None:
        self.keys: list[Key] = []
        self.fault: Fault | None = None
        self.asked: list[str] = []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                rows = json.dumps({"keys": [key.row for key in issuer.keys]})
                with suppress(OSError):
                    (issuer.fault or answer(200, rows.encode()))(self)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Vanish."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    made.fault = FAULTS["down"]
    yield made
    made.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Gateway]:
    """Started while the issuer is down."""
    settings = {"issuer": ISSUER, "audiences": [AUDIENCE], "jwks_uri": f"{issuer.url}/jwks.json"}
    with Hasty(tmp_path_factory.mktemp("g"), SLIPWAY_GATEWAY_AUTH=json.dumps(settings)) as made:
        yield made.ready()


def becomes(gateway: Gateway, key: Key, status: int) -> None:
    token = key.token()
    until(lambda: gateway.status("/", authorization=token), lambda found: found == status)


def looks(issuer: Issuer, count: int = 2) -> None:
    """Wait until the keys were asked for that often."""
    before = len(issuer.asked)
    until(lambda: len(issuer.asked), lambda now: now >= before + count)


def test_a_task_that_starts_while_the_issuer_is_down_knows_no_token_and_then_learns(
    gateway: Gateway, issuer: Issuer
) -> None:
    first = Key("first")
    issuer.keys = [first]
    assert gateway.status("/") == 200
    assert gateway.status("/", authorization=first.token()) == 401
    assert "the keys cannot be had" in gateway.text()
    issuer.fault = None
    becomes(gateway, first, 200)


def moved(handler: BaseHTTPRequestHandler) -> None:
    """To the keys of somebody else, if one were to follow."""
    handler.send_response(302)
    handler.send_header("location", "/elsewhere")
    handler.send_header("content-length", "0")
    handler.end_headers()


ODD: dict[str, Fault] = {
    **FAULTS,
    "is moved": moved,
    "no keys": answer(200, b'{"keys": []}'),
    "other keys only": answer(200, b'{"keys": [{"kty": "oct", "alg": "HS256", "k": "AAAA"}]}'),
    "a page": answer(200, b"<html>please log in</html>"),
    "more keys than anybody has": answer(200, b'{"keys": [' + b'{"kty":"RSA","n":"A","e":"A"},' * 500 + b"{}]}"),
}


@pytest.mark.parametrize("name", ODD)
def test_the_last_good_keys_stay_whatever_the_issuer_answers(gateway: Gateway, issuer: Issuer, name: str) -> None:
    old, new = Key("old"), Key("new")
    issuer.keys, issuer.fault = [old], None
    becomes(gateway, old, 200)
    issuer.keys, issuer.fault = [new], ODD[name]
    looks(issuer)
    assert gateway.status("/", authorization=old.token()) == 200
    assert "/elsewhere" not in issuer.asked
    issuer.fault = None
    becomes(gateway, new, 200)


def test_keys_are_rotated_and_withdrawn(gateway: Gateway, issuer: Issuer) -> None:
    old, new = Key("2026-01"), Key("2026-02")
    issuer.keys, issuer.fault = [old], None
    becomes(gateway, old, 200)
    issuer.keys = [old, new]
    becomes(gateway, new, 200)
    known = old.token()
    assert [gateway.status("/", authorization=known) for _ in range(3)] == [200] * 3
    issuer.keys = [new]
    until(lambda: gateway.status("/", authorization=known), lambda status: status == 401)
    assert gateway.status("/", authorization=new.token()) == 200


def test_two_keys_of_one_name_both_count_and_a_third_does_not(gateway: Gateway, issuer: Issuer) -> None:
    one, other, third = Key("same"), Key("same"), Key("same")
    issuer.keys, issuer.fault = [one, other], None
    becomes(gateway, one, 200)
    becomes(gateway, other, 200)
    assert gateway.status("/", authorization=third.token()) == 401


def test_the_same_trouble_is_said_once(gateway: Gateway, issuer: Issuer) -> None:
    issuer.fault = FAULTS["down"]
    looks(issuer, 2)
    before = gateway.text().count("the keys cannot be had")
    looks(issuer, 3)
    assert gateway.text().count("the keys cannot be had") == before
