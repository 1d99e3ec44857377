"""Conditions in the order that Envoy decides soonest: the same answer, fewer questions."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping

import pytest

from scripts.engine.policies.envoy_rules import rule
from scripts.engine.policies.paths import under
from scripts.engine.policies.quick import quick
from scripts.engine.policies.tree import (
    FALSE,
    TRUE,
    All,
    Anything,
    Claim,
    Either,
    Flag,
    Header,
    Not,
    Null,
    PathTest,
    Some,
    Source,
    Test,
    Text,
    Tree,
    every,
    negated,
    some,
)

IS_ANN, IS_NULL, IS_THERE = (Claim("name", test) for test in (Text(("ann",)), Null(), Anything()))
LEAVES: tuple[Tree, ...] = (
    *(IS_ANN, IS_NULL, IS_THERE, Claim("ok", Flag(value=True))),
    *(PathTest(Text(("/a",))), PathTest(Text(("/a/", ""))), PathTest(Text(("/b",))), PathTest(Text(("", "//", "")))),
    *(Header(":method", Text(("GET",))), Source("10.0.0.0/8")),
)
WORLDS = [
    {"path": path, "name": name, "ok": ok, ":method": method, "10.0.0.0/8": inside}
    for path, name, ok, method, inside in itertools.product(
        ("/a", "/a/x", "/ab", "/b", "/b//"),
        ("ann", "bob", None, "absent"),
        (True, "absent"),
        ("GET", "PUT"),
        (True, False),
    )
]


def holds(tree: Tree, world: Mapping[str, object]) -> bool:
    """What a tree says of a request, by its definition."""
    match tree:
        case All(parts):
            return all(holds(part, world) for part in parts)
        case Some(parts):
            return any(holds(part, world) for part in parts)
        case Not(part):
            return not holds(part, world)
        case PathTest(test):
            return fits(test, world["path"])
        case Source(network):
            return bool(world[network])
    return fits(tree.test, world[tree.name])


def fits(test: Test, value: object) -> bool:
    match test:
        case Either(tests):
            return any(fits(one, value) for one in tests)
        case Anything():
            return value != "absent"
        case Null():
            return value is None
        case Flag(wanted):
            return value is wanted
        case Text((start, "")):
            return str(value).startswith(start)
        case Text(("", inner, "")):
            return inner in str(value)
    return test == Text((str(value),))


def grown(chance: random.Random, depth: int) -> Tree:
    if depth == 0 or chance.random() < 0.2:
        return chance.choice(LEAVES)
    if chance.random() < 0.25:
        return negated(grown(chance, depth - 1))
    parts = [grown(chance, depth - 1) for _ in range(chance.randint(1, 4))]
    return (every if chance.random() < 0.5 else some)(parts)


@pytest.mark.parametrize("seed", range(200))
def test_it_says_the_same(seed: int) -> None:
    tree = grown(random.Random(seed), 4)
    other = quick(tree)
    assert [holds(tree, world) for world in WORLDS] == [holds(other, world) for world in WORLDS]


def test_paths_come_first_and_claims_last() -> None:
    method, inside = Header(":method", Text(("GET",))), Source("10.0.0.0/8")
    found = quick(every((IS_ANN, inside, method, PathTest(Text(("/a",))))))
    assert found == All((PathTest(Text(("/a",))), method, inside, IS_ANN))


def test_a_folder_of_paths_is_left_after_one_question() -> None:
    assert quick(under("/a/b")) == All((PathTest(Text(("/a/b", ""))), under("/a/b")))
    apart = some((PathTest(Text(("/a",))), PathTest(Text(("/b",)))))
    assert quick(apart) == apart


def test_a_claim_is_looked_up_once() -> None:
    either = Either((Text(("ann",)), Null()))
    assert quick(some((IS_ANN, IS_NULL))) == Claim("name", either)
    assert quick(every((IS_THERE, negated(IS_ANN), negated(IS_NULL)))) == All((IS_THERE, Not(Claim("name", either))))
    found = rule(some((IS_ANN, IS_NULL)))
    assert found["permissions"] == [{"any": True}]
    assert found["principals"][0]["sourced_metadata"]["metadata_matcher"]["value"] == {
        "or_match": {"value_matchers": [{"string_match": {"exact": "ann"}}, {"null_match": {}}]}
    }


def test_the_path_of_a_rule_is_asked_before_anything_else() -> None:
    path, method = {"url_path": {"path": {"exact": "/a"}}}, Header(":method", Text(("GET",)))
    is_get = {"header": {"name": ":method", "string_match": {"exact": "GET"}}}
    place = PathTest(Text(("/a",)))
    assert rule(every((method, place))) == {"permissions": [path], "principals": [is_get]}
    assert rule(place) == {"permissions": [path], "principals": [{"any": True}]}
    assert rule(method) == {"permissions": [{"any": True}], "principals": [is_get]}


def test_the_beginning_of_a_path_is_asked_of_the_whole_where_the_query_cannot_matter() -> None:
    def permission(*pieces: str) -> object:
        return rule(PathTest(Text(pieces)))["permissions"][0]

    assert permission("/a/", "") == {"header": {"name": ":path", "string_match": {"prefix": "/a/"}}}
    assert permission("/a?b", "") == {"url_path": {"path": {"prefix": "/a?b"}}}
    assert permission("/a#b", "") == {"url_path": {"path": {"prefix": "/a#b"}}}
    assert permission("", "/a") == {"url_path": {"path": {"suffix": "/a"}}}
    assert permission("", "//", "") == {"url_path": {"path": {"contains": "//"}}}


def test_always_and_never_stay() -> None:
    assert (quick(TRUE), quick(FALSE)) == (TRUE, FALSE)
    assert quick(Not(TRUE)) == Not(TRUE)
