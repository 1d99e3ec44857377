"""Files next to the source: a person's file is never touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.analysis.writing import Written, write
from scripts.engine.errors import Refused

FILES = {"Dockerfile": "FROM scratch\n", ".dockerignore": ".git\n"}


def test_files_are_made(tmp_path: Path) -> None:
    assert write(tmp_path, FILES) == Written(("Dockerfile", ".dockerignore"))
    assert {name: (tmp_path / name).read_text() for name in FILES} == FILES


def test_a_second_time_everything_stays(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "Dockerfile").write_text("FROM debian\n")
    assert write(tmp_path, FILES) == Written((), ("Dockerfile", ".dockerignore"))
    assert (tmp_path / "Dockerfile").read_text() == "FROM debian\n"


def test_a_link_is_a_file_too_wherever_it_leads(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").symlink_to("absent")
    assert write(tmp_path, FILES).kept == ("Dockerfile",)
    assert not (tmp_path / "absent").exists()


def test_nothing_is_left_when_one_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        write(tmp_path, {"Dockerfile": "", "no/such/folder": ""})
    assert "nothing was left" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []
