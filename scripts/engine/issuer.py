"""A development issuer: signs tokens that the gateway of a target without an issuer of its own takes.

Its private keys never leave this machine; the gateway gets the public ones through the parameter that it reads anyway.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.engine.aws import Aws, error_code, translated
from scripts.engine.errors import Failed, TimedOut
from scripts.engine.request import address, send
from scripts.engine.verify import Proof, answers
from settings import Settings
from settings.model import GATEWAY

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    PrivateKey = EllipticCurvePrivateKey | RSAPrivateKey

ALGORITHMS = ("ES256", "RS256")
OWN = frozenset(("iss", "aud", "iat", "exp"))
"""Claims that the issuer answers for."""
PARAMETER = "development-auth"
"""Not `auth`, which belongs to the gateway's stack as soon as the target gets an issuer of its own, and then wins."""
ACCEPT_SECONDS = 20.0
"""The gateway reads the parameter every two seconds."""
QUESTION = "/.gateway/token"
"""Nothing is there and no policy permits it: 401 is about the token, anything else is not."""


class Issuer:
    """The issuer of one target; its keys are made when they are first needed."""

    def __init__(self, settings: Settings) -> None:
        self.name, self.audience = f"urn:slipway:{settings.prefix}", settings.prefix
        self._folder = settings.state_dir / "issuer"

    def token(self, claims: Mapping[str, Any], algorithm: str, *, seconds: int, now: float) -> str:
        """A signed token with these claims and the issuer's own; valid from now on for that long."""
        import jwt

        key = self._key(algorithm)
        own = {"iss": self.name, "aud": self.audience, "iat": int(now), "exp": int(now) + seconds}
        return jwt.encode({**claims, **own}, key, algorithm, headers={"kid": _key_id(_public(key, algorithm))})

    def parameter(self) -> str:
        """What the gateway has to know of it, as JSON."""
        keys = [_public(self._key(algorithm), algorithm) for algorithm in ALGORITHMS]
        rows = [{**key, "kid": _key_id(key), "use": "sig"} for key in keys]
        facts = {"issuer": self.name, "audiences": [self.audience], "jwks": {"keys": rows}}
        return json.dumps(facts, sort_keys=True, separators=(",", ":"))

    def _key(self, algorithm: str) -> PrivateKey:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        path = self._folder / f"{algorithm.lower()}.pem"
        if not path.exists():
            _write_once(path, _fresh(algorithm))
        try:
            return load_pem_private_key(path.read_bytes(), None)  # type: ignore[return-value] # we wrote it
        except ValueError:
            raise Failed("is no key", where=str(path), remedy="remove it and run again: another one is made") from None


def introduce(aws: Aws, settings: Settings, issuer: Issuer) -> bool:
    """Have the gateway know the issuer; whether that was news."""
    name, wanted, client = f"{settings.gateway_parameters}/{PARAMETER}", issuer.parameter(), aws.client("ssm")
    with translated("tell the gateway whose tokens are valid"):
        try:
            if client.get_parameter(Name=name)["Parameter"]["Value"] == wanted:
                return False
        except client.exceptions.ClientError as error:
            if error_code(error) != "ParameterNotFound":
                raise
        client.put_parameter(Name=name, Value=wanted, Type="String", Overwrite=True)
    return True


def await_accepted(base: str, token: str, *, cancelled: Callable[[float], bool]) -> None:
    """Ask until the gateway's tasks take the token; raises TimedOut."""
    where, headers = address(base.rstrip("/") + QUESTION), {"Authorization": f"Bearer {token}"}

    def ask(_: str) -> Proof:
        reply = send(where, 5.0, headers)
        return Proof(reply.text in {"HTTP 200", "HTTP 403", "HTTP 404"}, reply.text, reply.milliseconds)

    proof = answers(base, timeout=ACCEPT_SECONDS, cancelled=cancelled, get=ask)
    if not proof.good:
        raise TimedOut(
            f"the gateway does not take the token after {ACCEPT_SECONDS:.0f} s: {proof.text}",
            where="token",
            remedy=f"./poe status; ./poe logs {GATEWAY}",
        )


def _fresh(algorithm: str) -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key: PrivateKey
    if algorithm == "ES256":
        key = ec.generate_private_key(ec.SECP256R1())
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_once(path: Path, data: bytes) -> None:
    """Whole or not at all, for its owner alone; of two commands at once both go on with the first one's."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}-{os.getpid()}-{time.monotonic_ns()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    try:
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink()


def _public(key: PrivateKey, algorithm: str) -> dict[str, str]:
    """The members of its public half that identify it. Source: RFC 7638, section 3.2."""
    import jwt

    row = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {name: row[name] for name in ("crv", "e", "kty", "n", "x", "y") if name in row}


def _key_id(public: Mapping[str, str]) -> str:
    """The thumbprint. Source: RFC 7638."""
    text = json.dumps(public, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
