"""`./poe` on a copy of the project whose path holds spaces: sets up once, then hands over fast and faithfully."""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ORIGIN = Path(__file__).resolve().parents[2]
COPIED = (
    "poe",
    "pyproject.toml",
    "requirements.txt",
    "package.json",
    "package-lock.json",
    ".npmrc",
    "scripts/setup.sh",
)
PROBE = """
import json, os, sys
from scripts import companion
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "process": os.getpid(), "python": sys.executable}))
raise SystemExit(int(os.environ.get("PROBE_EXIT", "0")))
"""
"""Stands in for the verb `outputs`: says how it was started."""
SECONDS = 0.4
"""What the shim may cost once everything is set up."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("shim") / "a project"
    for name in COPIED:
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ORIGIN / name, target)
    for name, text in (("__init__", ""), ("companion", ""), ("outputs", PROBE)):
        (root / "scripts" / f"{name}.py").write_text(text, "utf-8")
    yield root
    shutil.rmtree(root)


def start(command: list[str | Path], cwd: Path | None = None, **environment: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("POE_", "VIRTUAL_ENV"))}
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=inherited | environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def run(command: list[str | Path], cwd: Path | None = None, **environment: str) -> tuple[int, str, str]:
    process = start(command, cwd, **environment)
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def probe(command: list[str | Path], cwd: Path | None = None, **environment: str) -> dict[str, Any]:
    """What the verb says about its start, which must not have needed a set-up."""
    code, out, err = run(command, cwd, **environment)
    assert (code, err) == (0, "")
    answer: dict[str, Any] = json.loads(out)
    return answer


@pytest.fixture
def ready(project: Path) -> Path:
    """The project, set up; a test that broke the set-up does not spoil the next one."""
    code, _, err = run([project / "poe", "--version"])
    assert code == 0, err
    return project


def test_first_run_sets_up_and_says_each_step(project: Path) -> None:
    shutil.rmtree(project / ".venv", ignore_errors=True)
    code, out, err = run([project / "poe"])
    assert code == 0, err
    assert "Bring services live by the shortest safe path." in out
    lines = err.splitlines()
    assert all(line.startswith("slipway: ") for line in lines)
    assert lines[-1].startswith("slipway: set up in ")


def test_set_up_holds_what_the_lock_files_name(ready: Path) -> None:
    assert run([ready / "node_modules/.bin/cdk", "--version"], PATH=f"{ready}/.venv/bin:/usr/bin:/bin")[1].startswith(
        "2."
    )
    assert (ready / ".venv/.slipway").read_text("utf-8") == f"{ready}\n"
    assert not (ready / ".slipway/setup.log").exists()


def test_hands_over_quietly_with_arguments_as_they_are(ready: Path) -> None:
    arguments = ["--help", "-v", "a b", "", "$HOME", "*", "; true", '"', "--", "ü"]
    answer = probe([ready / "poe", "outputs", *arguments])
    assert answer["arguments"] == arguments
    assert answer["folder"] == str(ready)
    assert answer["python"] == f"{ready}/.venv/bin/python"


@pytest.mark.parametrize("code", [0, 2, 5, 75, 130])
def test_exit_code_passes_through(ready: Path, code: int) -> None:
    assert run([ready / "poe", "outputs"], PROBE_EXIT=str(code))[0] == code


def test_verb_runs_in_the_process_that_was_started(ready: Path) -> None:
    """So a signal sent to what a terminal or a CI runner started reaches the verb."""
    process = start([ready / "poe", "outputs"])
    assert json.loads(process.communicate(timeout=60)[0])["process"] == process.pid


def test_works_from_any_folder_and_through_links(ready: Path, tmp_path: Path) -> None:
    (tmp_path / "direct").symlink_to(ready / "poe")
    (tmp_path / "again").symlink_to("direct")
    starts: list[tuple[list[str | Path], Path]] = [
        ([ready / "poe", "outputs"], Path("/")),
        (["./poe", "outputs"], ready),
        (["../poe", "outputs"], ready / "scripts"),
        (["sh", "poe", "outputs"], ready),
        (["./again", "outputs"], tmp_path),
        ([tmp_path / "direct", "outputs"], tmp_path),
    ]
    for command, folder in starts:
        assert probe(command, folder)["folder"] == str(ready)
    on_path = f"{tmp_path}:{os.environ['PATH']}"
    assert probe(["direct", "outputs"], Path("/"), PATH=on_path)["folder"] == str(ready)


def test_foreign_settings_of_python_do_not_matter(ready: Path, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')", "utf-8")
    (tmp_path / "asyncio.py").write_text("raise SystemExit('shadowed')", "utf-8")
    shutil.rmtree(ready / "scripts/__pycache__", ignore_errors=True)
    probe(
        [ready / "poe", "outputs"], tmp_path, PYTHONPATH=str(tmp_path), PYTHONSAFEPATH="1", PYTHONDONTWRITEBYTECODE="1",
        PYTHONHOME="/nowhere",
    )  # fmt: skip
    assert list((ready / "scripts/__pycache__").glob("companion.*.pyc")), "bytecode is kept for the next start"


@pytest.mark.parametrize("home", ["", "/nowhere"])
def test_works_without_a_home(ready: Path, home: str) -> None:
    (ready / ".venv/.slipway").unlink()
    cache = subprocess.run(["uv", "cache", "dir"], check=True, capture_output=True, text=True).stdout.strip()
    code, out, err = run([ready / "poe", "outputs"], HOME=home, UV_CACHE_DIR=cache)
    assert (code, json.loads(out)["arguments"]) == (0, []), err
    assert (ready / ".slipway/cache/npm").is_dir()
    assert not Path("/nowhere").exists()


def test_costs_little_once_set_up(ready: Path) -> None:
    probe([ready / "poe", "outputs"])
    seconds = []
    for _ in range(7):
        started = time.monotonic()
        probe([ready / "poe", "outputs"])
        seconds.append(time.monotonic() - started)
    assert statistics.median(seconds) < SECONDS


@pytest.mark.parametrize("changed", ["requirements.txt", "package-lock.json"])
def test_a_newer_lock_file_sets_up_again(ready: Path, changed: str) -> None:
    later = (ready / ".venv/.slipway").stat().st_mtime + 2
    os.utime(ready / changed, (later, later))
    err = run([ready / "poe", "outputs"])[2]
    shutil.copy(ORIGIN / changed, ready / changed)
    assert "slipway: set up in " in err


@pytest.mark.parametrize("lost", [".venv", "node_modules", ".slipway"])
def test_what_was_deleted_comes_back(ready: Path, lost: str) -> None:
    shutil.rmtree(ready / lost)
    assert run([ready / "poe", "outputs"])[0] == 0
    probe([ready / "poe", "outputs"])


def test_a_moved_project_is_set_up_for_its_new_place(ready: Path) -> None:
    moved = ready.with_name("moved")
    ready.rename(moved)
    try:
        assert "slipway: set up in " in run([moved / "poe", "outputs"])[2]
        assert probe([moved / "poe", "outputs"])["python"] == f"{moved}/.venv/bin/python"
    finally:
        moved.rename(ready)


def test_two_at_once_set_up_once(ready: Path) -> None:
    (ready / ".venv/.slipway").unlink()
    both = [start([ready / "poe", "outputs"]) for _ in range(2)]
    ended = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], ended
    assert "".join(err for _, err in ended).count("slipway: set up in ") == 1


@pytest.mark.parametrize("step", ["Python packages", "CDK command line"])
def test_a_killed_set_up_is_taken_up_again(ready: Path, step: str) -> None:
    (ready / ".venv/.slipway").unlink()
    process = start([ready / "poe", "outputs"])
    assert process.stderr is not None
    assert any(step in line for line in process.stderr)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert not (ready / ".venv/.slipway").exists()
    assert run([ready / "poe", "outputs"])[0] == 0
    probe([ready / "poe", "outputs"])


def test_an_unreachable_mirror_is_a_transient_error(ready: Path, tmp_path: Path) -> None:
    (ready / ".venv/.slipway").unlink()
    nowhere = "http://127.0.0.1:9"
    code, _, err = run(
        [ready / "poe", "outputs"], UV_CACHE_DIR=str(tmp_path), UV_DEFAULT_INDEX=nowhere, UV_HTTP_RETRIES="0"
    )
    assert code == 75
    assert "slipway: set-up failed: cannot install the Python packages" in err
    assert "run the same command again" in err
