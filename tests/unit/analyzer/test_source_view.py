"""The view: what a pattern matches, what is shown as evidence, text of any encoding."""

from __future__ import annotations

import re

import pytest

from analyzer.source.view import of_memory

TREE = of_memory(
    dict.fromkeys(
        ("Dockerfile", "Dockerfile.dev", "app.py", "a/app.py", "a/b/app.py", "a/b/main.go", "a.b/x.y.py", "Makefile"),
        "",
    )
)


@pytest.mark.parametrize(
    ("patterns", "paths"),
    [
        (["*.py"], ["app.py"]),
        (["**/*.py"], ["a.b/x.y.py", "a/app.py", "a/b/app.py", "app.py"]),
        (["**/app.py", "*.go"], ["a/app.py", "a/b/app.py", "app.py"]),
        (["*/app.py", "**/*.go"], ["a/app.py", "a/b/main.go"]),
        (["Dockerfile*"], ["Dockerfile", "Dockerfile.dev"]),
        (["a/**/app.py"], ["a/app.py", "a/b/app.py"]),
        (["Make?ile", "Dockerfile"], ["Dockerfile", "Makefile"]),
        (["*.p*"], ["app.py"]),
        (["*"], ["Dockerfile", "Dockerfile.dev", "Makefile", "app.py"]),
        (["*.rs"], []),
    ],
)
def test_match(patterns: list[str], paths: list[str]) -> None:
    assert list(TREE.match(*patterns)) == paths


def test_a_folder_of_a_view() -> None:
    sub = of_memory({"a/app.py": "x\ny\n", "a/b/c.py": "", "ab/d.py": ""}).sub("a")
    assert (sub.paths, sub.root, sub.text("app.py")) == (("app.py", "b/c.py"), "a", "x\ny\n")
    assert (sub.sub("b").absolute("c.py"), sub.has_folder("b"), sub.has_folder("c")) == ("a/b/c.py", True, False)
    assert (sub.evidence("app.py", 2).path, sub.evidence("app.py", 2).text) == ("a/app.py", "y")


@pytest.mark.parametrize(
    "line",
    [
        'password = "hunter2"',
        "API_KEY: hunter2",
        "AWS_SECRET_ACCESS_KEY=hunter2",
        "url = postgres://app:hunter2@db/app",
        'DATABASE_URL: "mysql://root:hunter2@localhost:3306/x"',
        '"token": "hunter2",',
    ],
)
def test_evidence_shows_no_secret(line: str) -> None:
    view = of_memory({"settings.py": f"\n{line}\n"})
    found = view.find("settings.py", re.compile("hunter2"))
    assert found is not None
    assert (found[1].line, "hunter2" in found[1].text) == (2, False)


def test_evidence_is_one_short_line() -> None:
    text = of_memory({"a.py": "x" * 500 + "\x1b[2J"}).evidence("a.py", 1).text
    assert (len(text), text.isprintable()) == (120, True)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a\r\nb\rc\n", "a\nb\nc\n"),
        (b"\xef\xbb\xbfa", "a"),
        ("flask\r\n".encode("utf-16"), "flask\n"),
        ("flask".encode("utf-32"), "flask"),
        (b"caf\xe9", "caf\xe9"),
        (b"\x7fELF\0\0", None),
        (b"", ""),
    ],
)
def test_text_of_any_encoding(data: bytes, text: str | None) -> None:
    assert of_memory({"a.txt": data}).text("a.txt") == text


def test_files_that_hold_secrets_are_listed_but_not_read() -> None:
    view = of_memory({".env": "KEY=1", ".env.example": "KEY=", "logo.png": b"x"})
    assert view.paths == (".env", ".env.example", "logo.png")
    assert [view.read(path) for path in view.paths] == [None, b"KEY=", None]
