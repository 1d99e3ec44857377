"""Just enough of the shell's grammar: where simple commands begin, and whether a shell is needed to run them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from itertools import pairwise

TOKEN = re.compile(
    r"""(?P<quoted> \\. | '[^']*' )
      | (?P<double> "(?:\\.|[^"\\])*" )
      | (?P<expansion> \$\((?:[^()]|\([^()]*\))*\) | \$\{[^}]*\}+ | \$[A-Za-z_0-9?*@#!] | `[^`]*` )
      | (?P<redirection> &>>? | [<>]+&?\d*-? )
      | (?P<operator> && | \|\| | ;+ | \| | & | \n )
      | (?P<group> [()] )
      | (?P<glob> [*?\[] | (?<!\S)[~#] )
      | (?P<plain> [^\\'"$`<>&|;\n()*?\[]+? )
      | (?P<rest> . )""",
    re.X | re.S,
)
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
GRAMMAR = frozenset(
    ("if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "{", "}")
)
BUILTINS = frozenset(("cd", "export", "set", "source", ".", "trap", "ulimit", "umask", "unset", "wait", "eval", "exit"))
"""Commands that only a shell has, and that cannot be exec'ed."""
FINISHING = frozenset(("wait", "exit", "true", "fg", "tail", "sleep", "echo", "printf", "cat"))
"""Commands that end a line of others without being what it is about."""


@dataclass(frozen=True, slots=True)
class Part:
    """A simple command within a line."""

    text: str
    operator: str
    """What stands before it: "", "&&", "||", ";", "|", "&" or a line feed."""
    begin: int
    """Where it begins in the line."""

    @property
    def words(self) -> list[str]:
        """Its words without quotes."""
        return words(self.text)


@dataclass(frozen=True, slots=True)
class Line:
    """A command line, taken apart."""

    text: str
    parts: tuple[Part, ...]
    plain: bool
    """Whether its words mean the same without a shell."""
    structured: bool
    """Whether it has groups, loops or conditions, or cannot be read."""

    @property
    def main(self) -> Part:
        """The command that stays: the last one, not counting what filters its output or only follows it."""
        leading = [part for part in self.parts if part.operator not in ("|", "||")]
        lasting = [part for part in leading if part.words[0] not in FINISHING]
        return (lasting or leading or list(self.parts))[-1]


def line(text: str) -> Line:
    """A command line; continued lines are joined. There is always at least one part, maybe an empty one."""
    text = re.sub(r"\s*\\\n\s*", " ", text).strip()
    tokens = list(TOKEN.finditer(text))
    parts = _parts(text, tokens)
    kinds = {token.lastgroup for token in tokens}
    expands = "expansion" in kinds or any(_expands(token) for token in tokens)
    first_words = {part.words[0] for part in parts}
    return Line(
        text=text,
        parts=parts,
        plain=not expands and not kinds & {"operator", "redirection", "group", "glob", "rest"},
        structured="group" in kinds or "rest" in kinds or bool(first_words & GRAMMAR),
    )


def words(text: str) -> list[str]:
    """The words of a simple command; at least one."""
    try:
        return shlex.split(text) or [""]
    except ValueError:
        return text.split() or [""]


def unassigned(found: list[str]) -> list[str]:
    """The words after leading `NAME=value` ones."""
    return next((found[index:] for index, word in enumerate(found) if not ASSIGNMENT.match(word)), [])


def argv(parsed: Line) -> tuple[str, ...]:
    """How to run the line: its words where they suffice, a shell that becomes its last command where not."""
    found = parsed.parts[0].words
    if parsed.plain and found[0] not in BUILTINS:
        found = found[1:] if found[0] == "exec" and len(found) > 1 else found
        return ("env", *found) if ASSIGNMENT.match(found[0]) else tuple(found)
    return ("sh", "-c", parsed.text if parsed.structured else _with_exec(parsed))


def _parts(text: str, tokens: list[re.Match[str]]) -> tuple[Part, ...]:
    operators = [token for token in tokens if token.lastgroup == "operator"]
    begins = [("", 0), *((token[0], token.end()) for token in operators)]
    ends = [*(token.start() for token in operators), len(text)]
    found = [_part(text, operator, begin, end) for (operator, begin), end in zip(begins, ends, strict=True)]
    return tuple(part for part in found if part.text) or (Part("", "", 0),)


def _part(text: str, operator: str, begin: int, end: int) -> Part:
    inner = text[begin:end]
    return Part(inner.strip(), operator, begin + len(inner) - len(inner.lstrip()))


def _expands(token: re.Match[str]) -> bool:
    """Whether something within double quotes is replaced by a shell."""
    return token.lastgroup == "double" and any(char in "$`" and before != "\\" for before, char in pairwise(token[0]))


def _with_exec(parsed: Line) -> str:
    """The line with `exec` before its last command, so that it gets the container's signals."""
    last = parsed.parts[-1]
    first = last.words[0]
    piped = any(part.operator in ("|", "&", "||") for part in parsed.parts) or parsed.text.endswith("&")
    if piped or first == "exec" or first in BUILTINS:
        return parsed.text
    word = "exec env " if ASSIGNMENT.match(first) else "exec "
    return parsed.text[: last.begin] + word + parsed.text[last.begin :]
