"""The repositories that the analyzer is measured on."""

from __future__ import annotations

from pathlib import Path

from scripts.bench.analyzing import APPLICATION, repository

ROOT = Path(__file__).resolve().parents[3]


def test_a_repository_has_as_many_files_as_asked_for(tmp_path: Path) -> None:
    folder = repository(ROOT / APPLICATION, tmp_path / "tree", 250)
    assert sum(path.is_file() for path in folder.rglob("*")) == 250
    assert (folder / "parts/group2/part200.py").read_text("utf-8").startswith('"""Part 200."""')
