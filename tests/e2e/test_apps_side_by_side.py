"""An app with a host, a worker, a schedule and secrets beside one with a path, on the embedded cloud."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.project import Project
from tests.e2e.running import Result, until

HOST = "shop.example.com"
APP = """
import json, os, signal, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KNOWN = {name: value for name, value in os.environ.items() if name.startswith(("SLIPWAY_", "OWN_"))}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({**KNOWN, "path": self.path, "host": self.headers["Host"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
if len(sys.argv) > 1:
    print(json.dumps({**KNOWN, "words": sys.argv[1:]}), flush=True)
    if sys.argv[1] == "work":
        threading.Event().wait()
else:
    ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""
DOCKERFILE = """FROM python:3.11-slim-bookworm
WORKDIR /app
ENTRYPOINT ["python3", "-u", "app.py"]
COPY app.py ./
"""
SETTINGS = """
name = "slipway"

[targets.local]
embedded = true
account = "000000000000"
region = "us-east-1"

[services.shop]
source = "apps/shop"
host = "{host}"
port = 8201
secrets = {{ OWN_KEY = "ssm:/shop/key", OWN_PASSWORD = "secretsmanager:shop/db", OWN_USER = "{arn}:user::" }}

[services.shop.workers.mail]
command = "python3 -u app.py work 'two words'"

[services.shop.schedules.nightly]
command = "python3 -u app.py report > /proc/1/fd/1; true"
schedule = "at({at})"

[services.blog]
source = "apps/blog"
path = "/blog"
port = 8202
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The apps' sources and the secrets, in a cloud where nothing is deployed."""
    made = Project.copy(tmp_path_factory.mktemp("apps"))
    try:
        for name in ("shop", "blog"):
            made.write(f"apps/{name}/app.py", APP)
            made.write(f"apps/{name}/Dockerfile", DOCKERFILE)
        made.run("local", "up")
        made.client("ssm").put_parameter(Name="/shop/key", Value="the key", Type="SecureString")
        keeper = made.client("secretsmanager")
        keeper.create_secret(Name="shop/db", SecretString="the password")
        arn = keeper.create_secret(Name="shop/user", SecretString='{"user": "ann"}')["ARN"]
        soon = datetime.now(UTC) + timedelta(seconds=60)
        made.write("slipway.toml", SETTINGS.format(host=HOST, arn=arn, at=soon.strftime("%Y-%m-%dT%H:%M:%S")))
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def deployed(project: Project) -> Result:
    """The first deploy of both."""
    return project.deploy()


def ask(project: Project, path: str, host: str | None = None) -> dict[str, Any]:
    """The answer of whoever the load balancer sends the request to."""
    request = urllib.request.Request(project.url(path), headers={"Host": host} if host else {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=5) as answer:
        return dict(json.load(answer))


def said(project: Project, process: str) -> list[dict[str, Any]]:
    """What a process of the shop printed."""
    rows = project.client("logs").filter_log_events(
        logGroupName="/slipway/slipway-local/shop", logStreamNamePrefix=f"shop-{process}/"
    )["events"]
    # The emulator takes no notice of the prefix.
    own = [row for row in rows if row["logStreamName"].startswith(f"shop-{process}/")]
    return [dict(json.loads(row["message"])) for row in own]


def ended(project: Project, family: str) -> list[dict[str, Any]]:
    """Tasks of a family that are over."""
    ecs = project.client("ecs")
    tasks = ecs.list_tasks(cluster="slipway-local", family=family, desiredStatus="STOPPED")["taskArns"]
    return list(ecs.describe_tasks(cluster="slipway-local", tasks=tasks)["tasks"]) if tasks else []


def test_both_are_live_at_their_addresses(project: Project, deployed: Result) -> None:
    assert deployed.report["verdict"] == "live"
    urls = {name: row["url"] for name, row in deployed.report["services"].items()}
    assert urls == {"shop": f"http://{HOST}/", "blog": project.url("/blog")}
    shop, blog = ask(project, "/a/b?c=d", HOST), ask(project, "/blog/a/b?c=d")
    assert (shop["SLIPWAY_SERVICE"], shop["path"], shop["host"]) == ("shop", "/a/b?c=d", HOST)
    assert (blog["SLIPWAY_SERVICE"], blog["path"]) == ("blog", "/a/b?c=d")
    assert (shop["SLIPWAY_PREFIX"], blog["SLIPWAY_PREFIX"]) == ("", "/blog")
    assert ask(project, "/blog", HOST)["SLIPWAY_SERVICE"] == "shop"
    status = json.loads(project.run("status", "--json").out)
    assert status["services"]["shop"]["health"] == "HTTP 200"


def test_the_container_sees_its_secrets_and_nobody_elses(project: Project, deployed: Result) -> None:
    shop, blog = ask(project, "/", HOST), ask(project, "/blog")
    own = {name: value for name, value in shop.items() if name.startswith("OWN_")}
    assert own == {"OWN_KEY": "the key", "OWN_PASSWORD": "the password", "OWN_USER": "ann"}
    assert not [name for name in blog if name.startswith("OWN_")]
    assert "the password" not in json.dumps([deployed.out, deployed.err])


def test_the_worker_runs_from_the_same_image(project: Project, deployed: Result) -> None:
    (line,) = until(lambda: said(project, "mail"), bool)
    assert line["words"] == ["work", "two words"]
    assert (line["SLIPWAY_PROCESS"], line["OWN_KEY"]) == ("mail", "the key")
    assert line["SLIPWAY_IMAGE_TAG"] == project.stack_tag("shop")
    assert {task["containers"][0]["imageDigest"] for task in project.tasks("shop-mail")} == {
        deployed.report["services"]["shop"]["digest"]
    }


def test_the_schedule_runs_at_its_time(project: Project, deployed: Result) -> None:
    (line,) = until(lambda: said(project, "nightly"), bool, 90)
    assert (line["words"], line["SLIPWAY_PROCESS"]) == (["report"], "nightly")
    (task,) = until(lambda: ended(project, "slipway-local-shop-nightly"), bool)
    assert task["containers"][0]["exitCode"] == 0


def test_a_new_version_is_rolled_in_all_processes(project: Project, deployed: Result) -> None:
    before = deployed.report["services"]["shop"]["image_tag"]
    project.write("apps/shop/app.py", APP + "# changed\n")
    again = project.deploy()
    row = again.report["services"]["shop"]
    assert (again.report["verdict"], row["path"]) == ("live", "fast")
    assert row["image_tag"] != before
    assert ask(project, "/", HOST)["SLIPWAY_IMAGE_TAG"] == row["image_tag"]
    assert said(project, "mail")[-1]["SLIPWAY_IMAGE_TAG"] == row["image_tag"]
    assert project.plan()["path"] == "none"
    target = project.client("scheduler").get_schedule(Name="shop-nightly", GroupName="slipway-local-shop")["Target"]
    definition = target["EcsParameters"]["TaskDefinitionArn"]
    container = project.client("ecs").describe_task_definition(taskDefinition=definition)["taskDefinition"]
    assert container["containerDefinitions"][0]["image"].endswith(f":{row['image_tag']}")
