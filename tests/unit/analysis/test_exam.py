"""The exam's arithmetic: right, wrong and "cannot tell" apart; variants of one example weigh one together."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.analysis.exam import Miss, answers, score
from tests.unit.analysis.services import service


def row(name: str, flags: tuple[str, ...] = (), group: str = "", **expected: Any) -> dict[str, Any]:
    return {"id": name, "expected": expected, "flags": list(flags), **({"group": group} if group else {})}


def test_right_wrong_and_open() -> None:
    rows = [row("a", language="go"), row("b", language="go"), row("c", language="python")]
    result = score(rows, {"a": {"language": "go"}, "b": {"language": "node"}})
    assert (result.asked["language"], result.right["language"], result.open["language"]) == (3, 1, 1)
    assert result.misses == [Miss("b", "language", "go", "node"), Miss("c", "language", "python", None)]
    assert dict(result.languages) == {"go": [1, 2], "python": [0, 1]}


def test_variants_weigh_one_together() -> None:
    rows = [row("a1", group="a", port=80), row("a2", group="a", port=80), row("b", port=80)]
    result = score(rows, {"a1": {"port": 80}, "a2": {"port": 81}, "b": {"port": 80}})
    assert (result.asked["port"], result.right["port"]) == (2, 1.5)


def test_rows_about_something_else_are_left_out() -> None:
    assert score([row("a", ("function",), language="go")], {}).asked == {}


@pytest.mark.parametrize(
    ("wanted", "given", "is_right"),
    [("3.11", "3.11.4", True), ("3.11.4", "3.11", True), ("3.1", "3.11", False), ("v20", "20", True)],
)
def test_versions_agree_as_far_as_both_say(wanted: str, given: str, is_right: bool) -> None:
    result = score([row("a", runtime_version=wanted)], {"a": {"runtime_version": given}})
    assert bool(result.right["runtime_version"]) is is_right


@pytest.mark.parametrize(
    ("constraint", "given", "is_right"),
    [
        (">=3.9", "3.13", True), (">=3.9", "3.8", False), ("^3.9", "3.13", True), ("^3.9", "4.0", False),
        ("22.x.x", "22", True), ("22.x.x", "24", False), ("~3.9", "3.9.7", True), ("~3.9", "3.10", False),
        (">=3.9, <3.12", "3.12", False), (">=18", "24", True), ("^8.2", "8.4", True),
    ],
)  # fmt: skip
def test_constraints(constraint: str, given: str, is_right: bool) -> None:
    result = score([row("a", version_constraint=constraint)], {"a": {"version_constraint": given}})
    assert bool(result.right["version_constraint"]) is is_right


def test_answers_of_a_service() -> None:
    found = answers(service())
    assert (found["language"], found["start_kind"], found["start_target"]) == ("python", "asgi", "main:app")
    assert (found["port"], found["static_site"], found["build_command"]) == (8000, False, None)
