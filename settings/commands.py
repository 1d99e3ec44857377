"""How a command that a person typed becomes the words that a container starts with."""

from __future__ import annotations

import re
import shlex

SHELL = ("/bin/sh", "-c")
SYNTAX = re.compile(r"[|&;<>()$`*?\[\]{}~#\n]")
"""Characters that mean something to a shell where no quotes hold them. Source: POSIX, Shell Command Language, 2.2."""
QUOTED = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|\\.""", re.DOTALL)
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
SHELL_WORDS = frozenset(
    (
        *("!", ".", ":", "alias", "case", "cd", "eval", "exec", "export", "for", "if", "read", "set", "shift"),
        *("source", "trap", "ulimit", "umask", "unset", "until", "while"),
    )
)
"""First words that only a shell understands."""


def container_command(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Entry point and command of a container, which together replace those of its image.

    A plain command is started directly, so that it gets the signals and an image without a shell can run it; anything
    that only a shell understands goes to `/bin/sh -c`.
    """
    words = _plain_words(text)
    return (words[:1], words[1:]) if words else (SHELL, (text,))


def _plain_words(text: str) -> tuple[str, ...]:
    """The words of a text that means the same without a shell; none for any other."""
    if SYNTAX.search(QUOTED.sub(_still_active, text)):
        return ()
    try:
        words = tuple(shlex.split(text))
    except ValueError:  # a quote that nothing closes; the shell says it better
        return ()
    needs_shell = not words or ASSIGNMENT.match(words[0]) or words[0] in SHELL_WORDS
    return () if needs_shell else words


def _still_active(quoted: re.Match[str]) -> str:
    """What a shell still looks at in a quoted piece: variables and commands between double quotes."""
    return "".join(c for c in quoted[0] if c in "$`") if quoted[0].startswith('"') else ""
