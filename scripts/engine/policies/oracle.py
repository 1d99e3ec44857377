"""What Cedar itself says of a request: the answer of `authorize`, and the truth that tests compare Envoy with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts.engine.policies.claims import LARGEST
from scripts.engine.policies.paths import ancestors
from scripts.engine.policies.schema import Schema
from scripts.engine.policies.source import PolicySet


@dataclass(frozen=True)
class Request:
    """A request as the gateway sees it: path normalised, without query."""

    method: str
    path: str
    claims: Mapping[str, Any] | None = None
    """Payload of the verified token; None without one."""
    host: str = ""
    source_ip: str = "127.0.0.1"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """Allowed or not, and by which policies or guard."""

    allowed: bool
    reasons: tuple[str, ...] = ()


def guard(request: Request, schema: Schema) -> str | None:
    """The guard that denies a request whatever policies say; None when all of them let it pass."""
    if request.method not in schema.methods:
        return "_unknown-method"
    claims = request.claims
    if claims is not None:
        if not isinstance(claims.get("sub"), str):
            return "_no-subject"
        kinds = {"roles": "Set<String>", **{claim.name: claim.type for claim in schema.claims.values()}}
        if any(not _is_typed(claims[name], kind) for name, kind in kinds.items() if claims.get(name) is not None):
            return "_ill-typed-claim"
    return "_double-slash" if "//" in request.path else None


class Oracle:
    """Cedar's decisions on one set of policies."""

    def __init__(self, policies: PolicySet, schema: Schema) -> None:
        import cedarpy

        self.schema = schema
        self._policies = cedarpy.PolicySet.from_str(policies.text)
        self._names = {f"policy{place}": policy.id for place, policy in enumerate(policies.policies)}

    def decide(self, request: Request) -> Decision:
        """Allowed or not, as the gateway has to decide."""
        import cedarpy

        if denied := guard(request, self.schema):
            return Decision(allowed=False, reasons=(denied,))
        rows = entities(request, self.schema)
        result = cedarpy.is_authorized(question(request, self.schema), self._policies, rows)
        reasons = tuple(sorted(self._names.get(reason, reason) for reason in result.diagnostics.reasons))
        return Decision(bool(result.allowed), reasons)


def question(request: Request, schema: Schema) -> dict[str, Any]:
    """The request in Cedar's words."""
    claims = request.claims
    principal = f"User::{_quoted(claims['sub'])}" if claims is not None else 'Anonymous::"nobody"'
    headers = {name: request.headers[name] for name in schema.headers if name in request.headers}
    return {
        "principal": principal,
        "action": f'Action::"{request.method}"',
        "resource": f"Path::{_quoted(request.path)}",
        "context": {
            "source_ip": {"__extn": {"fn": "ip", "arg": request.source_ip}},
            "host": request.host.lower(),
            "path": request.path,
            "method": request.method,
            "headers": headers,
        },
    }


def entities(request: Request, schema: Schema) -> list[dict[str, Any]]:
    """Principal, resource and action of the request with what holds them."""
    above = ancestors(request.path)
    rows = [_entity("Path", request.path, [("Path", path) for path in above]), _entity("Path", "/", [])]
    group = schema.methods[request.method]
    rows.append(_entity("Action", request.method, [("Action", group)]))
    claims = request.claims
    if claims is not None:
        roles = [("Role", role) for role in _strings(claims.get("roles"))]
        attributes = {name: _plain(claims[name]) for name in schema.claims if claims.get(name) is not None}
        sets = {name: _strings(claims.get(name)) for name, one in schema.claims.items() if one.type == "Set<String>"}
        rows.append({**_entity("User", claims["sub"], roles), "attrs": {**attributes, **sets}})
    return list({(row["uid"]["type"], row["uid"]["id"]): row for row in rows}.values())


def _entity(kind: str, name: str, parents: list[tuple[str, str]]) -> dict[str, Any]:
    above = [{"type": parent, "id": identity} for parent, identity in parents]
    return {"uid": {"type": kind, "id": name}, "attrs": {}, "parents": above}


def _is_typed(value: Any, kind: str) -> bool:
    match kind:
        case "String":
            return isinstance(value, str)
        case "Bool":
            return isinstance(value, bool)
        case "Long":
            return isinstance(value, (int, float)) and not isinstance(value, bool) and -LARGEST <= value < LARGEST
        case _:
            return isinstance(value, dict) or (
                isinstance(value, list) and not any(isinstance(item, (bool, int, float)) for item in value)
            )


def _strings(value: Any) -> list[str]:
    """What a list of a token counts as: its strings."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _plain(value: Any) -> Any:
    """A number of a token counts as the whole number that is not above it: Envoy compares it with whole numbers."""
    return math.floor(value) if isinstance(value, float) else value


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
