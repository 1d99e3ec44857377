"""Conditions on a request, as a tree of plain values; `envoy_rules` writes it as Envoy has it.

A tree has no errors and no order of evaluation: strict validation has ruled out what could fail, so `&&`, `||` and `!`
of Cedar are those of logic.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class All:
    """True when every part is; without parts always."""

    parts: tuple[Tree, ...] = ()


@dataclass(frozen=True)
class Some:
    """True when a part is; without parts never."""

    parts: tuple[Tree, ...] = ()


@dataclass(frozen=True)
class Not:
    """True when the part is not."""

    part: Tree


@dataclass(frozen=True)
class Text:
    """A string: literal pieces with anything between two of them, so one piece alone is the whole string."""

    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Number:
    """A number from `start` up to but not including `end`."""

    start: float
    end: float


@dataclass(frozen=True)
class Flag:
    """A boolean of that value."""

    value: bool


@dataclass(frozen=True)
class Null:
    """The value `null`."""


@dataclass(frozen=True)
class Member:
    """A list with an element that passes the test."""

    test: Text | Number | Flag | Anything


@dataclass(frozen=True)
class Anything:
    """Any value at all, also `null`."""


@dataclass(frozen=True)
class Either:
    """Two or more tests, of which one is passed; only `quick` makes it."""

    tests: tuple[Test, ...]


Test = Text | Number | Flag | Member | Anything | Null | Either


@dataclass(frozen=True)
class Claim:
    """A claim of the verified token passes a test; no name: the token itself."""

    name: str
    test: Test


AUTHORITY = ":authority"
"""The host, which is one whether letters are large or small. Source: RFC 3986, section 3.2.2."""


@dataclass(frozen=True)
class Header:
    """A header passes a test; `:method` and `:authority` are headers too."""

    name: str
    test: Text | Anything


@dataclass(frozen=True)
class PathTest:
    """The path, without query, passes a test."""

    test: Text


@dataclass(frozen=True)
class Source:
    """The client's address is in a network, such as 10.0.0.0/8."""

    network: str


Tree = All | Some | Not | Claim | Header | PathTest | Source

TRUE, FALSE = All(), Some()
ANY_TEXT = Text(("", ""))


def every(parts: Iterable[Tree]) -> Tree:
    """All of them, flat and without what does not matter."""
    found: dict[Tree, None] = {}
    for part in parts:
        found.update(dict.fromkeys(part.parts if isinstance(part, All) else (part,)))
    if FALSE in found:
        return FALSE
    return next(iter(found)) if len(found) == 1 else All(tuple(found))


def some(parts: Iterable[Tree]) -> Tree:
    """One of them, flat and without what does not matter."""
    found: dict[Tree, None] = {}
    for part in parts:
        found.update(dict.fromkeys(part.parts if isinstance(part, Some) else (part,)))
    if TRUE in found:
        return TRUE
    return next(iter(found)) if len(found) == 1 else Some(tuple(found))


def negated(part: Tree) -> Tree:
    """The opposite."""
    if isinstance(part, Not):
        return part.part
    if part in (TRUE, FALSE):
        return FALSE if part == TRUE else TRUE
    return Not(part)
