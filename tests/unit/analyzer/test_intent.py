"""What people declare in files becomes candidates: each format read right, the stronger first, rubbish harmless."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer import intent
from analyzer.findings import Findings
from analyzer.model import Start
from analyzer.project import Project
from analyzer.resolve import resolve
from analyzer.source.view import of_memory


def read(files: dict[str, bytes | str], root: str = ".") -> Findings:
    project = Project(of_memory(files), root, Findings())
    intent.read(project)
    return project.findings


def value(findings: Findings, name: str) -> Any:
    found = resolve(findings)[name].value
    return (found.kind, found.target) if isinstance(found, Start) else found


def processes(findings: Findings) -> dict[str, tuple[str, str, str | None]]:
    return {row.name: (row.kind, row.command, row.schedule) for row in findings.processes.values()}


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


FLY = """\
app = "shop"
[env]
  PORT = "8080"
  SECRET_KEY = "x"
[processes]
  web = "node server.js"
  jobs = "node jobs.js"
[deploy]
  release_command = "npx prisma migrate deploy"
[http_service]
  internal_port = 8080
  processes = ["web"]
  [[http_service.checks]]
    path = "/up"
[build]
  dockerfile = "./deploy/Dockerfile"
"""


def test_fly() -> None:
    found = read({"fly.toml": FLY, "deploy/Dockerfile": "FROM x\nEXPOSE 1"})
    assert value(found, "port") == 8080
    assert value(found, "health_path") == "/up"
    assert value(found, "start") == ("node-file", "server.js")
    assert processes(found)["release"] == ("release", "npx prisma migrate deploy", None)
    assert processes(found)["jobs"] == ("worker", "node jobs.js", None)
    assert found.details["dockerfile"] == "deploy/Dockerfile"
    assert found.variables["SECRET_KEY"].secret
    assert found.candidates["port"][0].evidence[0].line == 11


RENDER = """\
databases: [{name: db}]
services:
  - type: web
    runtime: python
    buildCommand: pip install -r requirements.txt && python manage.py collectstatic --noinput
    startCommand: gunicorn shop.wsgi
    healthCheckPath: /health
    preDeployCommand: python manage.py migrate
    envVars:
      - {key: DATABASE_URL, fromDatabase: {name: db, property: connectionString}}
      - {key: PORT, value: 10000}
  - {type: worker, name: jobs, startCommand: celery worker}
  - {type: cron, name: nightly, schedule: "0 3 * * *", startCommand: python nightly.py}
  - {type: keyvalue, name: kv}
  - {type: web, runtime: static, rootDir: site, buildCommand: npm ci, staticPublishPath: dist}
"""


def test_render() -> None:
    found = read({"render.yaml": RENDER})
    assert value(found, "start") == ("wsgi", "shop.wsgi:application")
    assert value(found, "build_command") == "python manage.py collectstatic --noinput"
    assert value(found, "health_path") == "/health"
    assert value(found, "port") == 10000
    assert value(found, "language") == "python"
    assert processes(found) == {
        "release": ("release", "python manage.py migrate", None),
        "jobs": ("worker", "celery worker", None),
        "nightly": ("scheduled", "python nightly.py", "0 3 * * *"),
    }
    assert found.backing["postgresql"].variables == ("DATABASE_URL",)
    assert "redis" in found.backing


def test_render_of_a_service_in_a_folder() -> None:
    found = read({"render.yaml": RENDER, "site/index.html": ""}, root="site")
    assert value(found, "kind") == "static"
    assert value(found, "output_dir") == "dist"
    assert value(found, "build_command") is None


PLATFORMS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "railway.json",
        '{"deploy": {"startCommand": "npm start", "healthcheckPath": "/ok", "preDeployCommand": ["npm run migrate"]}}',
        {"start": ("package-script", "start"), "health_path": "/ok"},
    ),
    ("railway.toml", '[build]\nbuildCommand = "npm run build"', {"build_command": "npm run build"}),
    (
        "railpack.json",
        '{"provider": "python", "deploy": {"startCommand": "python x.py"}, "steps": {"build": {"commands": ["..."]}}}',
        {"start": ("python-file", "x.py"), "language": "python", "build_command": None},
    ),
    (
        "nixpacks.toml",
        'providers = ["node"]\n[start]\ncmd = "node x.js"',
        {"start": ("node-file", "x.js"), "language": "node"},
    ),
    ("nixpacks.json", '{"providers": ["node", "python"], "start": {"cmd": "node x.js"}}', {"language": None}),
    ("zbpack.json", '{"start_command": "node x.js", "output_dir": "./dist/"}', {"output_dir": "dist"}),
    (
        "apprunner.yaml",
        "run: {command: python app.py, network: {port: 8000}, env: [{name: A, value: b}]}",
        {"start": ("python-file", "app.py"), "port": 8000},
    ),
    ("vercel.json", '{"buildCommand": "npm run make", "outputDirectory": "www"}', {"output_dir": "www"}),
    (
        "netlify.toml",
        '[build]\ncommand = "npm ci && npm run build"\npublish = ".next"',
        {"build_command": "npm run build", "output_dir": None},
    ),
    (
        "app.yaml",
        "runtime: python39\nentrypoint: gunicorn main:app\nreadiness_check: {path: /ready}\n",
        {"start": ("wsgi", "main:app"), "runtime_version": "3.9", "language": "python", "health_path": "/ready"},
    ),
    ("app.yaml", "runtime: nodejs20\n", {"runtime_version": "20", "language": "node"}),
    ("app.yaml", "runtime: go122\n", {"runtime_version": "1.22", "language": "go"}),
    (
        "app.yaml",
        "runtime: python\nenv: flex\nruntime_config:\n  python_version: 3.10\n",
        {"runtime_version": "3.10", "language": "python"},
    ),
    ("app.yaml", "runtime: python\nruntime_config:\n  python_version: 3\n", {"runtime_version": None}),
    (
        "app.yaml",
        "runtime: aspnetcore\nruntime_config:\n  runtime_version: 6\n",
        {"runtime_version": "6", "language": "dotnet"},
    ),
    ("app.yaml", "runtime: python27\nhandlers: [{url: /, static_dir: www}]\n", {"language": None, "kind": "static"}),
    ("app.yaml", "name: other\nservices: []\n", {"language": None, "start": None}),
    (
        "project.toml",
        '[[build.env]]\nname = "GOOGLE_ENTRYPOINT"\nvalue = "python x.py"',
        {"start": ("python-file", "x.py")},
    ),
    ("project.toml", '[[io.buildpacks.build.env]]\nname = "PORT"\nvalue = 81', {"port": 81}),
    (
        "project.toml",
        "[build]\nenv = [{name = 'GOOGLE_RUNTIME', value = 'nodejs'}, {name = 'GOOGLE_RUNTIME_VERSION', value = 20}]",
        {"language": "node", "runtime_version": "20"},
    ),
    ("project.toml", '[[build.env]]\nname = "BP_CPYTHON_VERSION"\nvalue = "3.11.*"', {"runtime_version": "3.11"}),
    ("project.toml", '[[build.env]]\nname = "BP_NODE_VERSION"\nvalue = ">=18"', {"runtime_version": None}),
    (
        "project.toml",
        '[[build.env]]\nname = "BP_LAUNCHPOINT"\nvalue = "./src/x.js"',
        {"start": ("node-file", "./src/x.js")},
    ),
    ("vercel.json", '{"framework": "nextjs"}', {"framework": "next"}),
    ("vercel.json", '{"framework": "docusaurus-2"}', {"framework": "docusaurus"}),
    ("vercel.json", '{"framework": null}', {"framework": None}),
    ("compose.yaml", "services: {worker: {build: .}}", {"kind": "worker"}),
    ("compose.yaml", "services: {worker: {build: ., ports: ['80']}}", {"kind": None, "port": 80}),
    ("heroku.yml", "run: {web: npm start, worker: {command: [npm run jobs]}}", {"start": ("package-script", "start")}),
    ("app.json", '{"expo": {"name": "x"}}', {"start": None, "language": None}),
    (
        ".do/app.yaml",
        "spec: {services: [{run_command: npm start, http_port: 8080, health_check: {http_path: /h}, source_dir: /}]}",
        {"start": ("package-script", "start"), "port": 8080, "health_path": "/h"},
    ),
]


@pytest.mark.parametrize(("path", "text", "wanted"), PLATFORMS)
def test_platforms(path: str, text: str, wanted: dict[str, Any]) -> None:
    found = read({path: text})
    assert {name: value(found, name) for name in wanted} == wanted


def test_a_service_that_runs_by_the_clock() -> None:
    found = read({"railway.json": '{"deploy": {"startCommand": "node x.js", "cronSchedule": "0 * * * *"}}'})
    assert value(found, "kind") == "worker"
    assert processes(found) == {"scheduled": ("scheduled", "node x.js", "0 * * * *")}


def test_app_json() -> None:
    text = """{"env": {"SECRET": {"generator": "secret"}, "A": "b", "B": {"x": 1},
      "C": {"required": false}},
      "addons": ["heroku-postgresql:mini", {"plan": "rediscloud"}], "healthchecks": {"web": [{"path": "/up"}]},
      "cron": [{"command": "rake x", "schedule": "0 0 * * *"}],
      "scripts": {"dokku": {"predeploy": "rake db:migrate"}}}"""
    found = read({"app.json": text})
    assert {name: (row.required, row.secret) for name, row in found.variables.items()} == {
        "SECRET": (True, True),
        "A": (False, False),
        "B": (True, False),
        "C": (False, False),
    }
    assert sorted(found.backing) == ["postgresql", "redis"]
    assert value(found, "health_path") == "/up"
    assert processes(found)["cron-1"] == ("scheduled", "rake x", "0 0 * * *")


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


NAMES = (
    *(
        "Procfile",
        "fly.toml",
        "render.yaml",
        "railway.json",
        "railway.toml",
        "railpack.json",
        "nixpacks.toml",
        "zbpack.json",
    ),
    *(
        "apprunner.yaml",
        "vercel.json",
        "netlify.toml",
        "app.yaml",
        "app.json",
        "heroku.yml",
        "project.toml",
        "Dockerfile",
    ),
    *("compose.yaml", ".do/app.yaml"),
)
RUBBISH: list[bytes | str] = [
    *(
        "",
        "\0\1",
        "[",
        "{}",
        "[]",
        "- a\n- b",
        "a: [",
        "]]>",
        "\ufeff",
        b"\xff\xfe\x00\xd8",
        "x\r\n\r\n",
        "web:",
        ": x",
        "FROM",
    ),
    *(
        "services: 1",
        "services: {a: 1, b: {build: 1}, c: {build: {context: [1]}}}",
        "env: 3\nruntime: [1]",
        "run: {web: {command: 4}}",
    ),
    '{"deploy": 1, "build": [], "env": {"A B": 1}, "addons": [1, {}], "cron": "x", "provider": 5, "start": 7}',
    '{"deploy": {"startCommand": {"a": 1}, "healthcheckPath": 5}, "healthchecks": {"web": [1]}, "outputDirectory": []}',
    "[deploy]\nstartCommand = 3\n[http_service]\ninternal_port = 'x'\nprocesses = 4\n[processes]\nweb = 1",
    "services: [1, {type: [1], startCommand: {a: b}, envVars: [x, {key: 1}], rootDir: 5, schedule: 1}]\ndatabases: x",
    "handlers: [1]\nruntime: python\nruntime_config: 5\nentrypoint: [x]\nenv_variables: []",
    "FROM\nFROM a AS\nEXPOSE x $Y\nCMD [1]\nENTRYPOINT []\nENV A\nHEALTHCHECK\nRUN <<EOF\nnever ends",
    "services: {a: {build: '../..', ports: x}, b: {build: ., ports: [1.5, null, {target: x}], environment: 4}}",
]


@pytest.mark.parametrize("text", RUBBISH)
def test_rubbish_is_harmless(text: bytes | str) -> None:
    for name in NAMES:
        found = read({name: text, "web/x": ""})
        resolve(found)
        read({name: text, "web/x": ""}, root="web")


def test_duplicates_deep_nesting_and_long_lines_are_harmless() -> None:
    deep = "[" * 3000
    files: dict[str, bytes | str] = dict.fromkeys(NAMES, deep)
    assert value(read(files), "start") is None
    files = dict.fromkeys(NAMES, "a" * 200000)
    read(files)
