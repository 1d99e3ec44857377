"""Claims of tokens as the schema has them: present means present with its type, `null` means absent."""

from __future__ import annotations

from scripts.engine.policies.schema import Attribute
from scripts.engine.policies.tree import (
    ANY_TEXT,
    Anything,
    Claim,
    Flag,
    Member,
    Null,
    Number,
    Test,
    Tree,
    every,
    negated,
    some,
)

LARGEST = 2**53
"""Whole numbers from there on are not exact in JSON."""
INFINITE = 1.7e308
ROLES = Attribute("roles", "Set<String>", optional=False)
"""The claim that makes a user a member of roles."""


def typed(claim: Attribute) -> Tree:
    """The token has the claim, of the type that the schema says; not for lists, which are always there."""
    tests: dict[str, tuple[Tree, ...]] = {
        "String": (Claim(claim.name, ANY_TEXT),),
        "Bool": (Claim(claim.name, Flag(value=True)), Claim(claim.name, Flag(value=False))),
        "Long": (Claim(claim.name, Number(-LARGEST, LARGEST)),),
    }
    return some(tests[claim.type])


def ill_typed(claim: Attribute) -> Tree:
    """The token has the claim, but as something else.

    What an object holds cannot be asked, so an object in place of a list counts as an empty one.
    """
    if claim.type != "Set<String>":
        present = every((Claim(claim.name, Anything()), negated(Claim(claim.name, Null()))))
        return every((present, negated(typed(claim))))
    others: tuple[Number | Flag, ...] = (Number(-INFINITE, INFINITE), Flag(value=True), Flag(value=False))
    tests: tuple[Test, ...] = (ANY_TEXT, *others, *(Member(test) for test in others))
    return some(Claim(claim.name, test) for test in tests)
