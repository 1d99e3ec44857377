"""What may be typed behind --canary, --blue-green and --bake."""

from __future__ import annotations

import argparse

import pytest

from scripts import shift_options
from scripts.engine.errors import BadInput
from scripts.engine.traffic.planning import Wish
from tests.unit.verbs.conftest import Run


def wish(*words: str) -> Wish | None:
    made = argparse.ArgumentParser()
    shift_options.add_options(made)
    return shift_options.wish(made.parse_args(words))


def test_wishes() -> None:
    assert wish() is None
    assert wish("--canary", "5,25,50,100", "--bake", "60s") == Wish((5, 25, 50, 100), 60)
    assert wish("--canary=100") == wish("--blue-green") == Wish((100,), None)
    assert wish("--blue-green", "--bake", "5m") == Wish((100,), 300)


@pytest.mark.parametrize(
    "weights",
    ["", "5", "5,25", "25,5,100", "5,5,100", "0,100", "100,200", "a,100", "5, 100", "-5,100", "5,100,", "\u0665,100"],
)
@pytest.mark.parametrize("verb", ["deploy", "plan"])
def test_bad_weights(run: Run, verb: str, weights: str) -> None:
    ended = run(verb, f"--canary={weights}")
    assert (ended.code, ended.out) == (2, "")
    assert "argument --canary" in ended.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--bake", "60s"), "--bake needs --canary or --blue-green"),
        (("--canary", "100", "--blue-green"), "both --canary and --blue-green"),
        (("--blue-green", "--bake", "0s"), "'0s' is not a time"),
        (("--blue-green", "--bake", "60"), "'60' is not a time"),
    ],
)
def test_what_does_not_fit(run: Run, words: tuple[str, ...], why: str) -> None:
    ended = run("deploy", *words)
    assert (ended.code, ended.out) == (2, "")
    assert why in ended.err


def test_forced_paths_do_not_know_them(run: Run) -> None:
    assert "unrecognized arguments: --blue-green" in run("deploy_fast", "--blue-green").err


def test_both_at_once_is_bad_input() -> None:
    with pytest.raises(BadInput):
        wish("--canary", "100", "--blue-green")
