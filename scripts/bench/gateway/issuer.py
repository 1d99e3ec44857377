"""An issuer of tokens that only the bench knows: RS256, the most usual kind."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

NAME = "https://issuer.example.com/"
AUDIENCE = "shop"
VALID_SECONDS = 7200


class Issuer:
    """One key pair."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import rsa

        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def settings(self) -> str:
        """Authentication settings of a gateway that believes it, as JSON."""
        return json.dumps({"issuer": NAME, "audiences": [AUDIENCE], "jwks": {"keys": [self._public()]}})

    def token(self, claims: Mapping[str, Any]) -> str:
        """A valid token with these claims."""
        import jwt

        now = int(time.time())
        whole = {"iss": NAME, "aud": AUDIENCE, "iat": now, "exp": now + VALID_SECONDS, **claims}
        return jwt.encode(whole, self._key, algorithm="RS256", headers={"kid": "bench"})

    def _public(self) -> dict[str, Any]:
        import jwt

        row: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {**row, "kid": "bench", "alg": "RS256"}
