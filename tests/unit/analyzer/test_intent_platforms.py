"""What platforms are told in their files becomes candidates: each format read right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.analyzer.intent_service import processes, read, value

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
