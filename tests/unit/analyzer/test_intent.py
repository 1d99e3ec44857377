"""Procfiles, Dockerfiles and compose files become candidates; the stronger file wins."""

from __future__ import annotations

import pytest

from tests.unit.analyzer.intent_service import processes, read, value


def test_procfile() -> None:
    lines = ("\ufeff# types", "web: gunicorn -b :5000 app:app", "worker: celery -A app worker", "release: flask db up")
    found = read({"Procfile": "\r\n".join(lines)})
    assert value(found, "start") == ("wsgi", "app:app")
    assert value(found, "port") == 5000
    assert found.candidates["start"][0].evidence[0].line == 2
    assert processes(found) == {
        "release": ("release", "flask db up", None),
        "worker": ("worker", "celery -A app worker", None),
    }


def test_procfile_without_a_web_process() -> None:
    found = read({"Procfile": "worker: python bot.py\nclock: python clock.py\n"})
    assert value(found, "kind") == "worker"
    assert value(found, "start") == ("python-file", "bot.py")
    assert list(processes(found)) == ["worker", "clock"]


def test_procfile_whose_only_process_is_a_server() -> None:
    found = read({"Procfile": "app: uvicorn main:app"})
    assert value(found, "kind") is None
    assert value(found, "start") == ("asgi", "main:app")


def test_procfile_with_a_process_twice() -> None:
    found = read({"Procfile": "web: a\nweb: b\n"})
    assert found.value("start").command == "a"
    assert [row.code for row in found.warnings] == ["duplicate_process"]


DOCKERFILE = """\
ARG VERSION=3.11
FROM python:${VERSION}-slim AS base
ENV APP_PORT=9000 PORT=9000
FROM node:20 AS assets
EXPOSE 1
CMD ["npm", "run", "dev"]
FROM base
# comment
RUN <<EOF
EXPOSE 2
EOF
EXPOSE $APP_PORT/tcp
HEALTHCHECK --interval=5s \\
  CMD curl -f http://localhost:${PORT}/healthz || exit 1
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["gunicorn", "-b", "0.0.0.0:9000", "app:app"]
"""


def test_dockerfile() -> None:
    found = read({"Dockerfile": DOCKERFILE})
    assert value(found, "start") == ("wsgi", "app:app")
    assert found.value("start").argv == ("docker-entrypoint.sh", "gunicorn", "-b", "0.0.0.0:9000", "app:app")
    assert value(found, "port") == 9000
    assert value(found, "health_path") == "/healthz"
    assert value(found, "language") == "python"
    assert found.details["dockerfile"] == "Dockerfile"
    assert {row.line for row in found.candidates["port"][1].evidence} == {12}


@pytest.mark.parametrize(
    ("text", "command", "argv"),
    [
        ("FROM a\nCMD python main.py", "python main.py", ("python", "main.py")),
        ("FROM a\nCMD python main.py $X", "python main.py $X", ("sh", "-c", "exec python main.py $X")),
        ('FROM a\nENTRYPOINT ["python"]\nCMD ["main.py"]', "python main.py", ("python", "main.py")),
        ("FROM a\nENTRYPOINT python main.py\nCMD x", "python main.py", ("python", "main.py")),
        ('FROM a\nCMD x\nENTRYPOINT ["python", "main.py"]', "python main.py", ("python", "main.py")),
        ("FROM a\nENV F=main.py\nCMD python $F", "python main.py", ("python", "main.py")),
        ("FROM a AS b\nCMD python main.py\nFROM b", "python main.py", ("python", "main.py")),
        ("# escape=`\nFROM a\nCMD python `\n main.py", "python  main.py", ("python", "main.py")),
    ],
)
def test_what_a_dockerfile_runs(text: str, command: str, argv: tuple[str, ...]) -> None:
    start = read({"Dockerfile": text}).value("start")
    assert (start.command, start.argv) == (command, argv)


def test_a_dockerfile_without_a_command_says_nothing_about_the_start() -> None:
    found = read({"Dockerfile": "FROM nginx\nEXPOSE 443 80\n"})
    assert value(found, "start") is None
    assert value(found, "port") == 80


IMAGES: list[tuple[dict[str, bytes | str], int | None]] = [
    ({"Dockerfile": "FROM nginx:1"}, 80),
    ({"Dockerfile": "FROM nginxinc/nginx-unprivileged"}, 8080),
    ({"Dockerfile": "FROM nginx:1", "nginx.conf": "server {\n  listen 0.0.0.0:3000;\n}"}, 3000),
    ({"Dockerfile": "FROM nginx:1", "nginx.conf": "server { listen; }"}, 80),
    ({"Dockerfile": "FROM tiangolo/uvicorn-gunicorn-fastapi:python3.10"}, 80),
    ({"Dockerfile": "FROM tiangolo/uvicorn-gunicorn:python3.10\nCMD python x.py"}, None),
    ({"Dockerfile": "FROM nginx:1\nEXPOSE 81"}, 81),
    ({"Dockerfile": "FROM node:20"}, None),
]


@pytest.mark.parametrize(("files", "port"), IMAGES)
def test_ports_of_images(files: dict[str, bytes | str], port: int | None) -> None:
    assert value(read(files), "port") == port


def test_a_dockerfile_is_weak_about_the_language() -> None:
    assert read({"Dockerfile": "FROM python:3.11"}).candidates["language"][0].confidence == 0.5


COMPOSE = """\
services:
  db: {image: "bitnami/postgresql:16"}
  cache:
    image: redis:7-alpine
  api:
    build: {context: ., dockerfile: Dockerfile.api}
    command: uvicorn main:app --port 8000
    ports: ["127.0.0.1:9000:8000/tcp"]
    environment:
      - DATABASE_URL=postgres://u@db/app
      - DEBUG=1
    healthcheck: {test: [CMD, curl, "http://localhost:8000/ready"]}
    depends_on: [db]
  jobs:
    build: .
    command: [celery, -A, app, worker]
  web:
    build: ./web
    ports: [{target: 3000}]
"""


def test_compose() -> None:
    found = read({"compose.yaml": COMPOSE})
    assert value(found, "start") == ("asgi", "main:app")
    assert value(found, "port") == 8000
    assert value(found, "health_path") == "/ready"
    assert processes(found) == {"jobs": ("worker", "celery -A app worker", None)}
    assert found.backing["postgresql"].variables == ("DATABASE_URL",)
    assert sorted(found.backing) == ["postgresql", "redis"]
    assert found.variables["DATABASE_URL"].secret
    assert not found.variables["DEBUG"].secret


def test_compose_of_the_tree_speaks_of_a_service() -> None:
    found = read({"docker-compose.yml": COMPOSE, "web/package.json": "{}"}, root="web")
    assert value(found, "port") == 3000
    assert found.candidates["port"][0].evidence[0].path == "docker-compose.yml"


def test_compose_of_a_folder_between() -> None:
    files: dict[str, bytes | str] = {
        "shop/compose.yaml": "services: {a: {build: api, ports: ['1:81']}}",
        "shop/api/x": "",
    }
    found = read(files, root="shop/api")
    assert value(found, "port") == 81


def test_a_command_for_development_is_only_a_hint() -> None:
    found = read({"compose.yaml": "services: {web: {build: ., command: npm run dev, ports: ['${PORT:-80}:3000']}}"})
    assert value(found, "start") is None
    assert value(found, "port") == 3000


def test_the_stronger_file_wins() -> None:
    found = read(
        {
            ".slipway.toml": "port = 1",
            "Procfile": "web: gunicorn a:a",
            "fly.toml": "[http_service]\ninternal_port = 2\n[processes]\napp = 'gunicorn b:b'",
            "Dockerfile": "FROM x\nEXPOSE 3\nCMD gunicorn c:c",
        }
    )
    assert [row.value for row in found.candidates["port"]] == [1, 2, 3]
    assert [row.value.target for row in found.candidates["start"]] == ["a:a", "b:b", "c:c"]
    assert value(found, "start") == ("wsgi", "a:a")
