"""The source text of a service for patterns to be looked up in: bounded, read once, without its comments."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from analyzer.model import Evidence
from analyzer.source.view import SourceView

MOST = 300
"""Files that are read; main programs and their handlers are well within."""
LARGEST = 200_000
"""Characters of a file that are looked at; what is longer was written by a program."""
SERVING = re.compile(r"(?i)serv|config|main|app|http|rout|env|sett|listen|start|health|handler|controller|web|api|cmd")
"""Names of files that tell where a program listens and what it answers."""
FIRST, SERVERS = 20, 80
HITS = 30
"""Places of a pattern in one file."""
TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`]*`|\'(?:\\.|[^\'\\\n])\'|//[^\n]*|/\*.*?\*/', re.S)
"""Literals and comments of C's descendants; a slash within a literal begins no comment."""
ASIDE = {
    *("vendor", "third_party", "node_modules", "target", "obj"),
    *("testdata", "test", "tests", "benches", "fixtures", "examples", "example", "docs", "doc"),
}
"""Folders whose programs are not the application."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a pattern was found."""

    match: re.Match[str]
    path: str
    line: int
    evidence: Evidence


class Sources:
    """Files in the order in which they are asked, the main program's first."""

    def __init__(self, view: SourceView, paths: Iterable[str]) -> None:
        self._view = view
        self._texts: dict[str, str] = {}
        self.paths = tuple(islice(dict.fromkeys(paths), MOST))

    def text(self, path: str) -> str:
        """The file's text, comments blanked out so that lines and columns stay."""
        if path not in self._texts:
            self._texts[path] = without_comments(self._view.text(path) or "")
        return self._texts[path]

    def hits(self, pattern: re.Pattern[str], needles: Collection[str] = ()) -> Iterator[Hit]:
        """All places of a pattern; `needles`, one of which every place has, spare most files the slower search."""
        for path in self.paths:
            if needles and not any(needle in self.text(path) for needle in needles):
                continue
            for match in islice(pattern.finditer(self.text(path)), HITS):
                line = self.text(path).count("\n", 0, match.start()) + 1
                shown = self.text(path).split("\n", line)[line - 1]
                yield Hit(match, path, line, self._view.evidence(path, line, shown))

    def search(self, pattern: re.Pattern[str], needles: Collection[str] = ()) -> Hit | None:
        """The first place of a pattern."""
        return next(self.hits(pattern, needles), None)

    def near(self, folder: str) -> Sources:
        """The same files, those of a folder first."""
        prefix = "" if folder == "." else folder + "/"
        own = [path for path in self.paths if path.startswith(prefix)]
        return self._only((*own, *self.paths))

    def serving(self) -> Sources:
        """Those where a program says how it serves: the first ones, and others by their names."""
        named = [path for path in self.paths[FIRST:] if SERVING.search(path.rpartition("/")[2])]
        return self._only((*self.paths[:FIRST], *named)[:SERVERS])

    def _only(self, paths: Iterable[str]) -> Sources:
        found = Sources(self._view, paths)
        found._texts = self._texts
        return found


def without_comments(text: str) -> str:
    """A text of C's descendants with its comments blanked out, no longer than is looked at."""
    return TOKEN.sub(_without_comment, text[:LARGEST])


def _without_comment(found: re.Match[str]) -> str:
    token = found[0]
    return re.sub(r"[^\n]", " ", token) if token[:2] in ("//", "/*") else token


def is_aside(path: str) -> bool:
    """Whether a file belongs to tests, examples, vendored or generated code."""
    folders = path.split("/")[:-1]
    return any(folder in ASIDE or folder.startswith((".", "_")) for folder in folders)
