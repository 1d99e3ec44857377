"""Where declared and found differ a person is warned; what agrees is not mentioned."""

from __future__ import annotations

import pytest

from analyzer.analyze import analyze
from analyzer.source.view import of_memory

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
RUN = FLASK + "if __name__ == '__main__':\n    app.run(host='0.0.0.0', port=5000)\n"
APP: dict[str, bytes | str] = {"requirements.txt": "flask\ngunicorn\n", "app.py": FLASK}
NODE: dict[str, bytes | str] = {
    "package.json": '{"scripts": {"start": "node server.js"}, "dependencies": {"express": "4"}}',
    "pnpm-lock.yaml": "lockfileVersion: '9.0'",
    "server.js": "require('express')().listen(3000)",
}
OWN = ("port_disagreement", "health_path_disagreement", "version_disagreement", "start_names_missing", "binds_loopback")
OWN_TOO = ("development_server", "other_package_manager")


def codes(files: dict[str, bytes | str]) -> list[str]:
    found = analyze(of_memory(files)).services[0].warnings
    return sorted({row.code for row in found if row.code in (*OWN, *OWN_TOO)})


CASES: list[tuple[str, dict[str, bytes | str], list[str]]] = [
    ("nothing", {**APP, "Procfile": "web: gunicorn app:app"}, []),
    ("a module that is not there", {**APP, "Procfile": "web: gunicorn shop.wsgi"}, ["start_names_missing"]),
    ("a module of another folder", {**APP, "Procfile": "web: gunicorn --chdir x shop.wsgi"}, []),
    ("a module below src", {**APP, "src/shop/__init__.py": "", "Procfile": "web: gunicorn shop:app"}, []),
    ("an installed module", {**APP, "Procfile": "web: python -m flask_thing"}, []),
    ("a file that is not there", {**APP, "Procfile": "web: python serve.py"}, ["start_names_missing"]),
    ("a file of an absolute path", {**APP, "Procfile": "web: python /opt/serve.py"}, []),
    ("a script that is not there", {**NODE, "Procfile": "web: pnpm run serve"}, ["start_names_missing"]),
    ("a script that is there", {**NODE, "Procfile": "web: pnpm start"}, []),
    ("a file that a build writes", {**NODE, "Procfile": "web: node dist/server.js"}, []),
    ("another package manager", {**NODE, "Procfile": "web: npm start"}, ["other_package_manager"]),
    ("this machine only", {**APP, "Procfile": "web: gunicorn -b 127.0.0.1:80 app:app"}, ["binds_loopback"]),
    ("a development server", {**APP, "Procfile": "web: flask --app app run"}, ["development_server"]),
    ("a log on a device", {**APP, "Procfile": "web: gunicorn --access-logfile /dev/stdout app:app"}, []),
    ("two ports", {**APP, "app.py": RUN, "Dockerfile": "FROM python:3.12\nEXPOSE 8000"}, ["port_disagreement"]),
    (
        "a port that follows the variable",
        {**NODE, "server.js": "const port = process.env.PORT || 4000\nrequire('express')().listen(port)"}
        | {"Dockerfile": "FROM node:24\nENV PORT=80\nEXPOSE 80"},
        [],
    ),
    (
        "a newer runtime than needed",
        {"Dockerfile": "FROM golang:1.24", "go.mod": "module x\ngo 1.20", "main.go": "package main"},
        [],
    ),
    (
        "an older runtime than needed",
        {"Dockerfile": "FROM golang:1.19", "go.mod": "module x\ngo 1.20", "main.go": "package main\nfunc main() {}"},
        ["version_disagreement"],
    ),
    ("two versions", {**APP, "Dockerfile": "FROM python:3.9", ".python-version": "3.12"}, ["version_disagreement"]),
    ("the same version", {**APP, "Dockerfile": "FROM python:3.12.4-slim", ".python-version": "3.12"}, []),
    ("the version of another language", {**APP, "Dockerfile": "FROM node:20", ".python-version": "3.12"}, []),
]


@pytest.mark.parametrize(("files", "wanted"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_warnings(files: dict[str, bytes | str], wanted: list[str]) -> None:
    assert codes(files) == wanted


def test_a_warning_names_both_places() -> None:
    files = {**APP, "app.py": RUN, "Dockerfile": "FROM python:3.12\nEXPOSE 8000"}
    found = analyze(of_memory(files)).services[0].warnings
    warning = next(row for row in found if row.code == "port_disagreement")
    assert "8000 is used" in warning.message
    assert [row.path for row in warning.evidence] == ["Dockerfile", "app.py"]


def test_a_dockerfile_tells_the_version_where_nothing_pins_it() -> None:
    found = analyze(of_memory({**APP, "Dockerfile": "FROM python:3.11-slim"})).services[0]
    assert found.value("runtime_version") == "3.11"


def test_the_port_is_put_into_the_start_and_the_process() -> None:
    found = analyze(of_memory({**APP, "Procfile": "web: gunicorn -b :${PORT:-8080} app:app"})).services[0]
    assert found.value("port") == 8080
    assert found.value("start").argv == ("gunicorn", "-b", ":8080", "app:app")
    assert [(row.name, row.command) for row in found.processes] == [("web", "gunicorn -b :8080 app:app")]


def test_a_worker_has_no_web_process() -> None:
    found = analyze(
        of_memory({"requirements.txt": "discord.py", "bot.py": "import discord", "Procfile": "bot: python bot.py"})
    )
    assert [(row.name, row.kind) for row in found.services[0].processes] == [("bot", "worker")]
