"""When a version counts as live, judged from answers."""

from __future__ import annotations

import pytest

from scripts.bench.observer import CONFIRMED_SECONDS, Answer, is_confirmed, live_at, lost

KINDS = {"o": (True, False), "n": (True, True), "x": (False, False)}


def answers(kinds: str, pause: float = 0.5) -> list[Answer]:
    """`o` an answer of the old version, `n` of the new one, `x` a failure; one each pause."""
    return [Answer(number * pause, *KINDS[kind]) for number, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("kinds", "moment"),
    [
        ("ooonnn", 1.5),
        ("oonoonnn", 2.5),
        ("nnn", 0.0),
        ("oonnxnn", 2.5),
        ("nnno", None),
        ("nnnx", None),
        ("", None),
    ],
    ids=["at once", "mixed first", "from the start", "a failure in between", "old again", "failing", "nobody asked"],
)
def test_live_is_the_first_answer_after_the_last_other(kinds: str, moment: float | None) -> None:
    assert live_at(answers(kinds)) == moment


def test_live_is_believed_after_a_while() -> None:
    pause = CONFIRMED_SECONDS / 4
    assert not is_confirmed(answers("onnnn", pause))
    assert is_confirmed(answers("onnnnn", pause))
    assert not is_confirmed(answers("nnnnnno", pause))


def test_failures_are_counted() -> None:
    assert lost(answers("ooxnxn")) == 2
