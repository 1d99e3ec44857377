"""Start commands as people write them (Procfile, scripts, compose, CMD), read into what they start.

`shell` takes the line apart, `wrappers` finds the command within `bundle exec` and the like, `programs` knows
by its name what a command starts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from analyzer.model import Start
from analyzer.start_command import programs, shell, wrappers

PORT = re.compile(r"\$\{PORT(?::?[-=?+](?:[^{}]|\{[^{}]*\})*)?\}|\$PORT\b|\$\(PORT\)")
SHELLS = ("sh", "bash", "zsh", "ash", "dash")
NESTED = 4
"""Shells within shells that are looked into."""


def parse(command: str) -> Start:
    """The command's kind and target; argv without a shell where the command needs none.

    A command that needs one (variables, `&&`, redirections) becomes `sh -c`, with `exec` before the last command so
    that it gets the container's signals. The target is spelled as in the command.
    """
    line = shell.line(command)
    kind, target = _meaning(line, NESTED)
    return Start(kind, target, line.text, shell.argv(line))


def of_argv(argv: Sequence[str]) -> Start:
    """A command that is written as its words (CMD in exec form): run exactly so."""
    import shlex

    command = argv[2] if _is_shell(argv) and len(argv) == 3 else shlex.join(argv)
    kind, target = _meaning(shell.line(shlex.join(argv)), NESTED)
    return Start(kind, target, command, tuple(argv))


def with_port(start: Start, port: int) -> Start:
    """The same start with `$PORT`, `${PORT}` and `${PORT:-8000}` replaced, without a shell if that was its reason."""
    if not any(PORT.search(text) for text in (start.command, *start.argv)):
        return start
    command = _ported(start.command, port)
    if start.argv == parse(start.command).argv:
        return replace(parse(command), kind=start.kind, target=start.target)
    return replace(start, command=command, argv=tuple(_ported(word, port) for word in start.argv))


def _ported(text: str, port: int) -> str:
    return PORT.sub(str(port), text)


def _meaning(line: shell.Line, depth: int) -> programs.Meaning:
    words = wrappers.unwrapped(line.main.words)
    if _is_shell(words) and depth:
        return _meaning(shell.line(words[2]), depth - 1)
    found = programs.meaning(words)
    return _supervised(words, depth) if found == programs.OTHER else found


def _supervised(words: Sequence[str], depth: int) -> programs.Meaning:
    """Of a program that is given whole commands as words (concurrently, pid1, nodemon --exec): the first known one."""
    lines = [shell.line(word) for word in words[1:] if " " in word.strip()] if depth and words else []
    if not lines or wrappers.program(words[0]) in shell.FINISHING:
        return programs.OTHER
    meanings = (_meaning(line, depth - 1) for line in lines)
    return next((found for found in meanings if found != programs.OTHER), programs.OTHER)


def _is_shell(words: Sequence[str]) -> bool:
    """Whether it is `sh -c "..."`."""
    return len(words) > 2 and wrappers.program(words[0]) in SHELLS and re.fullmatch(r"-[a-z]*c", words[1]) is not None
