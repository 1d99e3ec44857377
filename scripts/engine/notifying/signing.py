"""Signs what a generic webhook gets, as Standard Webhooks 1.0.0 has it, so that any library for it can check it.

Source: https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from scripts.engine.errors import BadInput

PREFIX = "whsec_"
LEAST = 24
"""Bytes of a secret, at least. Source: the same, "Signature scheme"."""


def signed_headers(secret: str, message_id: str, now: float, body: bytes) -> dict[str, str]:
    """The three headers. The id stays the same when a message is sent again, the time does not.

    A secret may be several, separated by white space, while one replaces the other: each signs. Raises BadInput.
    """
    keys = [_key(one) for one in secret.split()]
    stamp = str(int(now))
    content = b".".join((message_id.encode(), stamp.encode(), body))
    signatures = [base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _key(secret: str) -> bytes:
    """`whsec_` and base64, or any other text as it is."""
    try:
        key = base64.b64decode(secret[len(PREFIX) :], validate=True) if secret.startswith(PREFIX) else secret.encode()
    except ValueError:
        raise BadInput("the signing secret is not base64 behind whsec_") from None
    if len(key) < LEAST:
        raise BadInput(f"the signing secret has fewer than {LEAST} bytes")
    return key
