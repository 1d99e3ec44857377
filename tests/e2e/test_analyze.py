"""`./poe analyze` and its kin as a person runs them; no cloud is needed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.e2e.project import Project

EXAMPLE = "examples/apps/python-celery"


def test_a_report_with_and_without_its_evidence(bare: Project) -> None:
    plain, explained = bare.run("analyze", EXAMPLE), bare.run("analyze", EXAMPLE, "--explain")
    assert "start            gunicorn --bind 0.0.0.0:8000 mailer.web:app" in plain.out
    assert "Procfile:1" not in plain.out
    assert "Procfile:1  web: gunicorn" in explained.out
    assert plain.err == ""


def test_the_same_bytes_on_every_run(bare: Project) -> None:
    """Whatever order hashes give."""
    texts = {bare.run("analyze", EXAMPLE, "--json", env={"PYTHONHASHSEED": seed}).out for seed in ("0", "1", "2")}
    assert len(texts) == 1
    assert json.loads(texts.pop())["services"][0]["fields"]["port"]["value"] == 8000


def test_files_are_put_next_to_the_source_and_never_touched_again(bare: Project, tmp_path: Path) -> None:
    folder = shutil.copytree(bare.root / EXAMPLE, tmp_path / "app")
    printed = bare.run("analyze", str(folder), "--dockerfile").out
    assert not (folder / "Dockerfile").exists()
    written = bare.run("analyze", str(folder), "--write").out
    assert f"written: {folder}/Dockerfile, {folder}/.dockerignore, {folder}/.slipway.toml" in written
    assert (folder / "Dockerfile").read_text("utf-8") == printed
    (folder / "Dockerfile").write_text("FROM scratch\n", "utf-8")
    again = bare.run("analyze", str(folder), "--write").out
    assert f"kept as they are: {folder}/.slipway.toml" in again
    assert "Dockerfile, used as it is" in again
    assert (folder / "Dockerfile").read_text("utf-8") == "FROM scratch\n"


def test_one_service_of_several(bare: Project) -> None:
    root = "examples/apps/node-pnpm-workspace"
    found = json.loads(bare.run("analyze", root, "--json", "--service", "apps/api").out)
    assert [service["root"] for service in found["services"]] == ["apps/api"]
    refused = bare.run("analyze", root, "--service", "apps/none", expect=2)
    assert "apps/api" in refused.err


def test_mistakes_say_what_to_do(bare: Project, tmp_path: Path) -> None:
    for words, said in (
        ((str(tmp_path / "absent"),), "there is no folder, archive or repository"),
        (("git@github.com:owner/repository.git",), "name its https:// URL"),
        (("https://name:secret@127.0.0.1:1/owner/repository", "--write"), "--write needs a folder"),
        ((EXAMPLE, "--target", "local"), "--target goes with --remote"),
        ((EXAMPLE, "--assist"), "--assist needs a model"),
    ):
        result = bare.run("analyze", *words, expect=2)
        assert said in result.err, result
        assert "next: " in result.err
        assert "secret" not in result.err
    (tmp_path / "notes.txt").write_text("nothing to run\n", "utf-8")
    refused = bare.run("analyze", str(tmp_path), "--dockerfile", expect=3)
    assert "the language cannot be told" in refused.err


def test_kept_answers_are_those_of_the_code(bare: Project) -> None:
    assert bare.run("golden").out == "nothing changed\n"


def test_an_exam_of_two(bare: Project, tmp_path: Path) -> None:
    shutil.copytree(bare.root / EXAMPLE, tmp_path / "right")
    shutil.copytree(bare.root / EXAMPLE, tmp_path / "wrong")
    rows = [{"id": "right", "expected": {"language": "python"}}, {"id": "wrong", "expected": {"language": "go"}}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    text = bare.run("exam", str(tmp_path)).out
    assert "wrong: language is 'python', the label says 'go'" in text
    assert "language                     2.0    50.0%         0.0%   50.0%" in text
    fields = json.loads(bare.run("exam", str(tmp_path), "--json").out)["fields"]
    assert fields["language"] == {"asked": 2, "right": 1, "open": 0}
    assert "cannot be read" in bare.run("exam", str(tmp_path / "right"), expect=2).err
