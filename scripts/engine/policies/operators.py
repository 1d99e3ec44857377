"""Conditions on attributes: claims of the user, and what the context knows of the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from scripts.engine.policies.claims import LARGEST, typed
from scripts.engine.policies.problems import Unsupported
from scripts.engine.policies.schema import Schema
from scripts.engine.policies.tree import (
    ANY_TEXT,
    AUTHORITY,
    FALSE,
    Anything,
    Claim,
    Flag,
    Header,
    Member,
    Number,
    PathTest,
    Source,
    Test,
    Text,
    Tree,
    every,
    negated,
    some,
)

Expression = Mapping[str, Any]
WORDS = {
    "<": "a comparison",
    "<=": "a comparison",
    ">": "a comparison",
    ">=": "a comparison",
    "+": "arithmetic",
    "-": "arithmetic",
    "*": "arithmetic",
    "neg": "arithmetic",
    "Record": "a record",
    "hasTag": "a tag",
    "getTag": "a tag",
}
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
NETWORKS = {
    "isIpv4": ("0.0.0.0/0",),
    "isIpv6": ("::/0",),
    "isLoopback": ("127.0.0.0/8", "::1/128"),
    "isMulticast": ("224.0.0.0/4", "ff00::/8"),
}


@dataclass(frozen=True)
class Attribute:
    """Something that a request tells, and its type."""

    name: str
    type: str
    leaf: Callable[[Any], Tree]
    """Makes a condition of a test."""


def compile_operator(kind: str, inner: Any, schema: Schema) -> Tree:
    """A condition on an attribute; raises Unsupported."""
    match kind:
        case ".":
            found = attribute({".": inner}, schema)
            if found is None or found.type != "Bool":
                raise _unsupported(kind)
            return found.leaf(Flag(value=True))
        case "has":
            return _has(inner, schema)
        case "==" | "<" | "<=" | ">" | ">=":
            return _comparison(kind, inner, schema)
        case "like":
            return _of(inner["left"], "String", kind, schema).leaf(_pattern(inner["pattern"]))
        case "contains" | "containsAll" | "containsAny":
            return _contains(kind, inner, schema)
        case "isEmpty":
            return negated(_of(inner["arg"], "Set<String>", kind, schema).leaf(Member(ANY_TEXT)))
        case "isInRange":
            return _address(inner[0], schema, _network(inner[1]))
        case _ if kind in NETWORKS:
            return _address(inner[0], schema, *NETWORKS[kind])
    raise _unsupported(kind)


def attribute(part: Expression, schema: Schema) -> Attribute | None:
    """The attribute that an expression names; None when it is something else."""
    if "." not in part:
        return None
    left, name = part["."]["left"], part["."]["attr"]
    if left.get("Var") == "principal":
        claim = schema.claims.get(name)
        return Attribute(name, claim.type, lambda test: Claim(name, test)) if claim else None
    if left.get("Var") == "context":
        return _of_request(name)
    if _is_headers(left) and name in schema.headers:
        return Attribute(name, "String", lambda test: Header(name, test))
    return None


def _of_request(name: str) -> Attribute | None:
    known: dict[str, Attribute] = {
        "host": Attribute(name, "String", _host),
        "method": Attribute(name, "String", lambda test: Header(":method", test)),
        "path": Attribute(name, "String", PathTest),
        "source_ip": Attribute(name, "ipaddr", lambda networks: some(map(Source, networks))),
    }
    return known.get(name)


def _host(test: Text) -> Tree:
    """Hosts are in lower case, whatever a client writes, so nothing with a capital letter is one."""
    return Header(AUTHORITY, test) if all(piece == piece.lower() for piece in test.pieces) else FALSE


def _is_headers(part: Expression) -> bool:
    return part.get(".") == {"left": {"Var": "context"}, "attr": "headers"}


def _of(part: Expression, kind: str, operator: str, schema: Schema) -> Attribute:
    found = attribute(part, schema)
    if found is None or found.type != kind:
        raise _unsupported(operator)
    return found


def _has(inner: Expression, schema: Schema) -> Tree:
    name, left = inner["attr"], inner["left"]
    if left.get("Var") == "principal" and name in schema.claims:
        claim = schema.claims[name]
        return typed(claim) if claim.optional else every(())
    if _is_headers(left) and name in schema.headers:
        return Header(name, Anything())
    raise Unsupported(f"`has {name}` of something else", "ask principal for a claim or context.headers for a header")


def _comparison(kind: str, inner: Expression, schema: Schema) -> Tree:
    left, right = inner["left"], inner["right"]
    if _is_constant(left) and not _is_constant(right):
        return _comparison(TURNED.get(kind, kind), {"left": right, "right": left}, schema)
    if "Set" in right or "Set" in left:
        raise Unsupported(f"`{kind}` with a set", "ask with contains, containsAll or containsAny")
    found = attribute(left, schema)
    if found is None or not _is_constant(right):
        raise Unsupported(
            f"`{kind}` of two things that are only known with the request", "compare an attribute with a constant"
        )
    if found.type == "ipaddr":
        return found.leaf([_network(right)])
    return found.leaf(_test(kind, right.get("Value"), found))


def _test(kind: str, value: Any, found: Attribute) -> Test:
    if kind == "==" and isinstance(value, str):
        return Text((value,))
    if kind == "==" and isinstance(value, bool):
        return Flag(value)
    if isinstance(value, int) and not isinstance(value, bool) and found.type == "Long":
        if abs(value) >= LARGEST:
            raise Unsupported(f"{value} is beyond 2^53", "numbers of tokens are exact up to 9007199254740991 only")
        return _range(kind, value)
    raise Unsupported(f"`{kind}` with {found.name}", "compare it with a string, a number, true or false")


def _range(kind: str, value: int) -> Number:
    ranges = {
        "==": (value, value + 1),
        "<": (-LARGEST, value),
        "<=": (-LARGEST, value + 1),
        ">": (value + 1, LARGEST),
        ">=": (value, LARGEST),
    }
    return Number(*ranges[kind])


def _contains(kind: str, inner: Expression, schema: Schema) -> Tree:
    left, right = inner["left"], inner["right"]
    words, found = _words(left), attribute(right, schema)
    if kind == "contains" and words is not None and found and found.type == "String":
        return some(found.leaf(Text((word,))) for word in words)
    if kind == "containsAny" and words is not None:
        return _contains(kind, {"left": right, "right": left}, schema)
    holder = _of(left, "Set<String>", kind, schema)
    wanted = _words(right if kind != "contains" else {"Set": [right]})
    if wanted is None:
        raise Unsupported(f"`{kind}` with what is only known with the request", "name the elements")
    parts = [holder.leaf(Member(Text((word,)))) for word in wanted]
    return every(parts) if kind == "containsAll" else some(parts)


def _words(part: Expression) -> list[str] | None:
    """The strings of a constant set."""
    values = [item.get("Value") for item in part.get("Set", [None])] if "Set" in part else [None]
    return [value for value in values if isinstance(value, str)] if all(isinstance(v, str) for v in values) else None


def _pattern(pattern: list[Any]) -> Text:
    pieces = [""]
    for part in pattern:
        if part == "Wildcard":
            pieces.append("")
        else:
            pieces[-1] += part["Literal"]
    return Text(tuple(pieces))


def _address(part: Expression, schema: Schema, *networks: str) -> Tree:
    return _of(part, "ipaddr", "the address test", schema).leaf(networks)


def _network(part: Expression) -> str:
    words = part.get("ip", [{}])
    value = words[0].get("Value")
    if not isinstance(value, str):
        raise Unsupported("an address that is only known with the request", 'write it: ip("10.0.0.0/8")')
    try:
        return str(ip_network(value, strict=False))
    except ValueError:
        raise Unsupported(f'ip("{value}") is no address', 'write ip("10.0.0.0/8")') from None


def _is_constant(part: Expression) -> bool:
    return "Value" in part or "ip" in part


def _unsupported(kind: str) -> Unsupported:
    what = WORDS.get(kind, f"`{kind}`")
    return Unsupported(
        f"{what} that the gateway cannot enforce", "docs/policies.md lists what it can; test claims against constants"
    )
