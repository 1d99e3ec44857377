"""What else is told about Python services: language, package manager, version, port, health path, kind, warnings."""

from __future__ import annotations

import pytest

from analyzer.findings import Findings
from analyzer.languages import python
from analyzer.project import Project
from analyzer.source.view import of_memory
from tests.unit.analyzer.python_service import DJANGO, FASTAPI, FLASK, fields, findings

Tree = dict[str, bytes | str]
PROJECT = '[project]\nname = "x"\ndependencies = []\n'
WEB = {"main.py": FASTAPI, "requirements.txt": "fastapi\nuvicorn\n"}
NEXT = '{"dependencies": {"next": "15"}, "scripts": {"build": "next build", "start": "next start"}}'
VITE = '{"devDependencies": {"vite": "7"}, "scripts": {"build": "vite build"}}'


@pytest.mark.parametrize(
    ("tree", "sureness"),
    [
        ({"requirements.txt": ""}, 0.95),
        ({"pyproject.toml": PROJECT}, 0.95),
        ({"main.py": ""}, 0.9),
        ({"src/main.py": ""}, 0.8),
        ({"analysis.ipynb": "{}"}, 0.8),
        ({"package.json": VITE, **WEB}, 0.95),
        ({"package.json": NEXT, "manage.py": DJANGO["manage.py"]}, 0.95),
        ({"package.json": NEXT, "api/index.py": FLASK, "requirements.txt": "flask"}, 0.4),
        ({"package.json": VITE, "scripts/release.py": "print(1)"}, None),
        ({"package.json": VITE, "pyproject.toml": "[tool.ruff]\nline-length = 100\n"}, None),
        ({"go.mod": "module x", "tools/requirements.txt": "black"}, None),
        ({"go.mod": "module x", "requirements.txt": "mkdocs"}, 0.4),
        ({"tests/test_x.py": ""}, None),
        ({}, None),
    ],
)
def test_detects_python_where_it_is_what_runs(tree: Tree, sureness: float | None) -> None:
    found = python.detect(Project(of_memory(tree), ".", Findings()))
    assert (found.confidence if found else None) == sureness


@pytest.mark.parametrize(
    ("tree", "manager"),
    [
        ({"requirements.txt": "flask"}, "pip"),
        ({"main.py": ""}, "pip"),
        ({"pyproject.toml": PROJECT}, "pip"),
        ({"pyproject.toml": PROJECT + "[tool.uv]\n"}, "uv"),
        ({"pyproject.toml": PROJECT, "uv.lock": ""}, "uv"),
        ({"pyproject.toml": PROJECT, "uv.lock": "", "requirements.txt": ""}, "uv"),
        ({"pyproject.toml": PROJECT, "requirements.txt": ""}, "pip"),
        ({"pyproject.toml": PROJECT, "poetry.lock": ""}, "poetry"),
        ({"pyproject.toml": '[tool.poetry]\nname="x"\n'}, "poetry"),
        ({"pyproject.toml": '[build-system]\nbuild-backend="poetry.core.masonry.api"\n' + PROJECT}, "poetry"),
        ({"pyproject.toml": PROJECT, "pdm.lock": ""}, "pdm"),
        ({"Pipfile": ""}, "pipenv"),
        ({"Pipfile": "", "requirements.txt": ""}, "pipenv"),
        ({"environment.yml": "dependencies: [python=3.11, flask]"}, "conda"),
        ({"environment.yml": "dependencies: [python=3.11]", "requirements.txt": ""}, "pip"),
        ({"setup.py": "from setuptools import setup\nsetup(name='x')\n"}, "pip"),
    ],
)
def test_names_the_package_manager(tree: Tree, manager: str) -> None:
    assert fields(tree)["package_manager"].value == manager


@pytest.mark.parametrize(
    ("tree", "version"),
    [
        ({"runtime.txt": "python-3.12.4\n", "requirements.txt": ""}, "3.12.4"),
        ({"Pipfile": '[requires]\npython_version = "3.11"\n'}, "3.11"),
        ({"Pipfile": '[requires]\npython_version = "3.13"\npython_full_version = "3.13.2"\n'}, "3.13.2"),
        ({".python-version": "3.12\n", "pyproject.toml": PROJECT + 'requires-python = ">=3.10"\n'}, "3.12"),
        ({"environment.yml": "dependencies:\n  - python=3.10\n"}, "3.10"),
    ],
)
def test_reads_pinned_versions(tree: Tree, version: str) -> None:
    assert str(fields(tree)["runtime_version"].value) == version


@pytest.mark.parametrize(
    ("tree", "port", "line"),
    [
        (WEB, 8000, None),
        ({**WEB, "main.py": FASTAPI + "import uvicorn\nuvicorn.run(app, port=9000)\n"}, 9000, 8),
        (
            {
                **WEB,
                "main.py": FASTAPI
                + "import os, uvicorn\nP = int(os.getenv('PORT', '8080'))\nuvicorn.run(app, port=P)\n",
            },
            8080,
            9,
        ),
        (
            {
                **WEB,
                "main.py": FASTAPI + "import argparse, uvicorn\nparser = argparse.ArgumentParser()\n"
                "parser.add_argument('--port', default=8123)\nargs = parser.parse_args()\n"
                "uvicorn.run(app, port=args.port)\n",
            },
            8123,
            11,
        ),
        (
            {"app.py": FLASK, "requirements.txt": "flask\ngunicorn", "gunicorn.conf.py": "bind = '0.0.0.0:5001'\n"},
            5001,
            1,
        ),
        ({"app.py": FLASK + "app.run(host='0.0.0.0')\n", "requirements.txt": "flask"}, 5000, None),
        ({"app.py": "import streamlit", "requirements.txt": "streamlit"}, 8501, None),
        (
            {
                "app.py": "import streamlit",
                "requirements.txt": "streamlit",
                ".streamlit/config.toml": "[server]\nport = 80\n",
            },
            80,
            2,
        ),
        (
            {"app.py": "import gradio as gr\ngr.Blocks().launch(server_port=9999)\n", "requirements.txt": "gradio"},
            9999,
            2,
        ),
        (
            {"main.py": "import os\nfrom http.server import *\nHTTPServer(('', int(os.environ['PORT'])), None)\n"},
            8000,
            None,
        ),
        ({"main.py": "import socketserver\nwith socketserver.TCPServer(('', 8042), None) as s:\n    pass\n"}, 8042, 2),
        ({"main.py": "print('hi')\n"}, None, None),
    ],
)
def test_finds_the_port_and_where_it_is_written(tree: Tree, port: int | None, line: int | None) -> None:
    field = fields(tree)["port"]
    assert field.value == port
    assert [row.line for row in field.evidence] == ([line] if line else [])
    assert port is None or str(port) in str(fields(tree)["start"].value.command) or field.confidence


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        (WEB, "/"),
        ({**WEB, "main.py": FASTAPI + "@app.get('/healthz')\ndef h(): pass\n"}, "/healthz"),
        ({**WEB, "main.py": FASTAPI + "@app.post('/health')\ndef h(): pass\n"}, "/"),
        ({**WEB, "main.py": FASTAPI + "@app.get('/status/{item}')\ndef h(): pass\n"}, "/"),
        ({**WEB, "main.py": "from fastapi import FastAPI\napp = FastAPI()\n"}, "/docs"),
        ({**WEB, "main.py": "from fastapi import FastAPI\napp = FastAPI(docs_url=None)\n"}, None),
        (
            {
                **WEB,
                "main.py": "from fastapi import FastAPI\nfrom routers import checks\napp = FastAPI()\n"
                "app.include_router(checks.router, prefix='/api')\n",
                "routers/checks.py": "from fastapi import APIRouter\nrouter = APIRouter(prefix='/v1')\n"
                "@router.get('/health')\ndef h(): pass\n",
            },
            "/api/v1/health",
        ),
        (
            {
                "app.py": "from flask import Flask, Blueprint\nbp = Blueprint('x', __name__, url_prefix='/ops')\n"
                "@bp.route('/ping', methods=['GET'])\ndef ping(): pass\napp = Flask(__name__)\n"
                "app.register_blueprint(bp)\n",
                "requirements.txt": "flask\ngunicorn",
            },
            "/ops/ping",
        ),
        ({**DJANGO, "requirements.txt": "django\ngunicorn"}, "/"),
        (
            {
                **DJANGO,
                "mysite/urls.py": "from django.urls import include, path\n"
                "urlpatterns = [path('api/', include('api.urls'))]\n",
                "api/urls.py": "from django.urls import path\nurlpatterns = [path('health/', None)]\n",
                "requirements.txt": "django\ngunicorn",
            },
            "/api/health/",
        ),
        ({"app.py": "import streamlit", "requirements.txt": "streamlit"}, "/_stcore/health"),
        (
            {
                "main.py": "from site_ import create_app\napp = create_app()\n",
                "site_/__init__.py": "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n"
                "    from .views import bp\n    app.register_blueprint(bp)\n    return app\n",
                "site_/views.py": "from flask import Blueprint\nbp = Blueprint('x', __name__)\n"
                "@bp.route('/')\ndef home(): pass\n",
                "requirements.txt": "flask\ngunicorn",
            },
            "/",
        ),
        (
            {
                "site_/__init__.py": "from flask import Flask\napp = Flask(__name__)\nfrom site_ import views\n",
                "site_/views.py": "from site_ import app\n\n@app.route('/health')\ndef up(): pass\n",
                "requirements.txt": "flask\ngunicorn",
            },
            "/health",
        ),
        (
            {
                **WEB,
                "main.py": "from fastapi import FastAPI\nfrom conf import settings\nfrom r import router\n"
                "app = FastAPI()\n"
                "app.include_router(router, prefix=settings.API)\n",
                "conf.py": "class Settings:\n    API: str = '/v2'\n\nsettings = Settings()\n",
                "r.py": "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/health')\ndef h(): pass\n",
            },
            "/v2/health",
        ),
        (
            {
                **DJANGO,
                "mysite/urls.py": "from django.urls import include, path\ninner = [path('health/', None)]\n"
                "urlpatterns = [path('v1/', include(inner))]\n",
                "requirements.txt": "django\ngunicorn",
            },
            "/v1/health/",
        ),
        (
            {
                "s.py": "from aiohttp import web\napp = web.Application()\n"
                "app.add_routes([web.get('/ready', None)])\nweb.run_app(app)\n"
            },
            "/ready",
        ),
    ],
)
def test_finds_the_health_path(tree: Tree, path: str | None) -> None:
    field = fields(tree)["health_path"]
    assert field.value == path
    assert path or "add a route" in field.missing


@pytest.mark.parametrize(
    ("tree", "kind"),
    [
        (WEB, "web"),
        ({"main.py": "print('hi')\n"}, "command"),
        ({"main.py": "while True:\n    pass\n"}, "worker"),
        ({"bot.py": "import telegram\n", "requirements.txt": "python-telegram-bot"}, "worker"),
        ({"tasks.py": "from celery import Celery\napp = Celery('x')\n", "requirements.txt": "celery"}, "worker"),
        ({"analysis.ipynb": "{}", "requirements.txt": "pandas"}, "notebook"),
        ({"setup.py": "from setuptools import setup\nsetup(name='lib')\n", "lib/__init__.py": ""}, "library"),
        (
            {"pyproject.toml": PROJECT + "[project.scripts]\nx = 'x.cli:main'\n", "x/cli.py": "def main(): pass\n"},
            "command",
        ),
        ({"api/hello.py": "class handler(Base):\n    pass\n"}, "function"),
        ({"lambda_function.py": "def lambda_handler(event, context): pass\n"}, "function"),
        ({"manage.py": DJANGO["manage.py"], "mysite/settings.py": "", "requirements.txt": "django"}, "web"),
        ({"main.py": "def hello(request): pass\n", "requirements.txt": "functions-framework"}, "command"),
    ],
)
def test_says_of_which_kind_it_is(tree: Tree, kind: str) -> None:
    assert fields(tree)["kind"].value == kind


@pytest.mark.parametrize(
    ("tree", "code"),
    [
        ({"server.py": "from http.server import *\nHTTPServer(('127.0.0.1', 80), None)\n"}, "binds_loopback"),
        ({"app.py": FLASK, "requirements.txt": "flask"}, "server_added"),
        ({"app.py": FLASK + "app.run(host='0.0.0.0')\n", "requirements.txt": "flask"}, "development_server"),
        ({"app.py": FLASK}, "undeclared_dependency"),
        ({"main.py": "print 'two'\n"}, "unparsed_source"),
        ({"environment.yml": "dependencies: [flask]", "app.py": FLASK}, "conda_environment"),
        ({"setup.py": "from setuptools import setup\nsetup(name='lib')\n", "lib/__init__.py": ""}, "library"),
        ({"pyproject.toml": "[project", "main.py": ""}, "malformed_manifest"),
        (
            {
                **DJANGO,
                "mysite/settings.py": "ALLOWED_HOSTS = ['example.org']\nWSGI_APPLICATION = 'mysite.wsgi.application'\n",
                "requirements.txt": "django\ngunicorn",
            },
            "health_check_host",
        ),
    ],
)
def test_warns(tree: Tree, code: str) -> None:
    assert code in [warning.code for warning in findings(tree).warnings]


@pytest.mark.parametrize(
    ("tree", "processes"),
    [
        (
            {
                **DJANGO,
                "requirements.txt": "django\ngunicorn\ncelery",
                "mysite/celery.py": "from celery import Celery\napp = Celery('x')\n",
            },
            {"worker": "celery -A mysite worker --loglevel=info", "release": "python manage.py migrate --noinput"},
        ),
        (
            {
                **WEB,
                "requirements.txt": "fastapi\nuvicorn\narq\nalembic",
                "alembic.ini": "",
                "jobs.py": "class WorkerSettings:\n    pass\n",
            },
            {"worker": "arq jobs.WorkerSettings", "release": "alembic upgrade head"},
        ),
        ({**WEB, "requirements.txt": "fastapi\nuvicorn\nrq"}, {"worker": "rq worker"}),
        (
            {
                **WEB,
                "requirements.txt": "fastapi\nuvicorn\ndramatiq",
                "actors.py": "import dramatiq\n@dramatiq.actor\ndef f(): pass\n",
            },
            {"worker": "dramatiq actors"},
        ),
        (WEB, {}),
    ],
)
def test_finds_other_processes(tree: Tree, processes: dict[str, str]) -> None:
    assert {row.name: row.command for row in findings(tree).processes.values()} == processes


@pytest.mark.parametrize(
    ("requirement", "run", "build"),
    [
        ("psycopg2==2.9", "libpq5", "libpq-dev"),
        ("psycopg2-binary", None, None),
        ("psycopg>=3", "libpq5", None),
        ("psycopg[binary]>=3", None, None),
        ("opencv-python", "libgl1", None),
        ("pdf2image ; python_version > '3'", "poppler-utils", None),
        ("x @ git+https://example.org/x.git", None, "git"),
    ],
)
def test_knows_system_packages(requirement: str, run: str | None, build: str | None) -> None:
    found = findings({"requirements.txt": requirement, "main.py": ""})
    assert (run in found.system_packages) if run else not found.system_packages
    assert (build in found.build_packages) if build else not found.build_packages


def test_names_the_entry_points_and_why_one_won() -> None:
    found = fields({"main.py": FASTAPI, "api.py": FASTAPI, "requirements.txt": "fastapi\nuvicorn"})["start"]
    assert "wins over api:app because main.py is the more usual place" in found.reason
    assert [row.value.target for row in found.others] == ["api:app"]
    assert [(row.path, row.line) for row in found.evidence] == [("main.py", 2), ("requirements.txt", 2)]


def test_equally_likely_entry_points_are_left_to_a_person() -> None:
    field = fields({"api/users.py": FASTAPI, "api/items.py": FASTAPI, "requirements.txt": "fastapi\nuvicorn"})["start"]
    assert field.value is None
    assert field.missing == "name one of api.items:app, api.users:app in .slipway.toml or a Procfile"
    assert [row.value.target for row in field.others] == ["api.items:app", "api.users:app"]


RUBBISH: list[Tree] = [
    {"pyproject.toml": "project = 'x'\ntool = 3\n", "main.py": FASTAPI},
    {
        "pyproject.toml": "[project]\ndependencies = 'flask'\nscripts = []\nname = 5\n[tool]\npoetry = 1\n"
        "uv = []\npdm = ''\n"
    },
    {
        "pyproject.toml": "[tool.poetry]\nname = []\ndependencies = ['a']\ngroup = 3\nscripts = {x = 1}\n"
        "[build-system]\nbuild-backend = 2\n"
    },
    {
        "pyproject.toml": "[project]\nname='x'\n[dependency-groups]\na = 1\n[project.optional-dependencies]\n"
        "b = [1]\n[tool.pdm.scripts]\nstart = [1]\n"
    },
    {"Pipfile": "packages = 1\nrequires = []\nscripts = 3\n", "main.py": ""},
    {"environment.yml": "dependencies: 5\n"},
    {"environment.yml": "dependencies:\n  - pip: 4\n  - 3\n  - {a: b}\n"},
    {"setup.cfg": "[options]\ninstall_requires =\n"},
    {"setup.py": "setup(install_requires=deps, entry_points='x', python_requires=3)\n"},
    {"requirements.txt": "-r requirements.txt\n-r ../../x\n==1\n[]\n@@\n-e\nflask==2.x\n\\\n\\"},
    {"requirements.txt": b"\xff\xfef\x00l\x00a\x00s\x00k\x00\r\x00\n\x00", "app.py": FLASK},
    {"main.py": "x = " + "(" * 3000 + ")" * 3000},
    {"main.py": "from main import app\nimport main\napp = app\n"},
    {"a.py": "from b import app\n", "b.py": "from a import app\n", "requirements.txt": "flask"},
    {"main.py": "from ......x import app\nfrom . import *\n"},
    {"main.py": b"\x00\x01\x02", "requirements.txt": b"\x00"},
    {"main.py": "def app():\n    return app()\n\ndef create_app():\n    return create_app()\n"},
    {"manage.py": "DJANGO_SETTINGS_MODULE", "requirements.txt": "django"},
    {"a b/main.py": FASTAPI, "1/app.py": FLASK, "requirements.txt": "fastapi\nflask"},
]


@pytest.mark.parametrize("number", range(len(RUBBISH)))
def test_rubbish_is_survived(number: int) -> None:
    python.detect(Project(of_memory(RUBBISH[number]), ".", Findings()))
    assert fields(RUBBISH[number]) == fields(RUBBISH[number])


def test_reads_requirements_in_utf_16() -> None:
    tree: Tree = {"app.py": FLASK, "requirements.txt": "flask\r\ngunicorn\r\n".encode("utf-16")}
    assert fields(tree)["start"].value.argv[0] == "gunicorn"
