"""The repository that the bench deploys."""

from __future__ import annotations

import ast

from scripts.bench import new_application
from scripts.bench.new_application import MAIN, REQUIREMENTS, Turn


def test_its_source_is_python_and_says_what_it_is_told() -> None:
    tree = ast.parse(MAIN.format(message="orders-0 1"))
    (told,) = [node.value for node in tree.body if isinstance(node, ast.Assign) and "MESSAGE" in ast.unparse(node)]
    assert ast.literal_eval(told) == "orders-0 1"
    assert REQUIREMENTS.format(unique="x").splitlines()[0] == "# x"


def test_facts_of_turns() -> None:
    facts = new_application.facts_of([Turn(3.0, 9.0, 0), Turn(5.0, 10.0, 0), Turn(4.0, 11.0, 0)])
    assert (facts["live"]["median"], facts["wall"]["median"]) == (4.0, 10.0)
