"""The negative corpus at full size, in a process of its own: the exact message, within 2 s, within 200 MB.

Time is the processor's for the library call (open, key, analyze) in an interpreter whose imports are done, so that
tests that run beside this one do not count; memory is the whole process's.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.analyzer import corpus
from tests.unit.analyzer.corpus import FLASK, MALFORMED, TREES

ROOT = Path(__file__).parents[3]
SECONDS, MEGABYTES = 2.0, 200
RUN = """
import json, sys, time
from analyzer import document
from analyzer.analyze import analyze
from analyzer.failure import Failure
from analyzer.key import content_key
from analyzer.source.memory import memory_tree
from analyzer.source.opening import open_source

def find(source):
    try:
        with open_source(source) as tree:
            return document.document(analyze(tree.view(), content_key(tree)))
    except Failure as failure:
        return {"failure": [failure.code, failure.message]}


analyze(memory_tree({"app.py": "import flask", "package.json": "{}"}).view())  # imports
started = time.process_time()
found = find(sys.argv[1])
found["seconds"] = time.process_time() - started
with open("/proc/self/status") as status:  # ru_maxrss would count what the process was forked from
    found["megabytes"] = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024
print(json.dumps(found))
"""

Found = dict[str, Any]


def found_in(source: Path) -> Found:
    """The analysis as a document, or the failure; time and memory are asserted."""
    words = [sys.executable, "-c", RUN, str(source)]
    environment = {"PYTHONPATH": str(ROOT / "lambda/analyzer"), "PATH": ""}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    found: Found = json.loads(done.stdout)
    assert found["seconds"] < SECONDS
    assert found["megabytes"] < MEGABYTES
    return found


def told(found: Found) -> dict[str, str]:
    rows = [*found["warnings"], *(row for service in found["services"] for row in service["warnings"])]
    return {row["code"]: row["message"] for row in rows}


def start_of(found: Found) -> str | None:
    value = found["services"][0]["fields"]["start"]["value"]
    return value and str(value["target"])


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus.many(tmp_path_factory.mktemp("crowd"), 200_000)


def test_200_000_files(crowd: Path) -> None:
    found = found_in(crowd)
    assert found["files"] == 100_000
    assert told(found)["tree_truncated"] == (
        "the tree has more files than are looked at: the rest, deepest folders first, is as if it were not there"
    )
    assert start_of(found) == "app:app"


def test_200_000_files_in_one_folder(tmp_path: Path) -> None:
    found = found_in(corpus.many(tmp_path, 200_000, 200_000))
    assert (found["files"], start_of(found)) == (10_002, "app:app")
    assert told(found)["folder_truncated"] == (
        "a folder has more files than are looked at: those behind the first by name are as if they were not there"
    )


def test_files_of_2_gb(tmp_path: Path) -> None:
    assert start_of(found_in(corpus.huge(tmp_path, 2_000_000_000))) == "app:app"


def test_deep_nesting(tmp_path: Path) -> None:
    assert told(found_in(corpus.deep(tmp_path, 250))) == {
        "tree_too_deep": "folders nested more deeply than is looked at are left out"
    }


def test_symlink_loops(tmp_path: Path) -> None:
    assert start_of(found_in(corpus.loops(tmp_path))) == "app:app"


def test_names_with_line_feeds(tmp_path: Path) -> None:
    assert told(found_in(corpus.line_feeds(tmp_path)))["names_left_out"] == (
        "2 files or folders are left out: the name is not UTF-8, or has line feeds or other control characters"
    )


def zip_bomb(path: Path) -> None:
    """400 MB of zeros."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(4):
            archive.writestr(f"app{number}.py", bytes(100_000_000))


def tar_bomb(path: Path) -> None:
    info = tarfile.TarInfo("app.py")
    info.size = 1_000_000_000
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        archive.addfile(info, _Zeros(info.size))


class _Zeros(io.RawIOBase):
    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        count = min(self.left, size)
        self.left -= count
        return bytes(count)


@pytest.mark.parametrize("make", [zip_bomb, tar_bomb])
def test_bombs(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "archive")
    assert found_in(tmp_path / "archive")["failure"] == [
        "TooLarge",
        "the archive unpacks to more than 200 times its size",
    ]


def test_a_zip_of_very_many_entries(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(150_000):
            archive.writestr(zipfile.ZipInfo(f"data/{number:06}.txt"), b"")
    found = found_in(tmp_path / "a.zip")
    assert (found["files"], "folder_truncated" in told(found)) == (10_000, True)


def test_a_tar_with_paths_out_of_it(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        for name, text in {"app.py": FLASK, "requirements.txt": "flask\n", "../../etc/cron.d/x": "* * * * *"}.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    found = found_in(tmp_path / "a.tar.gz")
    assert told(found)["entries_left_out"] == "1 file or folder is left out: the path or link leads out of the tree"
    assert start_of(found) == "app:app"


def test_every_tree_of_the_corpus(tmp_path: Path) -> None:
    """One after the other in one process would hide what one of them takes; the largest are above."""
    trees = {**TREES, **{name: row[1] for name, row in MALFORMED.items()}}
    files = {f"{name}/{path}": data for name, tree in trees.items() for path, data in tree.items()}
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data.encode() if isinstance(data, str) else data)
    for name in ("binary junk", "library", "notebooks", "UTF-16", "package.json"):
        assert "services" in found_in(tmp_path / name)
    assert found_in(tmp_path / ".slipway.toml")["failure"][0] == "InvalidSettings"
