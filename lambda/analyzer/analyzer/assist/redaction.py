"""A line of source as a language model may see it: no comment, nothing that looks like a secret, not endless."""

from __future__ import annotations

import re

from analyzer.masking import FLAG, HIDDEN, NAMES, SHAPES

LENGTH = 200
DIRECTIVES = r"\[|\{|(?:include|define|import|pragma|if|ifdef|ifndef|else|endif)\b"
COMMENT = re.compile(rf"(^\s*|\s)(#(?!{DIRECTIVES})|//|/\*|<!--|--\s|;;|\*\s|\*/).*$")
"""Comments speak to people, so they are the place for instructions to a model; strings may lose an end."""
NAMED = re.compile(rf"(?i)([\w.-]*(?:{NAMES})[\w.-]*[\"']?[\])]*\s*(?::=|=>|[:=,])\s*)(?![\s{{(\[]).+")
"""Stricter than for log lines: the whole rest of the line goes."""
RUN = re.compile(r"[A-Za-z0-9+/_-]{32,}={0,2}")
"""A secret when it has letters and digits: names of that length seldom have both."""


def cleaned(line: str) -> str:
    """The line without comment, secrets and control characters; empty when nothing is left."""
    text = "".join(char if char.isprintable() else " " for char in line)
    return without_secrets(COMMENT.sub("", text[: 4 * LENGTH])).rstrip()[:LENGTH]


def without_secrets(text: str) -> str:
    """The text with `[...]` in place of what looks like a secret."""
    for named in (NAMED, FLAG):
        text = named.sub(rf"\g<1>{HIDDEN}", text)
    for shape in SHAPES:
        text = shape.sub(HIDDEN, text)
    return RUN.sub(lambda run: HIDDEN if _is_mixed(run[0]) else run[0], text)


def _is_mixed(text: str) -> bool:
    return any(char.isdigit() for char in text) and any(char.isalpha() for char in text)
