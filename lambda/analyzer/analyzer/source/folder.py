"""The view of a folder on this machine."""

from __future__ import annotations

from pathlib import Path

from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.view import SourceView


def of_folder(folder: Path, limits: Limits = DEFAULT) -> SourceView:
    """A first version: H1 owns this file and replaces it."""
    paths = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and not {".git", "node_modules", ".venv"} & set(path.parts)
    )

    def read(path: str) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.stat().st_size <= limits.file_bytes else None

    return SourceView(tuple(paths[: limits.files]), read)
