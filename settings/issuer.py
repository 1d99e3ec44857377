"""Whose tokens the gateway takes, as it reads it from the parameter of its own stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from settings.checks import FILE
from settings.errors import SettingsError
from settings.model import Settings

LONGEST = 4096
"""Characters of a parameter. Source: PutParameter API, standard tier."""
PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
"""Members of a key that are secret. Source: RFC 7518, 6.2.2, 6.3.2 and 6.4.1."""


def parameter(settings: Settings) -> str | None:
    """JSON with issuer, audiences and where the keys are, or the keys themselves; None for a target without an issuer.

    Raises SettingsError when the file of keys is not one.
    """
    target = settings.target
    if target.jwt_issuer is None or target.jwt_jwks is None:
        return None
    keys: dict[str, Any] = {"jwks_uri": target.jwt_jwks}
    if "://" not in target.jwt_jwks:
        keys = {"jwks": _key_set(settings.root / target.jwt_jwks, target.jwt_jwks)}
    row = {"issuer": target.jwt_issuer, "audiences": list(target.jwt_audiences), **keys}
    text = json.dumps(row, sort_keys=True, separators=(",", ":"))
    if len(text) > LONGEST:
        raise SettingsError(
            f"{len(text)} characters with its keys, a parameter holds {LONGEST}",
            where=f"{FILE}: targets.{target.name}.jwt_jwks",
            remedy="use an https:// URL, or fewer keys",
        )
    return text


def _key_set(path: Path, shown: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
        keys = found["keys"]
        secret = any(PRIVATE & key.keys() for key in keys)
    except OSError as error:
        raise SettingsError(
            f"cannot be read: {error.strerror}", where=shown, remedy="put the issuer's key set there"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SettingsError(
            "not a key set", where=shown, remedy='use JSON such as {"keys": [...]}, as the issuer publishes it'
        ) from None
    if secret:
        raise SettingsError("it holds a private key", where=shown, remedy="keep only the public parts of the keys")
    return {"keys": keys}
