"""`.dockerignore`: which paths of a build context reach the builder.

Rules as in Docker's documentation ("dockerignore files"): patterns apply in order and the last match decides, `!`
takes back in, `**` crosses folders, a matched folder takes its contents along. Where the documentation is silent the
builder's own matcher decides (Go module github.com/moby/patternmatcher 0.6.0).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

WILDCARDS = frozenset("*?[]\\")


@dataclass(frozen=True)
class Pattern:
    """One line: its expression, and whether it takes back in."""

    expression: re.Pattern[str]
    excepts: bool


class Ignore:
    """The patterns of one `.dockerignore`, asked path by path. Raises ValueError for a line that Docker refuses."""

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
    if not text or line.startswith("#"):
        return None
    excepts = text.startswith("!")
    name = text[1:].strip() if excepts else text
    body = posixpath.normpath(name).lstrip("/").strip() if name else ""
    if body in ("", "."):
        if not name:
            raise ValueError(f"{text!r} excepts nothing")
        return None
    try:
        return Pattern(re.compile(_expression(body) + r"(?:/.*)?\Z", re.S), excepts)
    except re.error:
        raise ValueError(f"{text!r} is not a pattern") from None


def _expression(body: str) -> str:
    if body.startswith("**") and not body.startswith("**/") and not WILDCARDS & set(body[2:]):
        return ".*" + re.escape(body[2:])
    out, at = "", 0
    while at < len(body):
        part, length = _part(body, at)
        out, at = out + part, at + length
    return out


def _part(body: str, at: int) -> tuple[str, int]:
    """The expression of what stands at a place, and how many characters that was."""
    if body.startswith("**", at):
        length = 3 if body.startswith("**/", at) else 2
        return (".*" if at + length == len(body) else "(?:.*/)?"), length
    if body[at] == "*":
        return "[^/]*", 1
    if body[at] == "?":
        return "[^/]", 1
    if body[at] == "[":
        return _class(body, at)
    if body[at] == "\\" and at + 1 < len(body):
        return re.escape(body[at + 1]), 2
    return re.escape(body[at]), 1


def _class(body: str, at: int) -> tuple[str, int]:
    """`[a-z]` or `[^a-z]`; `!` has no meaning in it, as in Go."""
    end = body.find("]", at)
    inside = body[at + 1 : end]
    if end < 0 or inside in ("", "^"):
        raise re.error("empty or open character class")
    negated = inside.startswith("^")
    members = re.sub(r"([\[&~|])", r"\\\1", inside[1:] if negated else inside)
    return f"[{'^' * negated}{members}]", end + 1 - at
