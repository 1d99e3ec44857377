"""Git trees: read from an object store without a git process, the same as the folder they were made of."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from dulwich.object_store import DiskObjectStore
from dulwich.objects import Blob, Commit, ObjectID, Tag, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

from analyzer.failure import Failure
from analyzer.source.git_tree import git_tree, local_tree
from analyzer.source.limits import Limits
from analyzer.source.opening import open_source
from analyzer.source.pack_file import Damaged, check_pack

FILE, LINK, FOLDER, SUBMODULE = 0o100644, 0o120000, 0o040000, 0o160000
HUGE = "the repository holds a file of more than 32 MB"
WHO = b"A <a@example.com>"
MAIN, TAGGED = Ref(b"refs/heads/main"), Ref(b"refs/tags/v1")


class Store:
    """An object store that a test fills."""

    def __init__(self, store: DiskObjectStore) -> None:
        self.store = store

    def blob(self, data: bytes) -> ObjectID:
        return self._add(Blob.from_string(data))

    def tree(self, *rows: tuple[bytes, int, ObjectID]) -> ObjectID:
        made = Tree()
        for row in rows:
            made.add(*row)
        return self._add(made)

    def commit(self, tree: ObjectID) -> ObjectID:
        made = Commit()
        made.tree, made.message, made.author, made.committer = tree, b"m", WHO, WHO
        made.author_time = made.commit_time = made.author_timezone = made.commit_timezone = 0
        return self._add(made)

    def tag(self, commit: ObjectID, kind: type[Commit | Tag] = Commit) -> ObjectID:
        made = Tag()
        made.name, made.object, made.message, made.tagger = b"v1", (kind, commit), b"m", WHO
        made.tag_time = made.tag_timezone = 0
        return self._add(made)

    def _add(self, made: Blob | Tree | Commit | Tag) -> ObjectID:
        self.store.add_object(made)
        return made.id


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(DiskObjectStore.init(tmp_path / "objects")) as made:
        yield Store(made)


def failure(store: Store, name: ObjectID) -> Failure:
    with pytest.raises(Failure) as caught:
        git_tree(store.store, name)
    return caught.value


def test_files_folders_links_and_submodules(store: Store) -> None:
    web = store.tree((b"package.json", FILE, store.blob(b"{}")), (b"lib", SUBMODULE, ObjectID(b"1" * 40)))
    root = store.tree(
        (b"app.py", FILE | 0o111, store.blob(b"x\n")),
        (b"main.py", LINK, store.blob(b"app.py")),
        (b"out.py", LINK, store.blob(b"../../etc/passwd")),
        (b"web", FOLDER, web),
        (b"node_modules", FOLDER, web),
        (b"logo.png", FILE, store.blob(b"png")),
    )
    tree = git_tree(store.store, store.commit(root))
    view = tree.view()
    assert view.paths == ("app.py", "logo.png", "main.py", "web/package.json")
    assert [view.read(path) for path in view.paths] == [b"x\n", None, b"x\n", b"{}"]
    assert [caution.code for caution in view.cautions] == ["entries_left_out"]
    assert tree.commit == store.commit(root).decode()


def test_ids_are_gits_own(store: Store) -> None:
    blob = store.blob(b"hello\n")
    tree = git_tree(store.store, store.commit(store.tree((b"app.py", FILE, blob))))
    assert tree.blob_id("app.py") == blob.decode() == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_tags_are_followed_to_their_commit(store: Store) -> None:
    commit = store.commit(store.tree((b"app.py", FILE, store.blob(b"x"))))
    assert git_tree(store.store, store.tag(store.tag(commit), Tag)).commit == commit.decode()


@pytest.mark.parametrize("kind", ["blob", "tree", "nothing"])
def test_what_is_no_commit(store: Store, kind: str) -> None:
    blob = store.blob(b"tree " + b"1" * 40)
    name = {"blob": blob, "tree": store.tree((b"a", FILE, blob)), "nothing": ObjectID(b"2" * 40)}[kind]
    assert failure(store, name).code == "RefNotFound"


def test_names_that_no_file_system_has_are_left_out(store: Store) -> None:
    blob = store.blob(b"x")
    rows = [
        (b"app.py", blob),
        (b"..", blob),
        (b".", blob),
        (b"a/../../b.py", blob),
        (b"n\nl.py", blob),
        (b"\xff.py", blob),
    ]
    raw = b"".join(b"100644 %s\0%s" % (name, bytes.fromhex(sha.decode())) for name, sha in rows)
    made = Tree.from_raw_string(2, raw)
    store.store.add_object(made)
    view = git_tree(store.store, store.commit(made.id)).view()
    assert view.paths == ("app.py",)
    assert [c.message[:29] for c in view.cautions] == ["2 files or folders are left o"]


def test_a_folder_that_holds_itself_many_times_ends(store: Store) -> None:
    folder = store.tree((b"a.py", FILE, store.blob(b"x")))
    for _ in range(40):
        folder = store.tree(*((b"%d" % number, FOLDER, folder) for number in range(10)))
    view = git_tree(store.store, store.commit(folder), Limits(entries=2_000)).view()
    assert (view.paths, [caution.code for caution in view.cautions]) == ((), ["empty_tree", "tree_truncated"])


def test_a_folder_that_is_missing_is_told(store: Store) -> None:
    root = store.tree((b"app.py", FILE, store.blob(b"x")), (b"gone", FOLDER, ObjectID(b"3" * 40)))
    view = git_tree(store.store, store.commit(root)).view()
    assert (view.paths, [caution.code for caution in view.cautions]) == (("app.py",), ["folders_unreadable"])


def test_a_file_that_is_too_large_is_not_read(store: Store) -> None:
    root = store.tree((b"app.py", FILE, store.blob(b"x" * 200)), (b"b.py", FILE, store.blob(b"y" * 20)))
    view = git_tree(store.store, store.commit(root), Limits(file_bytes=100)).view()
    assert [view.read(path) for path in view.paths] == [None, b"y" * 20]


def test_missing_files_are_fetched_in_one_go_when_the_first_is_read(store: Store) -> None:
    blobs = {name: Blob.from_string(name) for name in (b"app.py", b"b.py", b"logo.png")}
    root = store.tree(*((name, FILE, blob.id) for name, blob in blobs.items()))
    asked: list[list[bytes]] = []

    def fetch(ids: Iterable[bytes]) -> None:
        asked.append(list(ids))
        for blob in blobs.values():
            store.store.add_object(blob)

    tree = git_tree(store.store, store.commit(root), fetch=fetch)
    view = tree.view()
    assert (len(tree.blob_id("app.py")), asked) == (40, [])
    assert [view.read(path) for path in ("b.py", "app.py", "logo.png")] == [b"b.py", b"app.py", None]
    assert asked == [sorted([blobs[b"app.py"].id, blobs[b"b.py"].id])]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """main and v1 hold "one", feature/x holds "two"; the folder holds "three"."""
    folder = tmp_path / "repository"
    with Repo.init(folder, mkdir=True) as made:
        store = Store(made.object_store)
        one, two = (store.commit(store.tree((b"app.py", FILE, store.blob(word)))) for word in (b"one", b"two"))
        made.refs[MAIN], made.refs[TAGGED] = one, store.tag(one)
        made.refs[Ref(b"refs/heads/feature/x")], made.refs[Ref(b"refs/remotes/origin/theirs")] = two, two
        made.refs.set_symbolic_ref(Ref(b"HEAD"), MAIN)
    (folder / "app.py").write_text("three")
    return folder


@pytest.mark.parametrize(
    ("ref", "content"),
    [
        ("main", b"one"),
        ("HEAD", b"one"),
        ("v1", b"one"),
        ("refs/tags/v1", b"one"),
        ("feature/x", b"two"),
        ("theirs", b"two"),
    ],
)
def test_a_repository_of_this_machine_at_a_ref(repository: Path, ref: str, content: bytes) -> None:
    with open_source(f"{repository}#{ref}") as tree:
        assert tree.view().read("app.py") == content


def test_a_commit_by_its_id_or_the_start_of_it(repository: Path) -> None:
    with local_tree(repository) as tree:
        commit = tree.commit or ""
    for name in (commit, commit[:7]):
        with local_tree(repository, name) as tree:
            assert tree.commit == commit


def test_without_a_ref_a_folder_is_what_is_in_it(repository: Path) -> None:
    with open_source(str(repository)) as tree:
        assert (tree.view().read("app.py"), tree.view().paths, tree.commit) == (b"three", ("app.py",), None)


def test_a_bare_repository_is_read_at_its_head(repository: Path) -> None:
    with open_source(str(repository / ".git")) as tree:
        assert tree.view().read("app.py") == b"one"


@pytest.mark.parametrize("ref", ["nope", "refs/heads/nope", "abcdef1", "f" * 40])
def test_a_ref_that_is_not_there(repository: Path, ref: str) -> None:
    with pytest.raises(Failure) as caught, local_tree(repository, ref):
        pass
    assert (caught.value.code, str(caught.value)) == (
        "RefNotFound",
        f"the repository has no branch, tag or commit {ref}",
    )


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    Repo.init_bare(tmp_path).close()
    with pytest.raises(Failure) as caught, open_source(str(tmp_path)):
        pass
    assert (caught.value.code, str(caught.value)) == ("RefNotFound", "the repository has no commit yet")


def test_a_folder_that_is_no_repository_has_no_ref(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="is not a git repository, so it has no #main") as caught:
        open_source(f"{tmp_path}#main").__enter__()
    assert caught.value.code == "SourceNotFound"


def checked(path: Path, limits: Limits | None = None) -> str:
    with path.open("r+b") as file:
        try:
            check_pack(file, limits or Limits(), lambda: None)
        except Failure as failure:
            return str(failure)
        except Damaged:
            return "damaged"
    return "good"


def entry(kind: int, size: int, data: bytes) -> bytes:
    """An object of a pack."""
    head = bytearray([kind << 4 | size & 15])
    size >>= 4
    while size:
        head[-1] |= 0x80
        head.append(size & 0x7F)
        size >>= 7
    return bytes(head) + data


def packed(*objects: bytes) -> bytes:
    return b"PACK\0\0\0\x02" + len(objects).to_bytes(4, "big") + b"".join(objects)


def blob(data: bytes) -> bytes:
    return entry(3, len(data), zlib.compress(data))


def test_packs_are_measured_before_they_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(packed(blob(b"one"), blob(b"x" * 3_000_000), blob(b"")))
    assert checked(tmp_path / "p") == "good"
    assert checked(tmp_path / "p", Limits(unpacked_bytes=2_000_000)) == "the repository unpacks to more than 2 MB"


@pytest.mark.parametrize(
    ("objects", "verdict"),
    [
        (entry(3, 5, zlib.compress(b"hello")), "good"),
        (entry(3, 5, zlib.compress(b"hello, world")), "damaged"),
        (entry(3, 50, zlib.compress(b"hello")), "damaged"),
        (entry(3, 5, b"no zlib"), "damaged"),
        (entry(3, 5, zlib.compress(b"hello")[:-3]), "damaged"),
        (b"", "damaged"),
        (entry(3, 1 << 33, b""), HUGE),
        (entry(6, 7, b"\x01" + zlib.compress(b"\x05\x06hello")), "good"),
        (entry(7, 7, b"1" * 20 + zlib.compress(b"\x05\x80\x80\x80\x80\x10x")), HUGE),
    ],
)
def test_packs_that_lie(tmp_path: Path, objects: bytes, verdict: str) -> None:
    (tmp_path / "p").write_bytes(b"PACK\0\0\0\x02\0\0\0\x01" + objects)
    assert checked(tmp_path / "p") == verdict


def test_what_is_no_pack(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b"<html>")
    assert checked(tmp_path / "p") == "damaged"
