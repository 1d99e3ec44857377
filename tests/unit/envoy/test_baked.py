"""The policies in the image: what the compiler makes of the one policy that it says here."""

from __future__ import annotations

import json

from scripts.engine.policies.artefact import artefact
from scripts.engine.policies.compiler import compiled
from scripts.engine.policies.schema import read_schema
from scripts.engine.policies.source import parse_policies
from tests.unit.envoy.places import ENVOY

SCHEMA = """
entity Role;
entity User in [Role] = { sub: String };
entity Anonymous;
entity Path in [Path];
type Headers = {};
type Request = { source_ip: ipaddr, host: String, path: String, method: String, headers: Headers };
action read, write;
action GET, HEAD, OPTIONS in [read] appliesTo { principal: [User, Anonymous], resource: Path, context: Request };
action POST, PUT, PATCH, DELETE in [write] appliesTo { principal: [User, Anonymous], resource: Path, context: Request };
"""
POLICY = """@id("landing-page") @description("Everybody sees the gateway's own page")
permit (principal, action in Action::"read", resource == Path::"/");
"""


def baked() -> str:
    """The file as it has to be."""
    policies = parse_policies({"baked.cedar": POLICY}, SCHEMA, {})
    schema = read_schema(policies.schema)
    return json.dumps(json.loads(artefact(policies, compiled(policies, schema), schema).text), indent=1)


def test_the_baked_policies_are_the_compiler_s() -> None:
    assert (ENVOY / "policy.json").read_text("utf-8") == baked() + "\n"
