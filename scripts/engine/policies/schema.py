"""What the schema declares: claims of a user, headers, actions. Read from Cedar's own text form of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scripts.engine.errors import BadInput
from scripts.engine.policies.source import SCHEMA

TYPES = ("String", "Bool", "Long", "Set<String>")
ATTRIBUTE = re.compile(r'(?:"(?P<quoted>[^"\\]+)"|(?P<name>[A-Za-z_]\w*))(?P<optional>\?)?\s*:\s*(?P<type>[\w<>:]+)')
ENTITY = re.compile(r"entity\s+User\s+in\s*\[\s*Role\s*\]\s*=?\s*\{(?P<body>[^}]*)\}\s*;", re.DOTALL)
HEADERS = re.compile(r"type\s+Headers\s*=\s*\{(?P<body>[^}]*)\}\s*;", re.DOTALL)
ACTION = re.compile(r"action\s+(?P<names>[A-Z, \n]+?)\s+in\s*\[\s*(?P<group>[a-z]+)\s*\]")
COMMENT = re.compile(r"//[^\n]*")
HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
REQUEST = {"source_ip": "ipaddr", "host": "String", "path": "String", "method": "String", "headers": "Headers"}
"""The context, which is the gateway's own."""


@dataclass(frozen=True)
class Attribute:
    """A claim or a header."""

    name: str
    type: str
    optional: bool


@dataclass(frozen=True)
class Schema:
    """What policies can speak of."""

    claims: Mapping[str, Attribute]
    headers: Mapping[str, Attribute]
    methods: Mapping[str, str]
    """Method -> its group, `read` or `write`."""


def read_schema(text: str) -> Schema:
    """The declarations; raises BadInput where the gateway could not keep them."""
    text = COMMENT.sub("", text)
    user, headers = ENTITY.search(text), HEADERS.search(text)
    if user is None or headers is None:
        raise _bad("it must declare `entity User in [Role]` and `type Headers`", "docs/policies.md shows the schema")
    methods = {name.strip(): found["group"] for found in ACTION.finditer(text) for name in found["names"].split(",")}
    return Schema(_claims(user["body"]), _headers(headers["body"]), methods)


def _claims(body: str) -> dict[str, Attribute]:
    found = _attributes(body)
    for one in found.values():
        if one.type not in TYPES:
            raise _bad(f"the claim {one.name} has the type {one.type}", "use one of " + ", ".join(TYPES))
        if one.type == "Set<String>" and one.optional:
            raise _bad(f"the claim {one.name} is an optional set", "leave the `?` out: a missing list is an empty one")
        if one.name == "roles":
            raise _bad("roles is no attribute", 'write `principal in Role::"name"`')
        if one.type != "Set<String>" and not one.optional and one.name != "sub":
            raise _bad(f"the claim {one.name} is not in every token", f"write {one.name}?: {one.type}")
    if found.get("sub") != Attribute("sub", "String", optional=False):
        raise _bad("User has no `sub: String`", "add it: it is who the token is about")
    return found


def _headers(body: str) -> dict[str, Attribute]:
    found = _attributes(body)
    for one in found.values():
        if one.type != "String" or not one.optional:
            raise _bad(f"the header {one.name} is not an optional String", f'write "{one.name}"?: String')
        if not HEADER_NAME.fullmatch(one.name):
            raise _bad(f"{one.name} is not a header's name in lower case", "write it as HTTP/2 has it")
    return found


def _attributes(body: str) -> dict[str, Attribute]:
    rows = [Attribute(m["quoted"] or m["name"], m["type"], m["optional"] is not None) for m in ATTRIBUTE.finditer(body)]
    return {row.name: row for row in rows}


def _bad(what: str, remedy: str) -> BadInput:
    return BadInput(what, where=f"policies/{SCHEMA}", remedy=remedy)
