"""`.dockerignore`: which paths of a build context reach the builder.

Rules as in Docker's documentation ("dockerignore files"): patterns apply in order and the last match decides, `!`
takes back in, `**` crosses folders, a matched folder takes its contents along. `tests/unit/test_ignore.py` compares
with Docker's own Python implementation.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pattern:
    """One line: its expression, and whether it takes back in."""

    expression: re.Pattern[str]
    excepts: bool


class Ignore:
    """The patterns of one `.dockerignore`, asked path by path."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.patterns = tuple(pattern for line in lines if (pattern := _pattern(line)))
        self.may_prune = not any(pattern.excepts for pattern in self.patterns)
        """Whether an ignored folder can be skipped unseen."""

    def hides(self, path: str) -> bool:
        """True when the file or folder at `path` (relative, `/` between names) stays out of the context."""
        hidden = False
        for pattern in self.patterns:
            if pattern.excepts == hidden and pattern.expression.match(path):
                hidden = not pattern.excepts
        return hidden


def _pattern(line: str) -> Pattern | None:
    text = line.strip()
    if not text or text.startswith("#"):
        return None
    excepts = text.startswith("!")
    body = posixpath.normpath(text[1:].strip() if excepts else text).lstrip("/")
    if body in ("", "."):
        return None
    return Pattern(re.compile(_expression(body) + r"(?:/.*)?\Z", re.S), excepts)


def _expression(body: str) -> str:
    out, at = "", 0
    while at < len(body):
        if body.startswith("**/", at):
            out, at = out + r"(?:.*/)?", at + 3
        elif body.startswith("**", at):
            out, at = out + r".*", at + 2
        elif body[at] == "*":
            out, at = out + r"[^/]*", at + 1
        elif body[at] == "?":
            out, at = out + r"[^/]", at + 1
        elif body[at] == "[" and "]" in body[at:]:
            end = body.index("]", at)
            out, at = out + body[at : end + 1].replace("[!", "[^"), end + 1
        elif body[at] == "\\" and at + 1 < len(body):
            out, at = out + re.escape(body[at + 1]), at + 2
        else:
            out, at = out + re.escape(body[at]), at + 1
    return out
