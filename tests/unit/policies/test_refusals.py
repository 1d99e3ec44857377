"""What cannot be enforced is refused by policy, file and line, with what to write instead."""

from __future__ import annotations

import pytest

from scripts.engine.errors import BadInput
from scripts.engine.policies.compiler import compiled
from scripts.engine.policies.schema import read_schema
from scripts.engine.policies.source import SCHEMA, parse_policies, read_policies
from tests.unit.documents import ROOT

SCHEMA_TEXT = (ROOT / "policies" / SCHEMA).read_text("utf-8")
KNOWN = read_schema(SCHEMA_TEXT)
HEAD = '@id("a") @description("why")\n'


def refusal(text: str, variables: dict[str, str] | None = None) -> BadInput:
    """What is said when these policies are compiled."""
    with pytest.raises(BadInput) as caught:
        compiled(parse_policies({"a.cedar": text}, SCHEMA_TEXT, variables or {}), KNOWN)
    return caught.value


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        ("principal is User && principal.sub == context.host", "only known with the request"),
        ("principal is User && principal has level && principal.level + 1 > 2", "only known with the request"),
        ("principal is User && principal has level && principal.level > 9007199254740993", "beyond 2^53"),
        ('principal is User && principal.groups == ["a"]', "`==` with a set"),
        ('resource in Path::"/orders/"', "not how the gateway sees a path"),
        ('resource in Path::"orders"', "not how the gateway sees a path"),
        ('resource in Path::"/a/../b"', "not how the gateway sees a path"),
        ('resource in Path::"/a%2fb"', "not how the gateway sees a path"),
        ('resource in Path::"/.gateway/policy"', "is the gateway's own"),
        ('principal == Anonymous::"somebody"', "names nobody"),
        ("principal == resource", ""),
        ('principal is User && principal.sub.foo == "a"', ""),
        ('context.source_ip.isInRange(ip("10.0.0.0/8")) == true', "only known with the request"),
        ('["a"].containsAll(["a"])', "cannot enforce"),
        ('principal is User && ["a", "b"].containsAll(principal.groups)', "cannot enforce"),
    ],
)
def test_conditions_that_are_refused(condition: str, what: str) -> None:
    error = refusal(f"// first\n\n{HEAD}permit(principal, action, resource)\nwhen {{ {condition} }};\n")
    assert error.where == "a.cedar:3"
    assert error.what.startswith("a: ")
    assert what in error.what
    assert error.remedy
    assert "instead: " in error.evidence[0]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("permit(principal, action, resource);", "a.cedar:1", "it has no @id"),
        ('@id("a")\npermit(principal, action, resource);', "a.cedar:1", "it has no @description"),
        ('@id("a b") @description("c")\npermit(principal, action, resource);', "a.cedar:1", "'a b' is not an id"),
        (HEAD + "permit(principal, action, resource", "a.cedar:1", "not valid Cedar"),
        (HEAD + "permit(principal == ?principal, action, resource);", "a.cedar:1", "a template"),
        (HEAD + 'permit(principal, action == Action::"FETCH", resource);', "a.cedar:1", "a: "),
        (HEAD + "permit(principal, action, resource) when { principal.age > 3 };", "a.cedar:1", "a: "),
        (
            2 * (HEAD + "permit(principal, action, resource);\n"),
            "a.cedar:3",
            "its id is also that of the policy in a.cedar:1",
        ),
        (
            HEAD + 'permit(principal, action, resource) when { context.host == "${host}" };',
            "a.cedar:1",
            "${host} stands",
        ),
        (HEAD + 'permit(principal, action, resource) when { context.host == "${" };', "a.cedar:1", "${ stands"),
    ],
)
def test_texts_that_are_refused(text: str, where: str, what: str) -> None:
    error = refusal(text, {"target": "local"})
    assert error.where == where
    assert what in error.what


def test_everything_that_is_wrong_is_told_at_once() -> None:
    bad = '@id("{0}") @description("x") permit(principal, action, resource in Path::"{0}");\n'
    error = refusal(bad.format("one") + bad.format("two"))
    assert len(error.evidence) == 2
    assert error.what.endswith("and 1 more")


def test_semicolons_in_texts_and_comments_end_no_policy() -> None:
    text = f'{HEAD}// a; comment "\npermit(principal, action, resource) when {{ context.host == "a;\\"b" }}; // end;\n'
    assert [policy.id for policy in parse_policies({"a.cedar": text}, SCHEMA_TEXT, {}).policies] == ["a"]


def test_variables_are_filled_in() -> None:
    text = HEAD + 'permit(principal, action, resource) when { context.host == "${target}.example.com" };'
    (policy,) = parse_policies({"a.cedar": text}, SCHEMA_TEXT, {"target": "staging"}).policies
    assert "staging.example.com" in policy.text


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("sub: String,", "", "User has no `sub: String`"),
        ("email?: String", "email: String", "the claim email is not in every token"),
        ("groups: Set<String>", "groups?: Set<String>", "the claim groups is an optional set"),
        ("level?: Long", "level?: decimal", "the claim level has the type decimal"),
        ("level?: Long", "roles: Set<String>", "roles is no attribute"),
        ('"user-agent"?: String', '"User-Agent"?: String', "User-Agent is not a header's name in lower case"),
        ('"user-agent"?: String', '"user-agent": String', "the header user-agent is not an optional String"),
        ("type Headers", "type Heads", "it must declare"),
    ],
)
def test_schemas_that_are_refused(old: str, new: str, what: str) -> None:
    assert old in SCHEMA_TEXT
    with pytest.raises(BadInput) as caught:
        read_schema(SCHEMA_TEXT.replace(old, new))
    assert what in caught.value.what


def test_the_policies_of_this_project_compile() -> None:
    policies = read_policies(ROOT / "policies", {"target": "local", "account": "000000000000", "region": "us-east-1"})
    assert compiled(policies, KNOWN).keys() == {policy.id for policy in policies.policies}
    assert policies.policies
