"""What looks like a credential in a text that others wrote, and that text without it.

One table for all who show such text: excerpts for a language model (`assist/redaction.py`), and the build output and
log lines that a deploy shows and keeps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

HIDDEN = "[...]"
NAMES = r"secret|token|passw|pwd|api[_-]?key|access[_-]?key|private[_-]?key|credential|authorization|dsn"
FLAG = re.compile(r"(?i)(--?[\w-]{0,60}(?:secret|token|passw|pwd|key|credential)[\w-]{0,60}\s{1,4})\S+")
SHAPES = (
    re.compile(r"(?<=://)[^/\s@]+@"),
    re.compile(r"-----BEGIN .*"),
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{12,}"),
    re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|sk-|sk_(?:live|test)_|xox[abprs]-|AIza|eyJ|npm_|pypi-)[\w.-]{12,}"),
    re.compile(r"hooks\.slack\.com/services/\S+"),
)
"""User information of a URL, key blocks, tokens by their prefix, addresses that are secrets themselves."""
NAMED = re.compile(
    # Not the parts of an ARN, nor a reference: where a secret is kept is no secret, and the cause of many failures.
    r"(?i)(?<![\w.-])(?<!\d:)(?!secretsmanager:)"
    rf"([\w.-]{{0,60}}(?:{NAMES})[\w.-]{{0,60}}[\\\"'\])]{{0,4}}\s{{0,4}}(?:=>|[:=])\s{{0,4}})"
    r"(?!arn:aws|secretsmanager:|ssm:)"
    r"(?:\\*\"[^\"]*\"?|\\*'[^']*'?|(?:bearer|basic|token|digest)\s+\S+|[^\s,;&\"']+)"
)
"""A name and its value. Counts are bounded, so that a line that was made for it cannot take seconds."""
KEY_BEGINS, KEY_ENDS = "-----BEGIN ", "-----END "


def masked(line: str) -> str:
    """The line with `[...]` in place of values of credentials; paths, digests and other long words stay."""
    for pattern in (NAMED, FLAG):
        line = pattern.sub(rf"\g<1>{HIDDEN}", line)
    for shape in SHAPES:
        line = shape.sub(HIDDEN, line)
    return line


def masked_lines(lines: Iterable[str]) -> Iterator[str]:
    """The same for lines that follow each other; of a key that spans several of them nothing is left."""
    is_key = False
    for line in lines:
        ends = KEY_ENDS in line
        is_key = (is_key or (KEY_BEGINS in line and "KEY" in line)) and not ends
        yield HIDDEN if is_key or ends else masked(line)
