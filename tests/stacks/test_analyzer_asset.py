"""What the analyzer function is made of: our sources and pure Python packages, enough to run without anything else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import typing_extensions

from settings import SettingsError
from settings.assets import ANALYZER, digest, pinned
from stacks.analyzer_asset import compose
from tests.stacks.conftest import ROOT, Synthesis

EVENTS = (
    {"action": "version"},
    {
        "action": "analyze",
        "source": {
            "files": {
                "package.json": '{"engines": {"node": "^20.1.0"}, "scripts": {"start": "node server.js"}}',
                "server.js": "require('http').createServer().listen(3000)\n",
                "compose.yaml": "services:\n  db:\n    image: postgres:16\n",
            }
        },
    },
    {"action": "analyze", "source": {"files": {"pom.xml": "<project><artifactId>a</artifactId></project>"}}},
    {"action": "analyze", "source": {"files": {"pyproject.toml": "[project]\nrequires-python = '>=3.11'\n"}}},
    {"action": "analyze", "source": {"repository": "https://127.0.0.1/owner/repository"}},
)
RUN = """
import json, sys
from types import SimpleNamespace
sys.path[:0] = sys.argv[1:]
from handler import handler
context = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 28000)
print(json.dumps([handler(event, context) for event in json.load(sys.stdin)]))
"""


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The asset's folder."""
    folder = tmp_path_factory.mktemp("asset")
    compose(ROOT, folder)
    return folder


def test_the_asset_is_what_synthesis_packs(composed: Path, public: Synthesis) -> None:
    (entry,) = (row for row in public.assets("analysis")["files"].values() if "asset." in row["source"]["path"])
    packed = public.outdir / entry["source"]["path"]
    assert names(packed) == names(composed)
    assert entry["source"]["packaging"] == "zip"


def test_it_holds_sources_and_licences_only(composed: Path) -> None:
    found = names(composed)
    assert {
        "handler.py",
        "analyzer/document.py",
        "serving/request.py",
        "yaml/loader.py",
        "urllib3/poolmanager.py",
    } <= found
    assert [name for name in found if name.endswith((".so", ".pyc", ".pyi", ".rs"))] == []
    assert [name for name in found if "tests" in name.split("/")] == []
    licences = {name.partition("-")[0] for name in found if "LICENSE" in name or "COPYING" in name}
    assert licences == {name.replace("-", "_") for name in ANALYZER.packages}


def test_it_runs_on_its_own(composed: Path, tmp_path: Path) -> None:
    """Without site-packages. Python 3.12, which Lambda runs, has what dulwich takes from typing_extensions before."""
    shutil.copy(str(typing_extensions.__file__), tmp_path)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", RUN, str(composed), str(tmp_path)],
        input=json.dumps(EVENTS),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PATH": os.environ["PATH"]},
    )
    version, *analyses, repository = json.loads(done.stdout.splitlines()[-1])
    assert version["ok"] is True
    assert [result.get("cache") for result in analyses] == ["none"] * 3, analyses
    assert repository["error"]["code"] in ("InvalidSource", "Unreachable")


def test_the_digest_is_of_contents_and_pins(tmp_path: Path) -> None:
    folder = tmp_path / ANALYZER.folder
    folder.mkdir(parents=True)
    (folder / "handler.py").write_text("x = 1\n")
    lock = tmp_path / "requirements.txt"
    lock.write_text("dulwich==1.0 \\\n    --hash=sha256:0\nboto3==1.0\nurllib3==2.0 ; python_version > '3'\n")
    first = digest(tmp_path, ANALYZER)
    assert pinned(tmp_path, ANALYZER) == {"dulwich": "1.0", "urllib3": "2.0"}
    os.utime(folder / "handler.py", (0, 0))
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "handler.pyc").write_text("")
    lock.write_text(lock.read_text().replace("boto3==1.0", "boto3==2.0"))
    assert digest(tmp_path, ANALYZER) == first
    lock.write_text(lock.read_text().replace("dulwich==1.0", "dulwich==1.1"))
    second = digest(tmp_path, ANALYZER)
    (folder / "handler.py").write_text("x = 2\n")
    assert len({first, second, digest(tmp_path, ANALYZER)}) == 3


def test_an_environment_that_is_not_as_pinned_is_refused(tmp_path: Path) -> None:
    (tmp_path / ANALYZER.folder).mkdir(parents=True)
    (tmp_path / "requirements.txt").write_text("defusedxml==0.0.1\n")
    with pytest.raises(SettingsError, match=r"of defusedxml, the lock file 0\.0\.1") as caught:
        compose(tmp_path, tmp_path / "asset")
    assert "./poe" in caught.value.remedy


def test_every_package_is_pinned() -> None:
    assert set(pinned(ROOT, ANALYZER)) == set(ANALYZER.packages)
    assert pinned(ROOT, replace(ANALYZER, packages=())) == {}


def names(folder: Path) -> set[str]:
    """Relative names of all files of a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
