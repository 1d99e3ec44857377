"""The same condition as Envoy answers it soonest.

Envoy asks the parts of a condition in their order until one decides. Most policies fail by the path alone, which is at
hand, so it comes first; a claim is looked up through the token, so it comes last, and each claim once for all tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os.path import commonprefix

from scripts.engine.policies.tree import (
    All,
    Anything,
    Claim,
    Either,
    Header,
    Not,
    PathTest,
    Some,
    Source,
    Test,
    Text,
    Tree,
    every,
    some,
)

COSTS: dict[type, int] = {PathTest: 0, Header: 1, Source: 2, Claim: 4}
NOT_OF_A_KIND = 3
"""A claim that is there at all, and a negated one: mostly that it is of a wrong kind. Most tokens lack most claims."""


def quick(tree: Tree) -> Tree:
    """The tree in another order, what concerns one claim or a folder of paths asked at once."""
    match tree:
        case All(parts):
            found = [quick(part) for part in parts]
            wrong = _together(part.part for part in found if isinstance(part, Not))
            rest = (part for part in found if not isinstance(part, Not))
            return every(sorted((*rest, *map(Not, wrong)), key=_cost))
        case Some(parts):
            return _after_their_beginning(sorted(_together(map(quick, parts)), key=_cost))
        case Not(part):
            return Not(quick(part))
    return tree


def _together(parts: Iterable[Tree]) -> list[Tree]:
    """Alternatives, those on one claim as one."""
    tests: dict[str, list[Test]] = {}
    others: list[Tree] = []
    for part in parts:
        if isinstance(part, Claim):
            tests.setdefault(part.name, []).extend(part.test.tests if isinstance(part.test, Either) else [part.test])
        else:
            others.append(part)
    return [*others, *(Claim(name, one[0] if len(one) == 1 else Either(tuple(one))) for name, one in tests.items())]


def _after_their_beginning(parts: Sequence[Tree]) -> Tree:
    """Alternatives; where all are paths, how all of them begin is asked before."""
    starts = [part.test.pieces[0] for part in parts if isinstance(part, PathTest)]
    shared = commonprefix(starts) if len(starts) == len(parts) > 1 else ""  # noqa: RUF071 - characters are meant
    return every((PathTest(Text((shared, ""))), some(parts))) if len(shared) > 1 else some(parts)


def _cost(tree: Tree) -> int:
    match tree:
        case All(parts) | Some(parts):
            return max(map(_cost, parts), default=0)
        case Not(Claim()) | Claim(test=Anything()):
            return NOT_OF_A_KIND
        case Not(part):
            return _cost(part)
    return COSTS[type(tree)]
