"""Whose tokens are valid, as the resource `auth` of Envoy: RS256 and ES256 of one issuer, claims kept for the policies.

Without an issuer a token of anybody is refused: the only key is one that nobody has.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.reading import document, is_text

RESOURCE = "auth"
TYPE = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"
PAYLOAD = "claims"
"""Where policies, headers and the access log find the claims."""
ALGORITHMS = {"RSA": "RS256", "EC": "ES256"}
PARTS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}
MOST_KEYS = 100
"""Of an issuer: a token without a key's id is tried with each of them."""
SKEW_SECONDS = 60
CACHED_TOKENS = 2000

Json = dict[str, Any]


class BadAuth(ValueError):
    """Authentication settings or keys that cannot be used."""


@dataclass(frozen=True)
class Auth:
    """An issuer."""

    issuer: str
    audiences: tuple[str, ...] = ()
    """A token has to be for one of them; none: for anybody."""
    jwks_uri: str = ""
    jwks: str = ""
    """Keys as JSON, where they are not fetched."""
    forward: bool = False
    """Whether services get the token itself as well."""


def parse(text: str) -> Auth:
    """Settings from their JSON; raises BadAuth."""
    try:
        row = document(text)
        jwks = row.get("jwks")
        audiences = row.get("audiences") or ()
        found = Auth(
            issuer=row["issuer"],
            audiences=(audiences,) if isinstance(audiences, str) else tuple(map(str, audiences)),
            jwks_uri=row.get("jwks_uri") or "",
            jwks=json.dumps(jwks) if isinstance(jwks, dict) else jwks or "",
            forward=bool(row.get("forward")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadAuth(f"authentication settings: {type(error).__name__}: {error}") from None
    if not _is_text(found.issuer) or not all(map(_is_text, found.audiences)):
        raise BadAuth("authentication settings: no issuer, or an audience that is no text")
    if found.jwks_uri and not found.jwks_uri.startswith(("https://", "http://")):
        raise BadAuth("authentication settings: jwks_uri is no URL")
    return found


def usable(jwks: str, nobodys: str) -> str:
    """Those keys of a set that verify RS256 or ES256, each bound to its algorithm; raises BadAuth when none does.

    Bound, because a key must not verify what it was not made for. Keys of other kinds, and symmetric ones above all,
    are left out, and of a key everything that says nothing of it. Nobody's key goes with them: Envoy passes over a
    broken key, but not over a set of nothing else.
    """
    try:
        keys = [_plain(row) for row in document(jwks)["keys"] if _is_usable(row)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadAuth(f"no set of keys: {type(error).__name__}: {error}") from None
    if not keys:
        raise BadAuth("no key for RS256 or ES256 in the set")
    if len(keys) > MOST_KEYS:
        raise BadAuth(f"more than {MOST_KEYS} keys in the set")
    return json.dumps({"keys": [*keys, *json.loads(nobodys)["keys"]]}, sort_keys=True)


def _is_usable(row: Mapping[str, Any]) -> bool:
    kind = row.get("kty")
    return (
        kind in PARTS
        and all(_is_text(row.get(part)) for part in PARTS[kind])
        and ("kid" not in row or _is_text(row["kid"]))
        and row.get("use", "sig") == "sig"
        and row.get("alg", ALGORITHMS[kind]) == ALGORITHMS[kind]
        and (kind != "EC" or row["crv"] == "P-256")
    )


def _plain(row: Mapping[str, Any]) -> Json:
    kind = row["kty"]
    names = ("kty", "kid", *PARTS[kind])
    return {**{name: row[name] for name in names if name in row}, "alg": ALGORITHMS[kind]}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value) and is_text(value)


def nobodys_key() -> str:
    """A set with one key that is forgotten at once."""
    return json.dumps({"keys": [{"kty": "oct", "alg": "HS256", "k": secrets.token_urlsafe(32)}]})


def resource(auth: Auth | None, jwks: str) -> Json:
    """What Envoy gets: a token is not needed, but one that is there has to be valid."""
    provider: Json = {
        "issuer": auth.issuer if auth else "nobody",
        "local_jwks": {"inline_string": jwks},
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "payload_in_metadata": PAYLOAD,
        "require_expiration": True,
        "clock_skew_seconds": SKEW_SECONDS,
        "jwt_cache_config": {"jwt_cache_size": CACHED_TOKENS},
        "forward": bool(auth and auth.forward),
    }
    if auth and auth.audiences:
        provider["audiences"] = list(auth.audiences)
    requirement = {"requires_any": {"requirements": [{"provider_name": "issuer"}, {"allow_missing": {}}]}}
    config = {
        "@type": TYPE,
        "providers": {"issuer": provider},
        "rules": [{"match": {"prefix": "/"}, "requires": requirement}],
    }
    return {
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": RESOURCE,
        "typed_config": config,
    }
