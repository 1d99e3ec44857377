"""The content tag: what changes it, and what must not."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.engine import content
from scripts.engine.content import Context, read_context
from settings import Service
from tests.unit.engine.trees import FILES, plant

PLATFORM = "linux/amd64"
SERVICE = Service("hello", "app")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    plant(tmp_path / "app")
    (tmp_path / "app" / "link").symlink_to("main.py")
    return tmp_path


def read(root: Path, service: Service = SERVICE, platform: str = PLATFORM) -> Context:
    return read_context(root, service, platform)


def tag(root: Path, service: Service = SERVICE, platform: str = PLATFORM) -> str:
    return read(root, service, platform).tag({"a": "sha256:1"})


Change = Callable[[Path], object]


def touch(app: Path) -> None:
    os.utime(app / "main.py", (1, 1))


def relink(app: Path) -> None:
    (app / "link").unlink()
    (app / "link").symlink_to("lib")


def replace_by_link(app: Path) -> None:
    (app / "run.sh").unlink()
    (app / "run.sh").symlink_to("main.py")


def rewrite(app: Path) -> None:
    """The same files, made in another order."""
    shutil.rmtree(app)
    plant(app, dict(reversed(FILES.items())))
    (app / "link").symlink_to("main.py")


WITHOUT_MEANING: dict[str, Change] = {
    "times": touch,
    "group may write": lambda app: (app / "main.py").chmod(0o664),
    "others may not read": lambda app: (app / "main.py").chmod(0o600),
    "others may execute": lambda app: (app / "main.py").chmod(0o655),
    "mode of a folder": lambda app: (app / "lib").chmod(0o700),
    "order of making": rewrite,
    "an empty folder": lambda app: (app / "empty").mkdir(),
    "a pipe": lambda app: os.mkfifo(app / "pipe"),
}

WITH_MEANING: dict[str, Change] = {
    "a byte": lambda app: (app / "main.py").write_text("print( )\n"),
    "a name": lambda app: (app / "main.py").rename(app / "Main.py"),
    "a place": lambda app: (app / "lib" / "x.py").rename(app / "x.py"),
    "an empty file": lambda app: (app / "lib" / "__init__.py").touch(),
    "a file less": lambda app: (app / "run.sh").unlink(),
    "may be executed": lambda app: (app / "run.sh").chmod(0o755),
    "text of a link": relink,
    "link for a file": replace_by_link,
    "Dockerfile": lambda app: (app / "Dockerfile").write_text("FROM a\nUSER 1\n"),
    "remark in the Dockerfile": lambda app: (app / "Dockerfile").write_text("# why\nFROM a\n"),
    "two files for one": lambda app: plant(app, {"main.py": "pri", "next.py": "nt()\n"}),
}


@pytest.mark.parametrize("case", WITHOUT_MEANING)
def test_the_tag_stays(root: Path, case: str) -> None:
    before = tag(root)
    WITHOUT_MEANING[case](root / "app")
    assert tag(root) == before


@pytest.mark.parametrize("case", WITH_MEANING)
def test_the_tag_changes(root: Path, case: str) -> None:
    before = tag(root)
    WITH_MEANING[case](root / "app")
    assert tag(root) != before


def test_the_folders_own_name_and_the_services_do_not_count(root: Path) -> None:
    before = tag(root)
    (root / "app").rename(root / "elsewhere")
    assert tag(root, Service("other", "elsewhere")) == before


def test_git_that_is_ignored_does_not_count(root: Path) -> None:
    plant(root / "app", {".dockerignore": ".git\n"})
    before = tag(root)
    plant(root / "app", {".git/HEAD": "ref: x", ".git/objects/ab": "y"})
    assert tag(root) == before


def test_what_else_an_image_is_built_from_counts(root: Path) -> None:
    tags = {
        tag(root),
        tag(root, platform="linux/arm64"),
        tag(root, replace(SERVICE, build_args=(("A", "1"),))),
        tag(root, replace(SERVICE, build_args=(("A", "2"),))),
        read(root).tag({"a": "sha256:2"}),
    }
    assert len(tags) == 5


def test_another_dockerfile_counts_by_its_text(root: Path) -> None:
    before = tag(root)
    plant(root / "app", {"docker/prod": "FROM a\nUSER 1\n"})
    both = {tag(root, replace(SERVICE, dockerfile=name)) for name in ("Dockerfile", "docker/prod")}
    assert len(both | {before}) == 3


def test_a_tag_is_short_and_fits_a_registry(root: Path) -> None:
    found = tag(root)
    assert found.startswith("src-")
    assert len(found) == 16
    assert int(found[4:], 16) >= 0


def test_the_context_knows_its_size_and_its_bases(root: Path) -> None:
    plant(root / "app", {"Dockerfile": "FROM b\nCOPY --from=a /x /x\n"})
    seen = read(root)
    assert (seen.files, seen.bases) == (5, ("a", "b"))
    assert seen.size == sum(len((root / "app" / name).read_bytes()) for name in FILES)
    assert dict(seen.rows)["link"] == "120000 main.py"
    assert dict(seen.rows)["lib/x.py"].startswith("100644 ")


def test_ignored_files_neither_count_nor_are_read(root: Path) -> None:
    plant(root / "app", {".dockerignore": "secret\n*.log\n!keep.log\n"})
    before = tag(root)
    plant(root / "app", {"secret/key": "1", "x.log": "1"})
    assert tag(root) == before
    plant(root / "app", {"keep.log": "1"})
    assert tag(root) != before


def test_the_dockerfiles_own_ignore_file_wins(root: Path) -> None:
    plant(root / "app", {".dockerignore": "main.py\n", "Dockerfile.dockerignore": "lib\n"})
    assert {path for path, _ in read(root).rows} >= {"main.py", "run.sh", "link"}
    assert "lib/x.py" not in dict(read(root).rows)


def test_a_byte_order_mark_and_old_line_ends_in_the_ignore_file(root: Path) -> None:
    (root / "app" / ".dockerignore").write_bytes("\ufeffmain.py\r\nrun.sh\r\n".encode())
    assert {path for path, _ in read(root).rows} == {".dockerignore", "Dockerfile", "lib/x.py", "link"}


def test_links_are_never_followed(root: Path) -> None:
    (root / "app" / "loop").symlink_to("loop")
    (root / "app" / "lib" / "here").symlink_to(".")
    (root / "app" / "away").symlink_to("/etc")
    rows = dict(read(root).rows)
    assert (rows["loop"], rows["lib/here"], rows["away"]) == ("120000 loop", "120000 .", "120000 /etc")


def test_sockets_and_pipes_are_left_out(root: Path) -> None:
    os.mknod(root / "app" / "socket", stat.S_IFSOCK | 0o600)
    os.mkfifo(root / "app" / "pipe")
    assert not {"socket", "pipe"} & dict(read(root).rows).keys()


def test_odd_names_count_like_others(root: Path) -> None:
    names = [b"line\nbreak", "größe".encode(), "名".encode(), b"\xff\xfe", b'quo"te', b" space ", b"*"]
    tags = [tag(root)]
    for name in names:
        Path(os.fsdecode(bytes(root / "app") + b"/" + name)).write_text("x")
        tags.append(tag(root))
    assert len(set(tags)) == len(names) + 1


def test_a_large_file_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "LARGE_FILE", 200_000_000)
    monkeypatch.setattr(content, "_file_digest", lambda path: "digest")
    for name, size in (("big.bin", 1_300_000_000), ("odd\nname", 200_000_000), ("small.bin", 199_999_999)):
        with (root / "app" / name).open("wb") as file:
            file.truncate(size)
    says = "in the build context; if the image does not need it, add it to .dockerignore"
    assert sorted(read(root).warnings) == [f"'app/odd\\nname' is 0.2 GB {says}", f"app/big.bin is 1.3 GB {says}"]


def test_a_large_file_that_is_ignored_is_no_matter(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "LARGE_FILE", 1000)
    plant(root / "app", {".dockerignore": "data\n", "data/x": "x" * 2000})
    assert read(root).warnings == ()
