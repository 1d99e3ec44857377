"""Repositories on a real git server: what arrives, what is refused, and what is left behind."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.failure import Failure
from analyzer.key import content_key
from analyzer.source.access import Access
from analyzer.source.limits import DEFAULT, Limits
from analyzer.source.opening import open_source
from tests.e2e.analyzer.git_server import TOKEN, GitServer, git, serving

HOST = "127.0.0.1"
WITH_TOKEN = Access(tokens={HOST: TOKEN})


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with two commits, a branch, a tag, a link, a submodule's entry and a hook that would leave a trace."""
    folder = tmp_path_factory.mktemp("work")
    git(folder, "init", "-q")
    (folder / "app.py").write_text("from flask import Flask\n\napp = Flask(__name__)\n")
    (folder / "requirements.txt").write_text("flask\n")
    (folder / "assets").mkdir()
    (folder / "assets/logo.png").write_bytes(bytes(range(256)) * 400)
    (folder / "wsgi.py").symlink_to("app.py")
    (folder / ".gitmodules").write_text('[submodule "lib"]\n\tpath = lib\n\turl = http://127.0.0.1:9/lib.git\n')
    git(folder, "add", "-A")
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib")
    git(folder, "commit", "-qm", "one")
    git(folder, "tag", "-am", "first", "v1")
    git(folder, "checkout", "-q", "-b", "feature/two")
    (folder / "app.py").write_text("print(2)\n")
    git(folder, "commit", "-qam", "two")
    git(folder, "checkout", "-q", "main")
    return folder


@pytest.fixture(scope="module")
def server(work: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """r.git can filter, plain.git cannot, empty.git has no commit."""
    root = tmp_path_factory.mktemp("served")
    for name in ("r.git", "plain.git"):
        git(root, "clone", "-q", "--bare", str(work), name)
    git(root / "r.git", "config", "uploadpack.allowFilter", "true")
    git(root, "init", "-q", "--bare", "empty.git")
    with serving(root) as made:
        yield made


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever happens, nothing is left in the folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []


def read_all(reference: str, access: Access | None, limits: Limits) -> None:
    with open_source(reference, access, limits) as tree:
        content_key(tree)
        for path in tree.listing.paths:
            tree.read(path)


def failure_of(reference: str, access: Access | None = None, limits: Limits = DEFAULT) -> Failure:
    with pytest.raises(Failure) as caught:
        read_all(reference, access, limits)
    assert caught.value.remedy
    assert TOKEN not in f"{caught.value}{caught.value.remedy}"
    return caught.value


@pytest.mark.parametrize("name", ["r.git", "plain.git"])
def test_one_commit_is_the_same_as_its_checkout(server: GitServer, work: Path, name: str) -> None:
    with open_source(f"{work}#main") as tree:
        expected = content_key(tree), tree.commit
    with open_source(f"{server.url}/open/{name}") as tree:
        view = tree.view()
        assert (content_key(tree), tree.commit) == expected
        assert view.paths == (".gitmodules", "app.py", "assets/logo.png", "requirements.txt", "wsgi.py")
        assert view.text("wsgi.py") == view.text("app.py") != ""


def test_the_key_needs_no_file_where_the_server_can_filter(server: GitServer) -> None:
    before = len(server.requests)
    with open_source(f"{server.url}/open/r.git") as tree:
        content_key(tree)
        assert len(server.requests) - before == 4  # refs, their list, folders, targets of links
        tree.read("app.py")
        tree.read("requirements.txt")
        assert len(server.requests) - before == 5


@pytest.mark.parametrize(
    ("ref", "start"),
    [("main", b"from"), ("v1", b"from"), ("refs/tags/v1", b"from"), ("feature/two", b"print"), ("HEAD", b"from")],
)
def test_refs(server: GitServer, ref: str, start: bytes) -> None:
    with open_source(f"{server.url}/open/r.git#{ref}") as tree:
        assert (tree.read("app.py") or b"").startswith(start)


def test_a_commit_that_no_branch_points_to(server: GitServer, work: Path) -> None:
    commit = git(work, "rev-parse", "feature/two")
    with open_source(f"{server.url}/open/r.git#{commit}") as tree:
        assert (tree.commit, tree.read("app.py")) == (commit, b"print(2)\n")


@pytest.mark.parametrize("ref", ["nope", "1" * 40, "abcdef1"])
def test_a_ref_that_is_not_there(server: GitServer, ref: str) -> None:
    failure = failure_of(f"{server.url}/open/r.git#{ref}")
    assert (failure.code, str(failure)) == ("RefNotFound", f"the repository has no branch, tag or commit {ref}")


def test_a_repository_without_a_commit(server: GitServer) -> None:
    failure = failure_of(f"{server.url}/open/empty.git")
    assert (failure.code, str(failure)) == ("RefNotFound", "the repository has no commit yet")


def test_a_repository_that_is_not_there(server: GitServer) -> None:
    url = f"{server.url}/open/none.git"
    failure = failure_of(url)
    assert (failure.code, str(failure)) == ("SourceNotFound", f"there is no repository {url}, or it is private")


def test_a_private_repository(server: GitServer) -> None:
    url = f"{server.url}/private/r.git"
    failure = failure_of(url)
    assert failure.code == "NeedsCredentials"
    assert str(failure) == f"{url} is private, or does not exist: {HOST} asks for credentials"
    assert failure.remedy == (
        f"set GIT_TOKEN (with GIT_TOKEN_HOST={HOST}) in the environment to a token that may read it"
    )


@pytest.mark.parametrize("how", ["environment", "URL"])
def test_a_private_repository_with_a_token(server: GitServer, how: str) -> None:
    with_user = server.url.replace("://", f"://oauth2:{TOKEN}@")
    url, access = (server.url, WITH_TOKEN) if how == "environment" else (with_user, Access())
    with open_source(f"{url}/private/r.git", access) as tree:
        assert tree.read("app.py")


def test_a_token_that_is_refused(server: GitServer) -> None:
    url = f"{server.url}/private/r.git"
    failure = failure_of(url, Access(tokens={HOST: "wrong"}))
    assert (failure.code, str(failure)) == ("NeedsCredentials", f"{HOST} refuses the credentials for {url}")
    assert failure_of(url.replace("://", f"://oauth2:{TOKEN}x@")).code == "NeedsCredentials"


def test_a_token_follows_no_redirect_to_another_host(server: GitServer) -> None:
    server.authorizations.clear()
    with open_source(f"{server.url}/elsewhere/r.git", WITH_TOKEN) as tree:
        assert tree.read("app.py")
    assert server.authorizations[0]
    assert set(server.authorizations[1:]) == {None}


def test_a_redirect_within_the_host_is_followed(server: GitServer) -> None:
    with open_source(f"{server.url}/moved/r.git", WITH_TOKEN) as tree:
        assert tree.read("app.py")


@pytest.mark.parametrize(
    ("way", "code", "message"),
    [
        ("page", "SourceNotFound", "{url} is not a git repository"),
        ("circle", "Unreachable", "127.0.0.1 cannot be reached: it redirects in circles"),
        ("error", "Unreachable", "127.0.0.1 cannot be reached: it answers HTTP 503"),
        ("cut", "Unreachable", "127.0.0.1 cannot be reached: the connection was cut before the end"),
        ("junk", "Unreachable", "127.0.0.1 cannot be reached: the connection was cut, or its answer is not git's"),
    ],
)
def test_servers_that_fail(server: GitServer, way: str, code: str, message: str) -> None:
    url = f"{server.url}/{way}/r.git"
    failure = failure_of(url, WITH_TOKEN)
    assert (failure.code, str(failure)) == (code, message.format(url=url))


def test_a_server_that_never_ends(server: GitServer) -> None:
    failure = failure_of(f"{server.url}/slow/r.git", limits=replace(DEFAULT, seconds=1.0))
    assert (failure.code, str(failure)) == ("TimedOut", "the repository did not arrive within 1 s")


def test_a_server_that_is_not_there(server: GitServer) -> None:
    failure = failure_of("http://127.0.0.1:9/a/b.git")
    assert (failure.code, str(failure)) == ("Unreachable", "127.0.0.1 cannot be reached: it refuses connections")


def test_a_server_of_our_own_network_is_refused_to_the_function(server: GitServer) -> None:
    access = Access(local=False, public_only=True, tokens={HOST: TOKEN})
    before = len(server.requests)
    assert failure_of(f"{server.url}/open/r.git", access).code == "InvalidSource"
    assert len(server.requests) == before


@pytest.fixture(scope="module")
def heavy(server: GitServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a repository with 8 MB that do not compress, half of it under a name that is read."""
    folder = tmp_path_factory.mktemp("heavy")
    git(folder, "init", "-q")
    noise = b"".join(hash_of(number) for number in range(125_000))
    for name in ("data.json", "data.bin"):
        (folder / name).write_bytes(noise + name.encode())
    (folder / "app.py").write_text("x = 1\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "heavy")
    for name in ("heavy.git", "heavy-plain.git"):
        git(server.root, "clone", "-q", "--bare", str(folder), name)
    git(server.root / "heavy.git", "config", "uploadpack.allowFilter", "true")
    return "heavy"


def hash_of(number: int) -> bytes:
    import hashlib

    return hashlib.sha256(number.to_bytes(4, "big")).digest()


def test_a_repository_that_is_too_large(server: GitServer, heavy: str) -> None:
    failure = failure_of(f"{server.url}/open/{heavy}-plain.git", limits=replace(DEFAULT, fetched_bytes=2_000_000))
    assert (failure.code, str(failure)) == ("TooLarge", "the repository sends more than 2 MB")


def test_a_huge_file_is_left_out_where_the_server_can_filter(server: GitServer, heavy: str) -> None:
    limits = replace(DEFAULT, object_bytes=2_000_000)
    with open_source(f"{server.url}/open/{heavy}.git", limits=limits) as tree:
        assert (tree.read("app.py"), tree.read("data.json")) == (b"x = 1\n", None)
    failure = failure_of(f"{server.url}/open/{heavy}-plain.git", limits=limits)
    assert (failure.code, str(failure)) == ("TooLarge", "the repository holds a file of more than 2 MB")


def test_no_git_process_hook_or_submodule_is_used(
    server: GitServer, work: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = tmp_path_factory.mktemp("trace") / "ran"
    for hook in ("post-checkout", "post-merge", "reference-transaction", "pre-auto-gc"):
        path = work / ".git/hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {trace}\n")
        path.chmod(0o755)
    started: list[object] = []
    monkeypatch.setattr("subprocess.Popen.__init__", lambda *words, **_: started.append(words))
    with open_source(f"{work}#v1") as tree:
        assert tree.read("app.py")
    assert (started, trace.exists()) == ([], False)
    assert not any("/lib.git" in request for request in server.requests)
