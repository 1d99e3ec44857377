"""A folder as a tree: what is listed, what is left out and said, and that nothing leads out of it."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

import pytest

from analyzer.failure import Failure
from analyzer.source.folder import folder_tree, of_folder
from analyzer.source.limits import Limits


def fill(root: Path, *paths: str, content: str = "x = 1\n") -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return root


def codes(root: Path, limits: Limits | None = None) -> list[str]:
    return [caution.code for caution in of_folder(root, limits or Limits()).cautions]


def test_files_are_listed_sorted_with_posix_paths(tmp_path: Path) -> None:
    fill(tmp_path, "b.py", "a/z.py", "a/b/c.py", "A.py", ".python-version")
    view = of_folder(tmp_path)
    assert view.paths == (".python-version", "A.py", "a/b/c.py", "a/z.py", "b.py")
    assert (view.text("a/z.py"), view.truncated, view.cautions) == ("x = 1\n", "", ())


@pytest.mark.parametrize(
    "folder",
    [
        ".git",
        "web/node_modules",
        ".venv",
        "a/__pycache__",
        ".tox",
        ".next",
        ".terraform",
        "vendor/bundle",
        ".yarn/cache",
    ],
)
def test_folders_that_are_never_source_are_left_out(tmp_path: Path, folder: str) -> None:
    assert of_folder(fill(tmp_path, "app.py", f"{folder}/x.py", f"{folder}/deep/y.py")).paths == ("app.py",)


@pytest.mark.parametrize("folder", ["build", "dist", "out", "target", "vendor", "bin", "public", ".yarn/releases"])
def test_folders_that_people_use_too_are_listed(tmp_path: Path, folder: str) -> None:
    assert of_folder(fill(tmp_path, f"{folder}/index.html")).paths == (f"{folder}/index.html",)


@pytest.mark.parametrize(
    ("folder", "marks"),
    [
        ("my-env", ["pyvenv.cfg"]),
        ("target", ["CACHEDIR.TAG"]),
        ("vendor", ["autoload.php", "composer/installed.json"]),
    ],
)
def test_folders_that_a_tool_marked_as_its_own_are_left_out(tmp_path: Path, folder: str, marks: list[str]) -> None:
    fill(tmp_path, "app.py", f"a/{folder}/lib/x.py", *(f"a/{folder}/{mark}" for mark in marks))
    assert of_folder(tmp_path).paths == ("app.py",)


def test_a_mark_in_the_root_does_not_count(tmp_path: Path) -> None:
    assert of_folder(fill(tmp_path, "pyvenv.cfg", "app.py")).paths == ("app.py", "pyvenv.cfg")


def test_links_to_files_of_the_tree_are_read_as_those(tmp_path: Path) -> None:
    fill(tmp_path, "requirements/prod.txt", content="flask\n")
    (tmp_path / "requirements.txt").symlink_to("requirements/prod.txt")
    (tmp_path / "again.txt").symlink_to("./requirements/../requirements.txt")
    view = of_folder(tmp_path)
    assert view.paths == ("again.txt", "requirements.txt", "requirements/prod.txt")
    assert (view.text("requirements.txt"), view.text("again.txt")) == ("flask\n", "flask\n")


def test_links_in_circles_to_folders_and_to_nothing_are_left_out(tmp_path: Path) -> None:
    fill(tmp_path, "a/x.py")
    for name, target in {
        "loop": "loop",
        "one": "two",
        "two": "one",
        "a/up": "..",
        "gone.py": "no.py",
        "dir": "a",
    }.items():
        (tmp_path / name).symlink_to(target)
    view = of_folder(tmp_path)
    assert (view.paths, view.cautions) == (("a/x.py",), ())


@pytest.mark.parametrize("target", ["/etc/hostname", "../outside.py", "sub/../../outside.py", ".."])
def test_links_out_of_the_tree_are_left_out_and_told(tmp_path: Path, target: str) -> None:
    root = fill(tmp_path / "root", "sub/x.py")
    fill(tmp_path, "outside.py")
    (root / "app.py").symlink_to(target)
    view = of_folder(root)
    assert view.paths == ("sub/x.py",)
    assert [(c.code, c.message) for c in view.cautions] == [
        ("entries_left_out", "1 file or folder is left out: the path or link leads out of the tree")
    ]


def test_pipes_and_sockets_are_neither_listed_nor_opened(tmp_path: Path) -> None:
    os.mkfifo(fill(tmp_path, "app.py") / "pipe.py")
    assert of_folder(tmp_path).paths == ("app.py",)


def test_a_file_swapped_for_a_pipe_does_not_block(tmp_path: Path) -> None:
    view = of_folder(fill(tmp_path, "app.py"))
    (tmp_path / "app.py").unlink()
    os.mkfifo(tmp_path / "app.py")
    assert view.read("app.py") is None


@pytest.mark.parametrize("swapped", ["app.py", "sub"])
def test_what_is_swapped_for_a_link_out_of_the_tree_is_not_read(tmp_path: Path, swapped: str) -> None:
    root = fill(tmp_path / "root", "app.py", "sub/app.py")
    fill(tmp_path / "other", "app.py", content="secret")
    view = of_folder(root)
    (root / swapped).rename(tmp_path / "was")
    (root / swapped).symlink_to(tmp_path / "other" / ("app.py" if swapped == "app.py" else ""))
    assert view.read("app.py" if swapped == "app.py" else "sub/app.py") is None


def test_names_that_could_forge_a_line_are_left_out_and_told(tmp_path: Path) -> None:
    fill(tmp_path, "app.py", "main.py\nRUN evil", "a\x1b[2Jb.py", "x\u202egnp.py", "bad\n/inside.py")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).write_text("")
    view = of_folder(tmp_path)
    assert view.paths == ("app.py",)
    assert [(c.code, c.message) for c in view.cautions] == [
        (
            "names_left_out",
            "5 files or folders are left out: the name is not UTF-8, or has line feeds or other control characters",
        )
    ]


def test_names_of_people_are_kept(tmp_path: Path) -> None:
    names = ("Ärger/größe.py", "日本語.py", "emoji-🚀.py", "with space.py", "quote'\".py", "-rf.py", "back\\slash.py")
    assert set(of_folder(fill(tmp_path, *names)).paths) == set(names)


def test_more_files_than_the_limit(tmp_path: Path) -> None:
    fill(
        tmp_path, "app.py", *(f"a/{number:03}.py" for number in range(30)), *(f"a/b/{number}.py" for number in range(5))
    )
    view = of_folder(tmp_path, Limits(files=20))
    assert view.paths == ("a/000.py", *(f"a/{number:03}.py" for number in range(1, 19)), "app.py")
    assert view.truncated.startswith("the tree has more files than are looked at")
    assert [caution.code for caution in view.cautions] == ["tree_truncated"]


def test_deeper_than_the_limit(tmp_path: Path) -> None:
    fill(tmp_path, "a/b/c/in.py", "a/b/c/d/out.py")
    view = of_folder(tmp_path, Limits(depth=3))
    assert view.paths == ("a/b/c/in.py",)
    assert view.truncated == "folders nested more deeply than is looked at are left out"
    assert codes(tmp_path, Limits(depth=4)) == []


def test_listing_ends_with_its_time(tmp_path: Path) -> None:
    fill(tmp_path, "app.py", "a/x.py", "b/y.py")
    ticks = count(0.0, 1.0)
    tree = folder_tree(tmp_path, Limits(seconds=2.0), clock=lambda: next(ticks))
    assert tree.listing.paths == ("a/x.py", "app.py")
    assert tree.listing.truncated.startswith("the tree could not be listed in time")


def test_a_folder_that_cannot_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "app.py", "locked/x.py")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("locked"):
            raise PermissionError(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert (of_folder(tmp_path).paths, codes(tmp_path)) == (("app.py",), ["folders_unreadable"])


def test_files_beyond_the_size_are_not_read(tmp_path: Path) -> None:
    fill(tmp_path, "small.py", content="a" * 10)
    fill(tmp_path, "large.py", content="a" * 11)
    with (tmp_path / "sparse.py").open("wb") as file:
        file.truncate(10_000_000_000)
    view = of_folder(tmp_path, Limits(file_bytes=10))
    assert [view.read(name) is not None for name in ("small.py", "large.py", "sparse.py")] == [True, False, False]


def test_reading_ends_with_its_budget(tmp_path: Path) -> None:
    view = of_folder(fill(tmp_path, "a.py", "b.py", "c.py", content="1234567890"), Limits(read_bytes=25))
    read = [view.read(name) for name in ("b.py", "a.py", "b.py", "c.py")]
    assert read == [b"1234567890", b"1234567890", b"1234567890", None]


def test_there_is_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="there is no folder") as caught:
        of_folder(tmp_path / "missing")
    assert caught.value.code == "SourceNotFound"


def test_a_file_that_vanishes_is_not_read(tmp_path: Path) -> None:
    view = of_folder(fill(tmp_path, "app.py"))
    (tmp_path / "app.py").unlink()
    assert view.read("app.py") is None
