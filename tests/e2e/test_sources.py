"""Commits come from real git servers, good and bad ones, into a folder that is complete or not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from dulwich.object_store import DiskObjectStore
from dulwich.objects import Blob, Commit
from dulwich.objects import Tree as RawTree

from scripts.engine import fetching
from scripts.engine.errors import BadInput, Cancelled, SlipwayError, Transient
from scripts.engine.fetching import Origin, fetch, place_of
from tests.e2e.analyzer.git_server import TOKEN, GitServer, git, serving
from tests.e2e.project import ORIGIN
from tests.e2e.running import until

FETCH = "import sys; from pathlib import Path; from scripts.engine.fetching import Origin, fetch; "
FETCH += "fetch(Path(sys.argv[1]), Origin(sys.argv[2]))"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A repository with two commits, the first of them tagged."""
    folder = tmp_path / "work"
    (folder / "lib").mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / "app.py").write_text("print(1)\n")
    (folder / "lib/run.sh").write_text("#!/bin/sh\n")
    (folder / "lib/run.sh").chmod(0o755)
    (folder / "node_modules").mkdir()
    (folder / "node_modules/kept.js").write_text("1\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    git(folder, "tag", "-a", "-m", "first", "v1")
    (folder / "app.py").write_text("print(2)\n")
    git(folder, "commit", "-qam", "two")
    return folder


@pytest.fixture
def server(work: Path, tmp_path: Path) -> Iterator[GitServer]:
    git(tmp_path, "clone", "-q", "--bare", str(work), "repositories/r.git")
    with serving(tmp_path / "repositories") as made:
        yield made


def url(server: GitServer, way: str = "open") -> str:
    return f"{server.url}/{way}/r.git"


def test_the_newest_commit_with_all_its_files(server: GitServer, work: Path, tmp_path: Path) -> None:
    found = fetch(tmp_path, Origin(url(server)))
    assert found.commit == git(work, "rev-parse", "HEAD")
    assert found.time == int(git(work, "log", "-1", "--format=%ct"))
    assert (found.folder / "app.py").read_text() == "print(2)\n"
    assert (found.folder / "node_modules/kept.js").exists()
    assert (found.folder / "lib/run.sh").stat().st_mode & 0o111
    assert not (found.folder / ".git").exists()


def test_a_known_commit_asks_no_server(server: GitServer, tmp_path: Path) -> None:
    found = fetch(tmp_path, Origin(url(server)))
    asked = len(server.requests)
    again = fetch(tmp_path, Origin(url(server), commit=found.commit))
    assert (again.folder, len(server.requests)) == (found.folder, asked)


def test_the_newest_commit_is_not_sent_twice(server: GitServer, tmp_path: Path) -> None:
    assert fetch(tmp_path, Origin(url(server))).is_new
    assert not fetch(tmp_path, Origin(url(server))).is_new


def test_a_tag_and_an_older_commit(server: GitServer, work: Path, tmp_path: Path) -> None:
    first = git(work, "rev-parse", "HEAD~1")
    assert fetch(tmp_path, Origin(url(server), ref="v1")).commit == first
    assert (fetch(tmp_path, Origin(url(server), commit=first)).folder / "app.py").read_text() == "print(1)\n"


def test_a_commit_that_is_gone_is_told(server: GitServer, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not give the commit ffffffffffff any more"):
        fetch(tmp_path, Origin(url(server), commit="f" * 40))


def test_a_repository_of_this_machine(work: Path, tmp_path: Path) -> None:
    found = fetch(tmp_path, Origin(str(work), ref="v1"))
    assert (found.folder / "app.py").read_text() == "print(1)\n"


def test_a_token_opens_a_private_repository_and_is_written_nowhere(
    server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match="private"):
        fetch(tmp_path, Origin(url(server, "private")))
    monkeypatch.setenv("GIT_TOKEN_HOST", "127.0.0.1")
    monkeypatch.setenv("GIT_TOKEN", TOKEN)
    fetch(tmp_path, Origin(url(server, "private")))
    kept = [path for path in (tmp_path / ".slipway").rglob("*") if path.is_file()]
    assert [path for path in kept if TOKEN.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("way", ["cut", "page", "junk", "circle", "error", "trap"])
def test_a_bad_server_leaves_nothing(server: GitServer, tmp_path: Path, way: str) -> None:
    with pytest.raises(SlipwayError) as caught:
        fetch(tmp_path, Origin(url(server, way)))
    assert caught.value.remedy
    assert [path.name for path in place_of(tmp_path, url(server, way)).iterdir()] == [".lock"]


def test_a_redirect_into_the_network_is_refused(server: GitServer, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="redirects into a link-local network"):
        fetch(tmp_path, Origin(url(server, "trap")))


def test_a_server_that_stalls(server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "FETCH_SECONDS", 1.0)
    with pytest.raises(Transient, match="did not arrive within 1 s"):
        fetch(tmp_path, Origin(url(server, "slow")))


def test_a_fetch_that_is_cancelled(server: GitServer, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        fetch(tmp_path, Origin(url(server, "slow")), is_cancelled=lambda: bool(server.requests))
    assert [path.name for path in place_of(tmp_path, url(server, "slow")).iterdir()] == [".lock"]


def test_two_at_once_fetch_once(server: GitServer, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: fetch(tmp_path, Origin(url(server))), range(4)))
    assert len({one.folder for one in found}) == 1
    assert sum(one.is_new for one in found) == 1


def test_a_killed_fetch_leaves_no_half_and_no_lock(server: GitServer, tmp_path: Path) -> None:
    words: list[Any] = [sys.executable, "-c", FETCH, tmp_path, url(server, "slow")]
    with subprocess.Popen(words, cwd=ORIGIN, env={"PYTHONPATH": "."}) as process:
        until(lambda: server.requests, bool, 20)
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
    assert [path.name for path in place_of(tmp_path, url(server, "slow")).iterdir()] == [".lock"]
    half = place_of(tmp_path, url(server)) / ".new-1"
    half.mkdir(parents=True)
    assert fetch(tmp_path, Origin(url(server))).is_new
    assert not half.exists()


def test_only_the_newest_commits_stay(
    server: GitServer, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "KEPT_COMMITS", 1)
    monkeypatch.setattr(fetching, "IN_USE_SECONDS", -1)
    old = fetch(tmp_path, Origin(url(server), ref="v1"))
    new = fetch(tmp_path, Origin(url(server)))
    assert (old.folder.exists(), new.folder.exists()) == (False, True)


def test_history_is_never_sent(server: GitServer, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Megabytes that were there before and are gone do not count, however many."""
    for _ in range(4):
        (work / "data").write_bytes(os.urandom(1_000_000))
        git(work, "add", "-A")
        git(work, "commit", "-qm", "more")
    git(work, "rm", "-q", "data")
    git(work, "commit", "-qm", "gone")
    git(work, "push", "-q", str(tmp_path / "repositories/r.git"), "HEAD")
    monkeypatch.setattr(fetching, "FETCH_MEGABYTES", 1)
    found = fetch(tmp_path, Origin(url(server)))
    assert found.commit == git(work, "rev-parse", "HEAD")
    assert not (found.folder / "data").exists()


def test_a_repository_that_is_too_large(
    server: GitServer, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (work / "data").write_bytes(os.urandom(1_500_000))
    git(work, "add", "-A")
    git(work, "commit", "-qm", "more")
    git(work, "push", "-q", str(tmp_path / "repositories/r.git"), "HEAD")
    monkeypatch.setattr(fetching, "FETCH_MEGABYTES", 1)
    with pytest.raises(SlipwayError, match="sends more than 1 MB"):
        fetch(tmp_path, Origin(url(server)))


def test_a_submodule_that_points_at_this_machine_is_left_alone(server: GitServer, work: Path, tmp_path: Path) -> None:
    (work / ".gitmodules").write_text('[submodule "x"]\n\tpath = x\n\turl = /etc\n')
    git(work, "add", ".gitmodules")
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{git(work, 'rev-parse', 'HEAD')},x")
    git(work, "commit", "-qm", "submodule")
    git(work, "push", "-q", str(tmp_path / "repositories/r.git"), "HEAD")
    found = fetch(tmp_path, Origin(url(server)))
    assert not (found.folder / "x").exists()
    assert found.warnings == ("x: submodules are not fetched, so its folder is not there",)
    assert fetch(tmp_path, Origin(url(server), commit=found.commit)).warnings == found.warnings


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b"a/../../evil"])
def test_a_hostile_name_from_a_server(server: GitServer, work: Path, tmp_path: Path, name: bytes) -> None:
    """git itself would not make such a commit."""
    with closing(DiskObjectStore(str(tmp_path / "repositories/r.git/objects"))) as store:
        blob, commit = Blob.from_string(b"evil"), Commit()
        tree = RawTree.from_string(b"100644 " + name + b"\0" + bytes.fromhex(blob.id.decode()))
        commit.tree, commit.message, commit.author, commit.committer = tree.id, b"m", b"A <a@b>", b"A <a@b>"
        commit.author_time = commit.commit_time = commit.author_timezone = commit.commit_timezone = 0
        for made in (blob, tree, commit):
            store.add_object(made)
    (tmp_path / "repositories/r.git/refs/heads/main").write_text(f"{commit.id.decode()}\n")
    with pytest.raises(SlipwayError):
        fetch(tmp_path, Origin(url(server)))
    assert [path for path in tmp_path.rglob("*evil*") if path.is_file()] == []
    assert [path.name for path in place_of(tmp_path, url(server)).iterdir()] == [".lock"]
