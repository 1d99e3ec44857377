"""Working trees as they come: dirty, shallow, without git, with huge files and links that go round in circles."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.project import Project
from tests.e2e.running import Event

HUGE = 1 << 30
AUTHOR = ("-c", "user.name=Tester", "-c", "user.email=tester@example.com", "-c", "commit.gpgsign=false")


@pytest.fixture
def tree(project: Project) -> Iterator[Project]:
    """The live project; a repository that a test makes of it goes again."""
    yield project
    shutil.rmtree(project.root / ".git", ignore_errors=True)
    assert project.plan()["path"] == "none"


def tag(project: Project, service: str = "hello") -> str:
    """The image tag that a deploy would use."""
    found = str(project.plan()["services"][service]["image_tag"])
    assert found.startswith("src-")
    return found


def git(folder: Path, *words: str) -> None:
    """Run git there."""
    subprocess.run(["git", "-C", str(folder), *AUTHOR, *words], check=True, capture_output=True)


def clone(tree: Project, folder: Path, *words: str) -> Project:
    """A clone of the tree's last commit, with the environment and the cloud of the tree."""
    git(folder.parent, "clone", *words, f"file://{tree.root}", str(folder))
    for name in (".venv", ".slipway"):
        if not (folder / name).exists():
            (folder / name).symlink_to(tree.root / name)
    return Project(folder)


def test_the_same_content_has_the_same_tag_with_and_without_git(tree: Project, tmp_path: Path) -> None:
    without = tag(tree)
    git(tree.root, "init", "-q")
    git(tree.root, "add", "-A")
    git(tree.root, "commit", "-qm", "first")
    assert tag(tree) == without
    git(tree.root, "commit", "-qm", "second", "--allow-empty")
    shallow = clone(tree, tmp_path / "shallow", "--depth", "1")
    assert (shallow.root / ".git/shallow").exists()
    assert tag(shallow) == without
    for file in (shallow.root / "examples/hello").iterdir():
        os.utime(file, (1, 1))
    assert tag(shallow) == without


def test_a_dirty_tree_is_deployed_as_it_is(tree: Project) -> None:
    clean = tag(tree)
    app = tree.read("examples/hello/app.py")
    tree.write("examples/hello/app.py", app + "# not committed\n")
    dirty = tag(tree)
    tree.write("examples/hello/app.py", app)
    tree.write("examples/hello/README.md", "ignored by .dockerignore\n")
    assert dirty != clean
    assert tag(tree) == clean


def test_a_huge_file_in_the_context_is_named(tree: Project) -> None:
    huge = tree.root / "examples/hello/recording.bin"
    with huge.open("wb") as file:
        file.truncate(HUGE)
    try:
        assert warnings(tree.plan("hello")) == [
            "examples/hello/recording.bin is 1.1 GB in the build context; "
            "if the image does not need it, add it to .dockerignore"
        ]
        assert "warning: hello: examples/hello/recording.bin is 1.1 GB" in tree.run("plan", "hello").out
    finally:
        huge.unlink()
    assert warnings(tree.plan("hello")) == []


def warnings(plan: Event) -> list[str]:
    """What a plan warns of."""
    return [row["text"] for row in plan["warnings"]]


def test_links_in_circles_are_part_of_the_content(tree: Project) -> None:
    before = tag(tree)
    circle = tree.root / "examples/hello/circle"
    circle.symlink_to("circle")
    up = tree.root / "examples/hello/up"
    up.symlink_to("..")
    try:
        assert tag(tree) != before
    finally:
        circle.unlink()
        up.unlink()
    assert tag(tree) == before


@pytest.mark.parametrize(
    ("source", "link", "said"),
    [
        ("../elsewhere", None, "'../elsewhere' is not allowed"),
        ("outside", "..", "'outside' leads outside the project"),
        ("circle", "circle", "'circle' is a link that leads to itself"),
        ("missing", None, "there is no folder 'missing'"),
    ],
)
def test_a_source_that_cannot_be_built(tree: Project, source: str, link: str | None, said: str) -> None:
    settings = tree.read("slipway.toml")
    tree.set_key("services.hello", "source", f'"{source}"')
    if link:
        (tree.root / source).symlink_to(link)
    try:
        result = tree.run("plan", "--json", expect=2)
    finally:
        tree.write("slipway.toml", settings)
        if link:
            (tree.root / source).unlink()
    assert said in result.error["what"]
    assert "source" in result.error["where"]
