"""What an application says becomes keys that slipway.toml takes."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.analyze import analyze
from analyzer.source.memory import memory_tree
from scripts.applications.findings import Findings, findings
from scripts.engine.declared import differences, process_name
from scripts.engine.errors import BadInput
from settings import rules

MAIN = """
import os
from fastapi import FastAPI
app = FastAPI()
@app.get("/health")
def health():
    return os.environ["DATABASE_URL"]
"""
FILES = {"main.py": MAIN, "requirements.txt": "fastapi\nuvicorn\npsycopg\n"}
STATED = """
cpu = 512
memory = 1024
max = 1
needs = ["redis"]

[environment]
LEVEL = "info"

[secrets]
DATABASE_URL = "secretsmanager:shop/database"

[processes.Mail_Out]
command = "python mail.py"

[processes.night]
command = "python night.py"
schedule = "0 3 * * *"

[release]
command = "python migrate.py"
"""


def found(files: dict[str, str]) -> Findings:
    analysis = analyze(memory_tree(files).view())
    return findings(analysis.services[0])


def test_without_a_word_of_its_own() -> None:
    assert found(FILES).row == {
        "port": 8000,
        "health_path": "/health",
        "cpu": 256,
        "memory": 512,
        "needs": ["postgresql"],
    }


def test_what_the_application_states() -> None:
    row = found({**FILES, ".slipway.toml": STATED}).row
    assert row == {
        "port": 8000,
        "health_path": "/health",
        "cpu": 512,
        "memory": 1024,
        "desired": 1,
        "min": 1,
        "max": 1,
        "needs": ["postgresql", "redis"],
        "environment": {"LEVEL": "info"},
        "secrets": {"DATABASE_URL": "secretsmanager:shop/database"},
        "release": "python migrate.py",
        "workers": {"mail-out": {"command": "python mail.py"}},
        "schedules": {"night": {"command": "python night.py", "schedule": "cron(0 3 * * ? *)"}},
    }
    assert row.keys() <= {*rules.RECORDED, *rules.PROCESSES}


def test_what_was_recorded_differs_from_nothing() -> None:
    import tomllib

    row = found({**FILES, ".slipway.toml": STATED}).row
    stated = tomllib.loads(STATED)
    assert differences(stated, row) == set()
    changed: dict[str, Any] = {**stated, "cpu": 1024, "environment": {}, "release": {"command": "x"}}
    changed["processes"] = {**stated["processes"], "night": {"command": "y"}}
    assert differences(changed, row) == {"cpu", "environment", "release", "processes.night"}


def test_a_workspace_keeps_the_services_own_folder() -> None:
    files = {
        "package.json": '{"private": true, "workspaces": ["apps/*", "lib/*"]}',
        "package-lock.json": '{"lockfileVersion": 3}',
        "apps/api/package.json": '{"name": "api", "scripts": {"start": "node i.js"}, '
        '"dependencies": {"express": "4", "lib": "*"}}',
        "apps/api/i.js": "require('express')().listen(process.env.PORT)",
        "lib/lib/package.json": '{"name": "lib"}',
    }
    made = found(files)
    assert (made.context, made.row["folder"]) == (".", "apps/api")


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"README.md": "hello"}, "cannot tell"),
        ({"pyproject.toml": '[project]\nname = "lib"\nversion = "1"\n', "lib/__init__.py": "x = 1\n"}, "answers HTTP"),
    ],
)
def test_what_cannot_be_served_is_refused(files: dict[str, str], why: str) -> None:
    with pytest.raises(BadInput, match=why) as caught:
        found(files)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("worker", "worker"), ("Mail_Out", "mail-out"), ("9lives", "lives"), ("--", "process"), ("x" * 40, "x" * 20)],
)
def test_names_of_processes(text: str, wanted: str) -> None:
    assert process_name(text) == wanted
    assert rules.is_name(20)(wanted)
