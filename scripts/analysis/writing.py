"""Puts generated files next to the source; a file that exists is never touched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analyzer.model import Analysis
from analyzer.render.files import generated, why_no_dockerfile
from scripts.engine.errors import Refused


@dataclass(frozen=True)
class Written:
    """What became of the files of one service."""

    written: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """Names of files that were there before and stay as they are."""


def write(folder: Path, files: dict[str, str]) -> Written:
    """Create each file unless there is something of that name, be it a broken link. All or none of the rest is written.

    Raises Refused when the folder cannot be written.
    """
    kept = tuple(name for name in files if os.path.lexists(folder / name))
    made: list[str] = []
    try:
        for name, text in files.items():
            if name not in kept:
                _create(folder / name, text)
                made.append(name)
    except OSError as error:
        for name in made:
            (folder / name).unlink(missing_ok=True)
        raise Refused(
            f"cannot write there: {error.strerror}",
            where=str(folder),
            remedy="make the folder writable, nothing was left",
        ) from None
    return Written(tuple(made), kept)


def _create(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def write_services(folder: Path, analysis: Analysis) -> Iterator[str]:
    """Write the files of every service below the folder; a line a service says what was written and what was kept."""
    for service in analysis.services:
        place = folder / service.root
        done = write(place, generated(service))
        if done.written:
            yield f"written: {', '.join(str(place / name) for name in done.written)}"
        if done.kept:
            yield f"kept as they are: {', '.join(str(place / name) for name in done.kept)}"
        if not service.dockerfile and "Dockerfile" not in (*done.written, *done.kept):
            what, remedy = why_no_dockerfile(service)
            yield f"no Dockerfile: {what}; {remedy}"
