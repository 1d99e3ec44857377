"""An application's own `.slipway.toml`: what it states wins, what is not allowed is refused with its place."""

from __future__ import annotations

import pytest

from analyzer.analyze import analyze
from analyzer.failure import Failure
from analyzer.intent import stated
from analyzer.model import Service, Size
from analyzer.render.settings_file import settings_file
from analyzer.source.view import of_memory
from tests.unit.documents import table, words

STATED = """\
port = 9000
health_path = "/up"
runtime_version = "3.11"
language = "python"
cpu = 512
memory = 2048
desired = 2
min = 1
max = 4
needs = ["postgres", "redis"]

[environment]
LOG_LEVEL = "info"

[secrets]
STRIPE_KEY = "secretsmanager:shop/stripe"
DB_PASSWORD = "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/db"

[processes.web]
command = "gunicorn -b :$PORT shop:app"

[processes.jobs]
command = "celery -A shop worker"

[processes.nightly]
command = "python nightly.py"
schedule = "cron(0 3 * * ? *)"

[release]
command = "flask db upgrade"
"""
APP: dict[str, bytes | str] = {
    "requirements.txt": "flask\ngunicorn\n",
    "shop.py": "from flask import Flask\napp = Flask(__name__)\n",
    "Procfile": "web: gunicorn other:app\nrelease: other\n",
    "Dockerfile": "FROM python:3.9\nEXPOSE 5000\n",
}


def service(text: str, **more: bytes | str) -> Service:
    return analyze(of_memory({**APP, **more, ".slipway.toml": text})).services[0]


def test_what_is_stated_wins() -> None:
    found = service(STATED)
    assert {name: found.value(name) for name in ("port", "health_path", "runtime_version", "language")} == {
        "port": 9000,
        "health_path": "/up",
        "runtime_version": "3.11",
        "language": "python",
    }
    assert all(found.fields[name].confidence == 1.0 for name in ("port", "health_path", "start", "runtime_version"))
    assert found.fields["port"].evidence[0].line == 1
    assert (found.value("start").kind, found.value("start").target) == ("wsgi", "shop:app")
    assert found.value("start").argv == ("gunicorn", "-b", ":9000", "shop:app")


def test_processes_and_surroundings() -> None:
    found = service(STATED)
    assert [(row.name, row.kind, row.command, row.schedule) for row in found.processes] == [
        ("web", "web", "gunicorn -b :9000 shop:app", None),
        ("jobs", "worker", "celery -A shop worker", None),
        ("nightly", "scheduled", "python nightly.py", "cron(0 3 * * ? *)"),
        ("release", "release", "flask db upgrade", None),
    ]
    assert [row.engine for row in found.backing] == ["postgresql", "redis"]
    secret = {row.name: row.secret for row in found.variables}
    assert (secret["LOG_LEVEL"], secret["STRIPE_KEY"], secret["DB_PASSWORD"]) == (False, True, True)
    assert found.details["settings"]["desired"] == 2
    assert found.size == Size(512, 2048, (".slipway.toml states it",))


@pytest.mark.parametrize(
    ("text", "cpu", "memory"),
    [
        ("cpu = 1024", 1024, 2048),
        ("memory = 4096", 512, 4096),
        ("memory = 8192", 1024, 8192),
        ("cpu = 4096", 4096, 8192),
    ],
)
def test_a_size_that_is_half_stated_is_made_whole(text: str, cpu: int, memory: int) -> None:
    size = service(text).size
    assert size is not None
    assert (size.cpu, size.memory) == (cpu, memory)


def test_a_stated_dockerfile() -> None:
    found = service('dockerfile = "deploy/Dockerfile"', **{"deploy/Dockerfile": "FROM python:3.10\nEXPOSE 7000"})
    assert found.dockerfile == "deploy/Dockerfile"
    assert found.value("port") == 7000


def test_an_empty_file_with_a_mark_and_windows_line_ends() -> None:
    assert service("\ufeff# nothing\r\n").value("port") == 5000
    assert service("\ufeffport = 81\r\n").value("port") == 81


REFUSED = [
    ("port = 0", ".slipway.toml:1: port: allowed is a port from 1 to 65535"),
    ("\nport = true", ".slipway.toml:2: port: allowed is a port from 1 to 65535"),
    ('port = "80"', "port: allowed is a port"),
    ('health_path = "up"', 'health_path: allowed is a path, such as "/health"'),
    ("cpu = 300", "cpu: allowed are 256, 512, 1024, 2048, 4096"),
    ("memory = 700", "memory: allowed are MiB that Fargate has"),
    ("cpu = [256]", "cpu: allowed are 256"),
    ("cpu = 256\nmemory = 4096", ".slipway.toml:2: memory: with cpu 256 allowed are 512, 1024, 2048 MiB"),
    ("min = 3\nmax = 2", "min: min, desired and max must not fall"),
    ("desired = -1", "desired: allowed is a number of tasks"),
    ("prot = 80", "prot: there is no such key; allowed are start, port,"),
    ('needs = ["dragons"]', "needs: allowed is a list of engines"),
    ('needs = "redis"', "needs: allowed is a list"),
    ("start = 5", "start: allowed is a command line"),
    ('start = " "', "start: allowed is a command line"),
    ('start = "a"\n[processes.web]\ncommand = "b"', "start: the web process has a command in"),
    ('kind = "magic"', "kind: allowed are web, static, worker, command"),
    ('dockerfile = "../Dockerfile"', "dockerfile: allowed is a file inside"),
    ('dockerfile = "gone"', 'dockerfile: "gone" is not there'),
    ('services = ["/etc"]', "services: allowed is a list of folders"),
    ("environment = 5", "environment: allowed is a table of texts"),
    ("[environment]\nA = 5", "environment.A: allowed is"),
    ('[environment]\n"A B" = "x"', "environment.A B: allowed is"),
    (
        '[environment]\nA = "b"\nAPI_TOKEN = "abcdef123456"',
        ".slipway.toml:3: environment.API_TOKEN: looks like a secret",
    ),
    ('[environment]\nX = "postgres://u:secret@db/x"', "environment.X: looks like a secret"),
    ('[environment]\nX = "AKIAABCDEFGHIJKLMNOP"', "environment.X: looks like a secret"),
    ('[secrets]\nX = "hunter2"', "secrets.X: allowed is an ARN of Secrets Manager or SSM"),
    ("[secrets]\nX = 5", "secrets.X: allowed is"),
    ('[processes]\nweb = "x"', "processes.web: allowed is a table with command"),
    ("[processes.jobs]\nschedule = 'rate(1 hour)'", "processes.jobs: allowed is a table with command and schedule"),
    ("[processes.jobs]\ncommand = 'x'\nschedule = 'now'", "processes.jobs.schedule: allowed is a schedule"),
    ("[processes.web]\ncommand = 'x'\nschedule = 'rate(1 hour)'", "processes.web.schedule: there is no such key"),
    ("[processes.'a b']\ncommand = 'x'", "processes.a b: allowed is a table [processes.NAME]"),
    ("processes = 5", "processes.: allowed is a table"),
    ('release = "x"', "release: allowed is a table with command"),
    ("[release]\ncommand = 'x'\nretries = 3", "release.retries: there is no such key; allowed are command"),
    ("port = 1\nport = 2", ".slipway.toml:2: not valid TOML: Cannot overwrite a value"),
    ("[", ".slipway.toml:1: not valid TOML"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_is_not_allowed_is_refused(text: str, message: str) -> None:
    with pytest.raises(Failure) as error:
        service(text)
    assert error.value.code == "InvalidSettings"
    assert message in error.value.message
    assert error.value.message.startswith(".slipway.toml")
    assert error.value.remedy


def test_what_is_written_can_be_read_again() -> None:
    files: dict[str, bytes | str] = {
        **APP,
        "Procfile": "web: gunicorn shop:app\nCelery_Beat: celery beat\nrelease: flask db upgrade 😀\n",
        "render.yaml": "services: [{type: cron, name: every night!, schedule: '0 3 * * *', startCommand: 'x \"y\"'}]",
    }
    found = analyze(of_memory(files)).services[0]
    again = analyze(of_memory({**files, ".slipway.toml": settings_file(found)})).services[0]
    assert sorted(row.name for row in again.processes) == ["Celery_Beat", "every-night-", "release", "web"]
    assert {row.command for row in again.processes} == {row.command for row in found.processes}
    assert (again.value("port"), again.size and again.size.cpu) == (found.value("port"), found.size and found.size.cpu)


def test_a_refusal_never_shows_the_secret() -> None:
    with pytest.raises(Failure) as error:
        service('[environment]\nAPI_TOKEN = "abcdef123456"')
    assert "abcdef123456" not in error.value.message


@pytest.mark.parametrize(
    "text", ['PASSWORD_LENGTH = "12"', 'TOKEN_URL = "https://x/y"', 'SECRET_KEY = "x"', 'DEBUG = "1"']
)
def test_what_only_sounds_like_a_secret_is_allowed(text: str) -> None:
    service("[environment]\n" + text)


def test_a_service_in_a_folder_has_its_own() -> None:
    files: dict[str, bytes | str] = {f"api/{name}": data for name, data in APP.items()}
    with pytest.raises(Failure, match=r"^api/\.slipway\.toml:1: port: "):
        analyze(of_memory({**files, "api/.slipway.toml": "port = 0"}))


def test_the_guide_lists_every_key() -> None:
    listed = [key for row in table("docs/analyzer.md", "slipway-toml") for key in words(row[0])]
    assert sorted(listed) == sorted((*stated.TOP, *stated.TABLES))
