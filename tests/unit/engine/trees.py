"""Folders with files, for build contexts."""

from __future__ import annotations

from pathlib import Path

FILES = {"Dockerfile": "FROM a\n", "main.py": "print()\n", "lib/x.py": "x = 1\n", "run.sh": "#!/bin/sh\n"}


def plant(folder: Path, files: dict[str, str] | None = None) -> Path:
    for name, text in (FILES if files is None else files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder
