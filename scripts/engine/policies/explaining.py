"""What compiled policies mean, for people: each tree as a sentence, and what changed between two versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.engine.policies.bundle import Bundle
from scripts.engine.policies.compiler import compiled
from scripts.engine.policies.envoy_rules import rule
from scripts.engine.policies.schema import read_schema
from scripts.engine.policies.source import SCHEMA, PolicySet, parse_policies
from scripts.engine.policies.tree import (
    FALSE,
    TRUE,
    All,
    Anything,
    Claim,
    Either,
    Flag,
    Header,
    Member,
    Not,
    Null,
    Number,
    PathTest,
    Some,
    Source,
    Test,
    Text,
    Tree,
)


def policies_of(bundle: Bundle) -> PolicySet:
    """The policies of a version, as they were parsed when it was made."""
    texts = {file: text for file, text in bundle.sources.items() if file != SCHEMA}
    return parse_policies(texts, bundle.sources[SCHEMA], {})


def explanations(bundle: Bundle) -> list[dict[str, Any]]:
    """Per policy its id, effect, description, a sentence, and the rule that Envoy gets."""
    policies = policies_of(bundle)
    trees = compiled(policies, read_schema(policies.schema))
    return [
        {
            "id": policy.id,
            "effect": policy.parsed["effect"],
            "description": policy.description,
            "when": sentence(trees[policy.id]),
            "rule": rule(trees[policy.id]),
        }
        for policy in policies.policies
    ]


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, list[str]]:
    """Ids that were added, removed and changed between two sets of id -> text."""
    return {
        "added": sorted(now.keys() - before.keys()),
        "removed": sorted(before.keys() - now.keys()),
        "changed": sorted(name for name in now.keys() & before.keys() if now[name] != before[name]),
    }


def sentence(tree: Tree) -> str:
    """A condition as a person would say it."""
    if tree in (TRUE, FALSE):
        return "always" if tree == TRUE else "never"
    match tree:
        case All(parts):
            return " and ".join(_inner(part) for part in parts)
        case Some(parts):
            return " or ".join(_inner(part) for part in parts)
        case Not(part):
            return f"not {_inner(part)}"
    return _leaf(tree)


def _inner(part: Tree) -> str:
    text = sentence(part)
    return f"({text})" if isinstance(part, (All, Some)) and part.parts else text


def _leaf(leaf: Claim | Header | PathTest | Source) -> str:
    match leaf:
        case Claim(name, test):
            return f"{name or 'the token'} {_test(test)}"
        case Header(name, test):
            return f"{name.removeprefix(':')} {_test(test)}"
        case PathTest(test):
            return f"path {_test(test)}"
        case Source(network):
            return f"the client is in {network}"


def _test(test: Test) -> str:
    match test:
        case Text((whole,)):
            return f'is "{whole}"'
        case Text(("", "")):
            return "is a text"
        case Text(pieces):
            return f'is like "{"*".join(pieces)}"'
        case Number(start, end):
            return f"is a number from {start:g} to below {end:g}"
        case Flag(value):
            return f"is {str(value).lower()}"
        case Member(inner):
            return f"has an element that {_test(inner)}"
        case Either(tests):
            return " or ".join(map(_test, tests))
        case Anything() | Null():
            return "is there" if isinstance(test, Anything) else "is null"
