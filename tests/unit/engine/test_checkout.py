"""What a commit may put on a disk, and what it may not."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from dulwich.object_store import DiskObjectStore
from dulwich.objects import Blob, Commit, ObjectID, Tree

from analyzer.failure import Failure
from analyzer.source.git_tree import Objects
from analyzer.source.limits import DEFAULT
from scripts.engine.checkout import Writing, check_name, leads_outside, write
from scripts.engine.errors import BadInput, Failed

FILE, PROGRAM, LINK, FOLDER, SUBMODULE = 0o100644, 0o100755, 0o120000, 0o040000, 0o160000
WHO = b"A <a@example.com>"
Row = tuple[bytes, int, bytes | ObjectID]


class Hostile:
    """A commit of one's own making; its folders are written as raw bytes, since dulwich would refuse some."""

    def __init__(self, folder: Path) -> None:
        self.store = DiskObjectStore.init(str(folder / "objects"))
        self.place = folder / "out"

    def tree(self, *rows: Row) -> ObjectID:
        made = Tree.from_string(
            b"".join(
                b"%o %s\0" % (mode, name) + bytes.fromhex((self._id(content, mode)).decode())
                for name, mode, content in rows
            )
        )
        self.store.add_object(made)
        return made.id

    def _id(self, content: bytes | ObjectID, mode: int) -> bytes:
        if mode in (FOLDER, SUBMODULE):
            return content
        blob = Blob.from_string(content)
        self.store.add_object(blob)
        return blob.id

    def write(self, *rows: Row, limits: object = DEFAULT) -> Writing:
        commit = Commit()
        commit.tree, commit.message, commit.author, commit.committer = self.tree(*rows), b"m", WHO, WHO
        commit.author_time = commit.commit_time = 1_700_000_000
        commit.author_timezone = commit.commit_timezone = 0
        self.store.add_object(commit)
        time, done = write(Objects(self.store), commit.id.decode(), self.place, limits)  # type: ignore[arg-type]
        assert time == 1_700_000_000
        return done


@pytest.fixture
def hostile(tmp_path: Path) -> Hostile:
    return Hostile(tmp_path)


def test_files_programs_folders_and_links_are_written(hostile: Hostile) -> None:
    inner = hostile.tree((b"up", LINK, b"../app.py"), (b"x.txt", FILE, b"x"))
    done = hostile.write((b"app.py", FILE, b"print()\n"), (b"lib", FOLDER, inner), (b"run", PROGRAM, b"#!/bin/sh\n"))
    assert (hostile.place / "app.py").read_bytes() == b"print()\n"
    assert os.access(hostile.place / "run", os.X_OK)
    assert not os.access(hostile.place / "app.py", os.X_OK)
    assert (hostile.place / "lib/up").read_bytes() == b"print()\n"
    assert (done.files, done.warnings) == (3, ())


@pytest.mark.parametrize(
    "name",
    [
        b"..",
        b".",
        b".git",
        b".GIT",
        b".Git ",
        b".git.",
        b"git~1",
        b"GIT~2",
        ".g\u200cit".encode(),
        b".git::$INDEX_ALLOCATION",
    ],
)
def test_a_name_that_no_checkout_may_have(hostile: Hostile, name: bytes) -> None:
    with pytest.raises(BadInput, match="not checked out"):
        hostile.write((b"fine.py", FILE, b"x"), (name, FILE, b"[core]\nfsmonitor = evil"))
    assert not (hostile.place.parent / "evil").exists()


@pytest.mark.parametrize("name", [b"a/b", b"/etc/passwd", b"a\0b", b""])
def test_a_name_that_leads_elsewhere(name: bytes) -> None:
    with pytest.raises(BadInput, match="leads elsewhere"):
        check_name(name, name)


@pytest.mark.parametrize("name", [b".gitignore", b".github", b"git", b"a\\x2db", b"caf\xe9", b"..."])
def test_a_name_that_is_only_unusual(name: bytes) -> None:
    check_name(name, name)


@pytest.mark.parametrize(
    ("folder", "target", "outside"),
    [
        (b"", "a", False),
        (b"a/b", "../../c", False),
        (b"a/b", "../../../c", True),
        (b"", "..", True),
        (b"", "/etc/passwd", True),
        (b"", "a/../../b", True),
        (b"", "link/../..", True),
        (b"a", "./../b//c", False),
        (b"", "", True),
    ],
)
def test_where_a_link_leads(folder: bytes, target: str, outside: bool) -> None:
    assert leads_outside(folder, target) is outside


def test_what_leads_out_is_left_out_and_told(hostile: Hostile) -> None:
    done = hostile.write(
        (b"data", FILE, b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"),
        (b"passwd", LINK, b"/etc/passwd"),
        (b"sub", SUBMODULE, b"1" * 40),
    )
    assert sorted(path.name for path in hostile.place.iterdir()) == ["data"]
    assert done.warnings == (
        "sub: submodules are not fetched, so its folder is not there",
        "passwd: a link that leads out of the repository is left out",
        "data: kept with Git LFS, which is not fetched: only the pointer is there",
    )


def test_nothing_is_written_through_a_link(hostile: Hostile, tmp_path: Path) -> None:
    """The same name as a link and as a folder: a checkout in that order would write into the link's target."""
    (tmp_path / "outside").mkdir()
    inner = hostile.tree((b"evil", FILE, b"x"))
    with suppress(BadInput):
        hostile.write((b"a", LINK, b"../outside"), (b"a", FOLDER, inner))
    assert list((tmp_path / "outside").iterdir()) == []


def test_the_same_name_twice(hostile: Hostile) -> None:
    with pytest.raises(BadInput, match="is there twice"):
        hostile.write((b"a", FILE, b"x"), (b"a", FILE, b"y"))


def test_bounds(hostile: Hostile) -> None:
    with pytest.raises(Failure, match="more than 2 files and folders"):
        hostile.write((b"a", FILE, b""), (b"b", FILE, b""), (b"c", FILE, b""), limits=replace(DEFAULT, files=2))


def test_bytes_are_bounded(hostile: Hostile) -> None:
    with pytest.raises(Failed, match="more than 1 MB"):
        hostile.write(
            (b"a", FILE, b"x" * 600_000),
            (b"b", FILE, b"y" * 600_000),
            limits=replace(DEFAULT, unpacked_bytes=1_000_000),
        )


def test_a_tree_that_names_itself_many_times_ends(hostile: Hostile) -> None:
    """A few objects can describe millions of folders."""
    level = hostile.tree((b"f", FILE, b"x"))
    for _ in range(12):
        level = hostile.tree(*((b"%d" % at, FOLDER, level) for at in range(9)))
    with pytest.raises(Failure, match="more than 1,000 files"):
        hostile.write((b"bomb", FOLDER, level), limits=replace(DEFAULT, files=1_000))
