"""A shell that runs nothing: it notes every command and answers from a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.engine.errors import Failed
from scripts.engine.shell import Result, Shell


@dataclass(frozen=True)
class Command:
    """What was to be run."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    stdin: str | None = None
    cwd: Path | None = None


class FakeShell(Shell):
    """Answers the first of its rows whose words all stand in the command; else success without output."""

    def __init__(self, *rows: tuple[str | tuple[str, ...], Result | Exception]) -> None:
        super().__init__()
        self.rows = rows
        self.commands: list[Command] = []

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        on_line: Callable[[str], None] | None = None,
        check: bool = True,
        stdin: str | None = None,
    ) -> Result:
        self.commands.append(Command(tuple(argv), dict(env or {}), stdin, cwd))
        found = next((answer for words, answer in self.rows if _words(words) <= set(argv)), said())
        if isinstance(found, Exception):
            raise found
        if on_line:
            for line in found.tail:
                on_line(line)
        if check and found.code != 0:
            raise Failed(found.tail[-1] if found.tail else "failed")
        return found


def _words(key: str | tuple[str, ...]) -> set[str]:
    return set(key.split() if isinstance(key, str) else key)


def said(*lines: str, code: int = 0) -> Result:
    """A command that printed these lines."""
    return Result(code, "\n".join(lines), lines)
