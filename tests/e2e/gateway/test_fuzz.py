"""The compiler against Cedar: the real Envoy must answer as Cedar decides, and a broken compiler must be noticed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.engine.policies import artefact, claims, compiler, operators, paths
from scripts.engine.policies.tree import TRUE, Member, Number, PathTest, Source, Text, every, some
from tests.e2e.gateway.comparing import compare

Patch = Callable[[pytest.MonkeyPatch], None]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_envoy_decides_as_cedar_does(tmp_path: Path, seed: int) -> None:
    found = compare(tmp_path, seed, rounds=125, requests=200)
    assert found.mismatches == 0, found.first
    assert found.requests == 25_000
    assert found.requests * 0.05 < found.allowed < found.requests * 0.95


def _swapped(module: Any, name: str, make: Callable[[Any], Any]) -> Patch:
    return lambda patch: patch.setattr(module, name, make(getattr(module, name)))


MUTANTS: dict[str, Patch] = {
    "a path also holds what only begins like it": _swapped(
        paths, "under", lambda _: lambda path: TRUE if path == "/" else PathTest(Text((path, "")))
    ),
    "a path holds only itself": _swapped(paths, "under", lambda _: paths.at),
    "unless means when": _swapped(compiler, "negated", lambda _: lambda part: part),
    "or means and": _swapped(compiler, "some", lambda _: every),
    "and means or": _swapped(compiler, "every", lambda _: some),
    "numbers are off by one": _swapped(
        operators, "_range", lambda old: lambda kind, value: Number(old(kind, value).start, old(kind, value).end - 1)
    ),
    "a pattern only looks at its beginning": _swapped(
        operators, "_pattern", lambda old: lambda pattern: Text((old(pattern).pieces[0], ""))
    ),
    "containsAll is content with one": _swapped(operators, "every", lambda _: some),
    "a set is never empty": _swapped(operators, "negated", lambda _: lambda _part: some(())),
    "every address is in every network": _swapped(operators, "Source", lambda _: lambda _network: Source("0.0.0.0/0")),
    "every role is any role": _swapped(compiler, "Member", lambda _: lambda _test: Member(Text(("", "")))),
    "ill-typed claims pass": _swapped(artefact, "ill_typed", lambda _: lambda _claim: some(())),
    "a claim is there when it is anything": _swapped(operators, "typed", lambda _: lambda _claim: TRUE),
    "unknown methods pass": _swapped(
        artefact, "guards", lambda old: lambda schema: {**old(schema), "_unknown-method": some(())}
    ),
    "null is a value": _swapped(claims, "negated", lambda _: lambda _part: TRUE),
}


def test_mutants_of_the_compiler_are_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missed = []
    for place, (name, patch) in enumerate(MUTANTS.items()):
        folder = tmp_path / str(place)
        folder.mkdir()
        with monkeypatch.context() as patched:
            patch(patched)
            if compare(folder, seed=100 + place, rounds=200, requests=60, enough=1).mismatches == 0:
                missed.append(name)
    assert len(missed) <= len(MUTANTS) // 10, missed
