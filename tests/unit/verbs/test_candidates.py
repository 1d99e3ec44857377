"""`./poe compile-policies`: one thing at a time."""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.unit.verbs.conftest import Run, SessionOpenedError

WORDS = ("--check", "--explain", "--shadow", "--shadow-end")


@pytest.mark.parametrize("words", list(combinations(WORDS, 2)))
def test_two_at_once_are_refused(words: tuple[str, str], run: Run) -> None:
    ended = run("compile_policies", *words)
    assert (ended.code, ended.out) == (2, "")


def test_ending_compiles_nothing(run: Run) -> None:
    with pytest.raises(SessionOpenedError):
        run("compile_policies", "--shadow-end")
