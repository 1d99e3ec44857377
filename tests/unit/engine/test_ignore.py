"""`.dockerignore` as Docker reads it: a table, and random patterns against Docker's own Python implementation."""

from __future__ import annotations

import random
from itertools import accumulate

import pytest
from docker.utils.build import Pattern

from scripts.engine.ignore import Ignore

TABLE = (
    # lines, hidden, kept
    (("a",), "a a/b a/b/c", "b b/a ab"),
    (("/a",), "a a/b", "b/a"),
    (("a/",), "a a/b", "b/a"),
    (("./a/../b",), "b b/c", "a"),
    (("a/b",), "a/b a/b/c", "a b c/a/b"),
    (("*",), "a a/b .git", ""),
    (("*.pyc",), "x.pyc .pyc", "a/x.pyc x.pyca"),
    (("*/*.pyc",), "a/x.pyc", "x.pyc a/b/x.pyc"),
    (("**/*.pyc",), "x.pyc a/x.pyc a/b/x.pyc", "x.py"),
    (("**.pyc",), "x.pyc a/x.pyc", "x.py xpyc"),
    (("**/node_modules",), "node_modules a/node_modules a/b/node_modules/c", "node_module"),
    (("a/**",), "a/b a/b/c", "a b"),
    (("a/**/b",), "a/b a/x/b a/x/y/b", "b a/bc"),
    (("a**b",), "ab ax/b", "axb"),
    (("**",), "a a/b", ""),
    (("a?c",), "abc a.c", "ac a/c abcd"),
    (("[ab]",), "a b a/c", "c ab"),
    (("[a-c]x",), "ax cx", "dx"),
    (("[^a]",), "b c", "a"),
    (("[!a]",), "a !", "b"),
    (("\\*b",), "*b", "ab *"),
    (("a\\",), "a\\", "a"),
    (("a.b",), "a.b", "axb"),
    (("a+(b)$",), "a+(b)$", "aab"),
    (("#a",), "", "a #a"),
    (("  #a",), "#a", "a"),
    (("  a  ",), "a", "b"),
    (("", "   ", "."), "", "a"),
    (("a\r", "b\r"), "a b", "c"),
    (("*", "!a"), "b b/c", "a a/b"),
    (("*", "! a"), "b", "a"),
    (("*", "!a/b"), "a a/c", "a/b a/b/c"),
    (("a", "!a/b", "a/b/c"), "a a/x a/b/c", "a/b a/b/d"),
    (("!a", "a"), "a", "b"),
    (("*.md", "!README*.md", "README-secret.md"), "x.md README-secret.md", "README.md README-a.md"),
)


@pytest.mark.parametrize(("lines", "hidden", "kept"), TABLE, ids=lambda value: str(value)[:40])
def test_table(lines: tuple[str, ...], hidden: str, kept: str) -> None:
    ignore = Ignore(lines)
    assert {path: ignore.hides(path) for path in hidden.split()} == dict.fromkeys(hidden.split(), True)
    assert {path: ignore.hides(path) for path in kept.split()} == dict.fromkeys(kept.split(), False)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a[", "'a[' is not a pattern"),
        ("[]", "'[]' is not a pattern"),
        ("[^]a]", "'[^]a]' is not a pattern"),
        ("[z-a]", "'[z-a]' is not a pattern"),
        ("!", "'!' excepts nothing"),
        ("  ! ", "'!' excepts nothing"),
    ],
)
def test_a_line_that_docker_refuses(line: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Ignore(["a", line])
    assert str(caught.value) == message


def test_a_hidden_folder_is_only_skipped_unseen_when_nothing_is_taken_back() -> None:
    assert Ignore(["a", "b"]).may_prune
    assert not Ignore(["a", "!a/b"]).may_prune


NAMES = ("a", "b", "ab", "abc", "node_modules", ".git", "x.pyc", "a.b", "a b", "*", "#a")
PIECES = ("a", "b", "ab", "*", "?", "/", "/", ".", "x.pyc", "[ab]", "[a-c]", ".git", "(", "+", "$", "{a}")
"""Without `[^`, `[!` and `\\`, where Docker's Python implementation departs from the builder's own."""


def random_line(rng: random.Random) -> str:
    line = rng.choice(("", "", "**/", "a/**/")) + "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 5)))
    return line + rng.choice(("", "", "/**"))


def hidden_by_docker(lines: list[str], path: str) -> bool:
    """The last pattern that matches the path or a folder above it decides."""
    hidden = False
    above = list(accumulate(path.split("/"), lambda left, right: f"{left}/{right}"))
    for line in lines:
        pattern = Pattern(line)
        if pattern.dirs and any(pattern.match(part) for part in above):
            hidden = not pattern.exclusion
    return hidden


@pytest.mark.parametrize("seed", range(20))
def test_random_patterns_hide_what_docker_hides(seed: int) -> None:
    rng = random.Random(seed)
    paths = ["/".join(rng.choice(NAMES) for _ in range(rng.randint(1, 4))) for _ in range(40)]
    for _ in range(25):
        lines = [rng.choice(("", "", "", "!")) + random_line(rng) for _ in range(rng.randint(1, 3))]
        ignore = Ignore(lines)
        ours = {path for path in paths if ignore.hides(path)}
        assert ours == {path for path in paths if hidden_by_docker(lines, path)}, lines
