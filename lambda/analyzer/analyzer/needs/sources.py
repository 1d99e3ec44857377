"""The source files that are looked through: a bounded number, those nearest to the root first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.source.view import SourceView

FILES = 200
"""Source files that are read; configuration is read near the root, so that more would find little."""

EXTENSIONS = {
    "py": "python",
    "js": "javascript",
    "mjs": "javascript",
    "cjs": "javascript",
    "jsx": "javascript",
    "ts": "javascript",
    "tsx": "javascript",
    "mts": "javascript",
    "cts": "javascript",
    "vue": "javascript",
    "svelte": "javascript",
    "astro": "javascript",
    "rb": "ruby",
    "ru": "ruby",
    "go": "go",
    "rs": "rust",
    "java": "java",
    "kt": "java",
    "kts": "java",
    "scala": "java",
    "php": "php",
    "cs": "dotnet",
    "fs": "dotnet",
    "vb": "dotnet",
    "ex": "elixir",
    "exs": "elixir",
    "dart": "dart",
}
"""Extension -> the language whose ways of reading variables are looked for."""

ASIDE = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__|__mocks__|e2e|cypress|fixtures|examples?|samples?|docs?|benchmarks?|node_modules"
    r"|vendor|dist|build|out|target|\.[^/]+|coverage|migrations|scripts?|tools|hack|storybook|stories|testdata)/"
    r"|(?:^|/)config/[^/]+\.php$"
    r"|(?:^|/)(?:test_|conftest)[^/]*$|[._](?:test|spec|stories|d)\.[a-z]+$|_test\.(?:go|py|rb|exs|dart)$|\.min\.js$"
)
"""Files that do not run in production, and Laravel's settings, which read a variable for every driver there is."""


LONG_LINE = 400
"""Characters; nothing that far into a line is looked at as a comment."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source file that was read."""

    path: str
    language: str
    text: str


def sources(view: SourceView) -> Iterator[Source]:
    """The files, nearest to the root first, then by path."""
    found = [(path.count("/"), path, language) for path in view.paths if (language := _language(path))]
    for _, path, language in sorted(found)[:FILES]:
        if text := view.text(path):
            yield Source(path, language, text)


def _language(path: str) -> str | None:
    """The language of a file that is worth reading."""
    language = EXTENSIONS.get(path.rpartition(".")[2])
    return language if language and not ASIDE.search(path) else None


def in_comment(text: str, position: int) -> bool:
    """Whether the line of a position begins as a comment, in any of these languages."""
    before = text[max(position - LONG_LINE, 0) : position]
    line = before.rpartition("\n")[2].lstrip() if "\n" in before or position <= LONG_LINE else ""
    return line.startswith(("#", "//", "*", "/*", "--"))
