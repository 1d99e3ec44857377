"""Which end-to-end tests share a cloud, and when a shared cloud ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.sharing import FOLDER, PLACES, SHARES, Clouds, place, share_of

ROOT = Path(__file__).parents[2]
SHARED = re.compile(r"\b(project: Project|workshop: Workshop|guarded: Guarded)\b")
OWN = re.compile(r"^def (project|workshop|guarded)\(", re.M)


def test_every_file_of_a_share_is_there() -> None:
    assert [file for file in PLACES if not (ROOT / FOLDER / f"{file}.py").is_file()] == []


def test_no_file_opens_a_shared_cloud_for_itself_alone() -> None:
    """A file that uses one stands in a share."""
    texts = {path.stem: path.read_text("utf-8") for path in (ROOT / FOLDER).glob("test_*.py")}
    users = {
        name
        for name, text in texts.items()
        for line in re.findall(r"^def (?:test_|lane|hello|outcomes|calls|tree).*$", text, re.M)
        if SHARED.search(line) and not OWN.search(text)
    }
    assert users - PLACES.keys() == set()


def test_shares_come_in_order_and_files_without_one_last() -> None:
    rows = [
        f"{FOLDER}{SHARES[1][0]}.py::test_x",
        f"{FOLDER}test_other.py::test_y",
        f"{FOLDER}{SHARES[0][1]}.py::test_z",
    ]
    assert sorted(rows, key=place) == [rows[2], rows[0], rows[1]]
    assert [share_of(row) for row in rows] == [SHARES[1][0], "test_other", SHARES[0][0]]


def test_a_cloud_is_opened_once_and_ends_when_nobody_needs_it() -> None:
    seen: list[str] = []

    @contextmanager
    def cloud() -> Iterator[int]:
        seen.append("open")
        try:
            yield len(seen)
        finally:
            seen.append("closed")

    clouds = Clouds()
    assert clouds.get("a", cloud) == clouds.get("a", cloud) == 1
    clouds.keep(["a", "b"])
    assert seen == ["open"]
    clouds.keep(["b"])
    assert seen == ["open", "closed"]
    assert clouds.get("a", cloud) == 3
    clouds.keep(())
    assert seen[2:] == ["open", "closed"]
