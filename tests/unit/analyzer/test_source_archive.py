"""Archives as trees: no entry leaves the tree, no bomb goes off."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping

import pytest

from analyzer.failure import Failure
from analyzer.source.archive import archive_tree
from analyzer.source.limits import Limits
from analyzer.source.view import SourceView

FILES = {"app.py": b"import flask\n", "web/package.json": b"{}", "logo.png": b"\x89PNG"}
Packer = Callable[[bytes], bytes]


def tar(*members: tuple[str, bytes | None, str], links: Mapping[str, str] | None = None) -> bytes:
    """A tar of (name, content, type)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data, kind in members:
            info = tarfile.TarInfo(name)
            info.type = kind.encode()
            info.linkname = (links or {}).get(name, "")
            info.size = len(data or b"")
            archive.addfile(info, io.BytesIO(data or b""))
    return buffer.getvalue()


def plain_tar(files: Mapping[str, bytes]) -> bytes:
    return tar(*((name, data, "0") for name, data in files.items()))


def zipped(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        for name, target in (links or {}).items():
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, 0o120777 << 16
            archive.writestr(info, target)
    return buffer.getvalue()


def view_of(data: bytes, limits: Limits | None = None) -> SourceView:
    with archive_tree(io.BytesIO(data), limits or Limits()) as tree:
        view = tree.view()
        for path in view.paths:
            view.read(path)
        return view


def failure_of(data: bytes, limits: Limits | None = None) -> Failure:
    with pytest.raises(Failure) as caught:
        view_of(data, limits)
    return caught.value


PACKERS: dict[str, Packer] = {"tar": bytes, "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("packer", PACKERS)
def test_tar(packer: str) -> None:
    view = view_of(PACKERS[packer](plain_tar(FILES)))
    assert view.paths == ("app.py", "logo.png", "web/package.json")
    assert [view.read(path) for path in view.paths] == [b"import flask\n", None, b"{}"]


def test_zip() -> None:
    view = view_of(zipped(FILES))
    assert view.paths == ("app.py", "logo.png", "web/package.json")
    assert [view.read(path) for path in view.paths] == [b"import flask\n", None, b"{}"]


@pytest.mark.parametrize("pack", [plain_tar, zipped])
def test_a_folder_that_holds_everything_is_taken_off(pack: Callable[[Mapping[str, bytes]], bytes]) -> None:
    view = view_of(pack({f"repo-1a2b3c/{name}": data for name, data in FILES.items()}))
    assert view.paths == ("app.py", "logo.png", "web/package.json")
    assert view.text("app.py") == "import flask\n"


def test_folders_that_are_never_source_are_left_out() -> None:
    names = ("r/app.py", "r/node_modules/x/index.js", "r/env/pyvenv.cfg", "r/env/lib/x.py", "r/.git/config")
    assert view_of(plain_tar(dict.fromkeys(names, b""))).paths == ("app.py",)


@pytest.mark.parametrize("name", ["../evil.py", "a/../../evil.py", "/etc/evil.py", "C:\\evil.py", "..\\evil.py"])
@pytest.mark.parametrize("pack", [plain_tar, zipped])
def test_no_entry_leaves_the_tree(pack: Callable[[Mapping[str, bytes]], bytes], name: str) -> None:
    view = view_of(pack({"app.py": b"x", name: b"y"}))
    assert view.paths == ("app.py",)
    assert [(c.code, c.message) for c in view.cautions] == [
        ("entries_left_out", "1 file or folder is left out: the path or link leads out of the tree")
    ]


@pytest.mark.parametrize("target", ["../../etc/passwd", "/etc/passwd"])
def test_no_link_leaves_the_tree(target: str) -> None:
    links = {"r/evil.py": target, "r/good.py": "app.py", "r/up.py": "../r/app.py"}
    tarred = tar(("r/app.py", b"x", "0"), *((name, None, "2") for name in links), links=links)
    for data in (tarred, zipped({"r/app.py": b"x"}, links)):
        view = view_of(data)
        assert (view.paths, view.text("good.py")) == (("app.py", "good.py"), "x")
        assert [caution.code for caution in view.cautions] == ["entries_left_out"]


def test_hard_links_are_the_file_that_they_name() -> None:
    links = {"b.py": "a.py", "c.py": "nothing.py", "d.py": "../a.py"}
    view = view_of(tar(("a.py", b"x", "0"), *((name, None, "1") for name in links), links=links))
    assert (view.paths, view.text("b.py")) == (("a.py", "b.py"), "x")


def test_devices_and_pipes_are_left_out() -> None:
    assert view_of(tar(("app.py", b"x", "0"), ("pipe", None, "6"), ("disk", None, "4"))).paths == ("app.py",)


def test_the_later_of_two_entries_counts() -> None:
    assert view_of(tar(("app.py", b"old", "0"), ("app.py", b"new", "0"))).text("app.py") == "new"


def test_a_bomb_of_zeros_is_refused_soon() -> None:
    zeros = plain_tar({"app.py": bytes(40_000_000)})
    failure = failure_of(gzip.compress(zeros))
    assert (failure.code, str(failure)) == ("TooLarge", "the archive unpacks to more than 200 times its size")
    assert failure.remedy


@pytest.mark.parametrize("packer", PACKERS)
def test_an_archive_that_unpacks_to_too_much(packer: str) -> None:
    failure = failure_of(PACKERS[packer](plain_tar({"a.bin": bytes(3_000_000)})), Limits(unpacked_bytes=2_000_000))
    assert (failure.code, str(failure)) == ("TooLarge", "the archive unpacks to more than 2 MB")


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    failure = failure_of(zipped({"a.bin": bytes(40_000_000)}))
    assert (failure.code, str(failure)) == ("TooLarge", "the archive unpacks to more than 200 times its size")


def test_a_zip_entry_that_unpacks_to_more_than_it_says() -> None:
    data = bytearray(zipped({"app.py": bytes(5_000_000)}))
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(signature) + place, 100)
    assert failure_of(bytes(data)).code == "InvalidSource"


@pytest.mark.parametrize("pack", [plain_tar, zipped])
def test_more_entries_than_the_limit(pack: Callable[[Mapping[str, bytes]], bytes]) -> None:
    failure = failure_of(pack({f"{number}.py": b"" for number in range(20)}), Limits(entries=10))
    assert (failure.code, str(failure)) == ("TooLarge", "the archive has more than 10 entries")


def test_a_zip_that_claims_a_huge_directory() -> None:
    data = bytearray(zipped(FILES))
    struct.pack_into("<I", data, data.rindex(b"PK\x05\x06") + 12, 0x7FFFFFFF)
    assert failure_of(bytes(data)).code == "TooLarge"


def test_a_tar_with_a_huge_extended_header() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 50_000_000
    failure = failure_of(info.tobuf(tarfile.USTAR_FORMAT) + b"\0" * 1024)
    assert (failure.code, str(failure)) == ("TooLarge", "the archive has a header of more than a path")


def test_a_packed_file_beyond_the_limit() -> None:
    failure = failure_of(plain_tar({"a.bin": bytes(2_000_000)}), Limits(fetched_bytes=1_000_000))
    assert (failure.code, str(failure)) == ("TooLarge", "the archive has more than 1 MB")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello, I am no archive\n" * 40,
        bytes(range(256)) * 8,
        gzip.compress(plain_tar(FILES), mtime=0)[:60],
        gzip.compress(b"no tar", mtime=0),
        b"\x1f\x8bxxxxxxxx",
        b"BZh9xxxxxxxxx",
        b"\xfd7zXZ\0xxxxxxxxx",
        b"PK\x03\x04xxxxxxxx",
        zipped(FILES)[:-30],
        lzma.compress(plain_tar({"app.py": bytes(range(256)) * 999}))[:200],
    ],
)
def test_what_is_no_archive(data: bytes) -> None:
    failure = failure_of(data)
    assert failure.code == "InvalidSource"
    assert str(failure) == "the file is no archive that can be read, or it is damaged"


def test_an_entry_without_a_name_is_left_out() -> None:
    data = bytearray(zipped({"x": b""}))
    for signature, place in ((b"PK\x03\x04", 30), (b"PK\x01\x02", 46)):
        data[data.index(signature) + place] = 0
    assert view_of(bytes(data)).paths == ()


def test_an_empty_archive_is_an_empty_tree() -> None:
    assert view_of(plain_tar({})).paths == ()
    assert view_of(zipped({})).paths == ()


def test_an_encrypted_entry_is_listed_and_not_read() -> None:
    data = bytearray(zipped({"app.py": b"x"}))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + place] |= 1
    with archive_tree(io.BytesIO(data)) as tree:
        assert (tree.view().paths, tree.view().read("app.py")) == (("app.py",), None)


def test_a_large_file_is_listed_and_identified() -> None:
    def made(data: bytes) -> str:
        with archive_tree(io.BytesIO(data), Limits(file_bytes=10)) as tree:
            assert tree.view().read("yarn.lock") is None
            return tree.blob_id("yarn.lock")

    ids = {made(pack({"yarn.lock": b"x" * 11})) for pack in (plain_tar, zipped)}
    assert ids == {"7905de51f53fe3a580216263359a9b7b13150387"}  # git hash-object
