"""The copy's settings, source and environment."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scripts.bench import workspace
from scripts.engine.errors import BadInput
from settings import load

DATA: dict[str, Any] = {
    "name": "shop",
    "default_target": "staging",
    "targets": {
        "staging": {"account": "111111111111", "region": "eu-central-1"},
        "here": {"embedded": True, "account": "000000000000", "region": "us-east-1"},
    },
    "services": {
        "gateway": {"source": "envoy", "path": "/"},
        "hello": {"source": "examples/hello", "port": 8000, "path": "/hello", "environment": {"A": 'quote " me'}},
    },
}


def written(root: Path, data: dict[str, Any]) -> dict[str, Any]:
    workspace.write_settings(root, data)
    return tomllib.loads((root / "slipway.toml").read_text("utf-8"))


def test_settings_come_back_as_they_were_written(tmp_path: Path) -> None:
    assert written(tmp_path, DATA) == DATA


def test_only_the_embedded_target_stays() -> None:
    found = workspace.embedded_only(DATA)
    assert found["default_target"] == "here"
    assert list(found["targets"]) == ["here"]
    assert list(DATA["targets"]) == ["staging", "here"]


@pytest.mark.parametrize("missing", ["here", "hello"])
def test_a_project_without_what_the_bench_needs_is_refused(missing: str) -> None:
    data: dict[str, Any] = {
        table: {name: row for name, row in DATA[table].items() if name != missing} for table in ("targets", "services")
    }
    with pytest.raises(BadInput):
        workspace.embedded_only(data)


def test_a_setting_is_added_to_what_is_there() -> None:
    found = workspace.with_setting(DATA, "3")
    assert found["services"]["hello"]["environment"] == {"A": 'quote " me', "BENCH": "3"}
    assert found["services"]["gateway"] == DATA["services"]["gateway"]


def test_services_are_added_up_to_a_number_and_stay(tmp_path: Path) -> None:
    ten = workspace.with_services(workspace.embedded_only(DATA), 10)
    hundred = workspace.with_services(ten, 100)
    assert (len(ten["services"]), len(hundred["services"])) == (10, 100)
    assert list(hundred["services"])[:10] == list(ten["services"])
    workspace.write_settings(tmp_path, hundred)
    assert len(load(tmp_path, environ={}).services) == 100


def test_one_line_of_the_source_changes(tmp_path: Path) -> None:
    source = tmp_path / "examples" / "hello"
    source.mkdir(parents=True)
    (source / "app.py").write_text('import os\nMESSAGE = "Hello"\nprint(MESSAGE)\n', "utf-8")
    workspace.write_settings(tmp_path, DATA)
    workspace.edit_source(tmp_path, "bench 1")
    assert (source / "app.py").read_text("utf-8") == 'import os\nMESSAGE = "bench 1"\nprint(MESSAGE)\n'


def test_a_source_without_that_line_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "examples" / "hello"
    source.mkdir(parents=True)
    (source / "app.py").write_text("print()\n", "utf-8")
    workspace.write_settings(tmp_path, DATA)
    with pytest.raises(BadInput):
        workspace.edit_source(tmp_path, "bench 1")


def test_nothing_of_the_caller_steers_a_side() -> None:
    environ = {
        "PATH": "/bin",
        "HOME": "/home/a",
        "AWS_PROFILE": "p",
        "SLIPWAY_TARGET": "t",
        "IMAGE_TAG": "x",
        "POE_ROOT": "/",
    }
    assert workspace.clean_environment(environ) == {"PATH": "/bin", "HOME": "/home/a"}


def test_a_copy_shares_dependencies_and_is_never_set_up_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installing into the copy would replace what the user's own project works with."""
    project, scratch = tmp_path / "project", tmp_path / "scratch"
    for folder in (".venv/bin", "node_modules/aws-cdk", ".slipway/local", ".git"):
        (project / folder).mkdir(parents=True)
    scratch.mkdir()
    (project / ".venv" / ".slipway").write_text(f"{project}\n")
    (project / "requirements.txt").write_text("")
    workspace.write_settings(project, DATA)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    root = workspace.make(project)
    assert not (root / ".slipway").exists()
    assert not (root / ".git").exists()
    assert not (root / ".venv").is_symlink()
    assert not (root / "node_modules").is_symlink()
    assert (root / "node_modules" / "aws-cdk").resolve() == project / "node_modules" / "aws-cdk"
    stamp = root / ".venv" / ".slipway"
    assert stamp.read_text("utf-8") == f"{root}\n"
    assert stamp.stat().st_mtime > (root / "requirements.txt").stat().st_mtime + 1e9
    assert (project / ".venv" / ".slipway").read_text() == f"{project}\n"
