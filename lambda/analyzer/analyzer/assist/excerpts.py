"""The few lines of source that a language model is shown: around the evidence of candidates, cleaned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from analyzer.assist.questions import Question
from analyzer.assist.redaction import cleaned
from analyzer.source.view import SourceView

AROUND = 5
"""Lines before and after a line of evidence."""
LINES = 240
"""Lines of all excerpts of one call."""
PROSE = re.compile(
    r"(?i)(^|/)(readme|license|licence|changelog|contributing|notice|security|code_of_conduct|claude|agents)[^/]*$"
    r"|\.(md|mdx|markdown|rst|adoc|asciidoc|tex|html?|ipynb|svg|po|csv)$"
    r"|(^|/)(?!requirements|constraints|runtime|cmakelists)[^/]*\.txt$"
)
"""Files that speak to people."""
SECRET = re.compile(
    r"(?i)(^|/)(\.env[^/]*|\.npmrc|\.pypirc|\.netrc|\.git-credentials|id_(rsa|dsa|ecdsa|ed25519)[^/]*"
    r"|[^/]*(secret|credential|password)[^/]*)$|\.(pem|key|p12|pfx|jks|keystore|kdbx|tfstate|tfvars)$"
)
"""Files that are known to hold credentials."""


@dataclass(frozen=True, slots=True)
class Excerpts:
    """Numbered lines of files, as they are sent."""

    lines: Mapping[str, Mapping[int, str]]
    """Path -> line number -> cleaned line."""

    def has(self, path: object, line: object) -> bool:
        """Whether this line was sent."""
        return isinstance(path, str) and type(line) is int and line in self.lines.get(path, {})

    def covers(self, question: Question) -> bool:
        """Whether of each candidate's evidence something was sent: who sees only some of it cannot choose."""
        places = ([evidence.path for evidence in candidate.evidence] for candidate in question.candidates)
        return all(not paths or any(path in self.lines for path in paths) for paths in places)


def excerpts(view: SourceView, asked: Sequence[Question]) -> Excerpts:
    """The lines around all evidence, as far as it may be shown; the first questions come first."""
    shown: dict[str, dict[int, str]] = {}
    budget = LINES
    for path, line in dict.fromkeys(chain.from_iterable(_places(question) for question in asked)):
        if budget > 0 and _may_be_shown(path):
            known = shown.setdefault(path, {})
            fresh = {number: text for number, text in _around(view.lines(path), line) if number not in known}
            known.update(fresh)
            budget -= len(fresh)
    return Excerpts({path: dict(sorted(lines.items())) for path, lines in sorted(shown.items()) if lines})


def _places(question: Question) -> Iterator[tuple[str, int]]:
    """Evidence without a line is about the file, of which the beginning says most."""
    for candidate in question.candidates:
        yield from ((evidence.path, evidence.line or 1) for evidence in candidate.evidence)


def _may_be_shown(path: str) -> bool:
    return not PROSE.search(path) and not SECRET.search(path)


def _around(lines: Sequence[str], line: int) -> Iterator[tuple[int, str]]:
    first, last = max(1, line - AROUND), min(len(lines), line + AROUND)
    text = {number: cleaned(lines[number - 1]) for number in range(first, last + 1)}
    return ((number, row) for number, row in text.items() if row)
