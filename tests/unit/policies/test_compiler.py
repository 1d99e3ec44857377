"""What policies become: trees of conditions, and the one resource that Envoy loads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripts.engine.policies.artefact import PROBE, Artefact, artefact
from scripts.engine.policies.compiler import compiled
from scripts.engine.policies.oracle import Oracle, Request, guard
from scripts.engine.policies.source import parse_policies
from scripts.engine.policies.tree import (
    FALSE,
    TRUE,
    Claim,
    Header,
    Member,
    Not,
    Number,
    PathTest,
    Some,
    Source,
    Text,
    Tree,
)
from tests.unit.policies.test_refusals import HEAD, KNOWN, SCHEMA_TEXT

USER = Claim("sub", Text(("", "")))


def tree(scope: str = "principal, action, resource", condition: str = "true") -> Tree:
    """What one policy becomes."""
    text = f"{HEAD}permit({scope}) when {{ {condition} }};"
    return compiled(parse_policies({"a.cedar": text}, SCHEMA_TEXT, {}), KNOWN)["a"]


def made(text: str) -> Artefact:
    """What the gateway loads for these policies."""
    policies = parse_policies({"a.cedar": text}, SCHEMA_TEXT, {})
    return artefact(policies, compiled(policies, KNOWN), KNOWN)


def rules(one: Artefact) -> list[dict[str, Any]]:
    """The rules of both filters."""
    filters = one.resource["typed_config"]["default_filter_chain"]["filters"]
    return [row["typed_config"]["rules"] for row in filters]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("principal, action, resource", TRUE),
        ('principal == User::"ann", action, resource', Claim("sub", Text(("ann",)))),
        ('principal in Role::"admin", action, resource', Claim("roles", Member(Text(("admin",))))),
        ("principal is User, action, resource", USER),
        ("principal is Anonymous, action, resource", Not(USER)),
        ('principal, action == Action::"GET", resource', Header(":method", Text(("GET",)))),
        (
            'principal, action in [Action::"read"], resource',
            Some(tuple(Header(":method", Text((method,))) for method in ("GET", "HEAD", "OPTIONS"))),
        ),
        ('principal, action, resource == Path::"/a"', PathTest(Text(("/a",)))),
        ('principal, action, resource in Path::"/a"', Some((PathTest(Text(("/a",))), PathTest(Text(("/a/", "")))))),
        ('principal, action, resource in Path::"/"', TRUE),
    ],
)
def test_scopes(scope: str, expected: Tree) -> None:
    assert tree(scope) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("false", FALSE),
        ("!true", FALSE),
        ('context.host == "a"', Header(":authority", Text(("a",)))),
        ('context.host == "A"', FALSE),
        ('"a" != context.host', Not(Header(":authority", Text(("a",))))),
        ('context.path like "/a*b"', PathTest(Text(("/a", "b")))),
        ('context.path like "/a\\*b"', PathTest(Text(("/a*b",)))),
        ('context.source_ip.isInRange(ip("10.1.2.3/8"))', Source("10.0.0.0/8")),
        ("context.source_ip.isLoopback()", Some((Source("127.0.0.0/8"), Source("::1/128")))),
        ('if context.host == "a" then false else false', FALSE),
    ],
)
def test_conditions(condition: str, expected: Tree) -> None:
    assert tree(condition=condition) == expected


def test_numbers_are_ranges_of_whole_numbers() -> None:
    found = tree("principal is User, action, resource", "principal has level && 3 < principal.level")
    assert isinstance(found, type(tree("principal is User, action, resource", "principal.groups.isEmpty()")))
    assert Claim("level", Number(4, 2**53)) in getattr(found, "parts")  # noqa: B009 - one of several kinds


def test_unless_is_the_opposite() -> None:
    text = f'{HEAD}permit(principal, action, resource) unless {{ context.host == "a" }};'
    assert compiled(parse_policies({"a.cedar": text}, SCHEMA_TEXT, {}), KNOWN)["a"] == Not(
        Header(":authority", Text(("a",)))
    )


def test_forbids_deny_and_permits_allow() -> None:
    text = (
        HEAD + 'permit(principal, action, resource);\n@id("b") @description("c")\nforbid(principal, action, resource);'
    )
    deny, allow = rules(made(text))
    assert (deny["action"], allow["action"]) == ("DENY", "ALLOW")
    assert "b" in deny["policies"]
    assert allow["policies"].keys() == {"a", "_probe"}


def test_the_version_follows_from_what_is_enforced() -> None:
    first, same, other = (
        made(HEAD + text)
        for text in (
            "permit(principal, action, resource);",
            "// a comment\npermit(principal,action,resource) when { true };",
            "permit(principal is User, action, resource);",
        )
    )
    assert first.version == same.version != other.version
    probe = rules(first)[1]["policies"]["_probe"]["permissions"]
    assert probe == [{"url_path": {"path": {"exact": PROBE + first.version}}}]
    assert json.loads(first.text)["version_info"] == first.version


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (Request("BREW", "/"), "_unknown-method"),
        (Request("GET", "/a//b"), "_double-slash"),
        (Request("GET", "/", claims={}), "_no-subject"),
        (Request("GET", "/", claims={"sub": "a", "level": "high"}), "_ill-typed-claim"),
        (Request("GET", "/", claims={"sub": "a", "roles": "admin"}), "_ill-typed-claim"),
        (Request("GET", "/", claims={"sub": "a", "level": None}), None),
        (Request("GET", "/"), None),
    ],
)
def test_guards(request_: Request, reason: str | None) -> None:
    assert guard(request_, KNOWN) == reason


def test_the_oracle_names_the_policies_that_decide() -> None:
    text = (
        '@id("readers") @description("r") permit(principal in Role::"reader", action in Action::"read", resource);\n'
        '@id("not-ann") @description("n") forbid(principal == User::"ann", action, resource in Path::"/admin");'
    )
    oracle = Oracle(parse_policies({"a.cedar": text}, SCHEMA_TEXT, {}), KNOWN)
    ann = {"sub": "ann", "roles": ["reader"]}
    assert oracle.decide(Request("GET", "/orders", claims=ann)).reasons == ("readers",)
    assert oracle.decide(Request("GET", "/admin/x", claims=ann)).reasons == ("not-ann",)
    assert not oracle.decide(Request("POST", "/orders", claims=ann)).allowed
    assert not oracle.decide(Request("GET", "/orders")).allowed
