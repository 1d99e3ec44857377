"""Services come, change and go behind the gateway of the project, which nobody deploys meanwhile."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from tests.e2e.observer import Observer
from tests.e2e.project import ORIGIN, Project
from tests.e2e.running import Result, until

SECTION = """
[services.tiny]
source = "apps/tiny"
port = 8210
path = "/tiny"
public = true
desired = 1
min = 1
max = 1
"""


def asked(project: Project, path: str, host: str = "") -> tuple[int, http.client.HTTPMessage]:
    """Status and headers of one answer."""
    where = urlsplit(project.url(path))
    connection = http.client.HTTPConnection(where.hostname or "", where.port or 80, timeout=10)
    try:
        connection.request("GET", where.path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers
    finally:
        connection.close()


def status(project: Project, path: str) -> int:
    """Status of one answer."""
    return asked(project, path)[0]


def gateway(project: Project) -> set[str]:
    """The gateway's running tasks."""
    return {task["taskArn"] for task in project.tasks("gateway")}


def test_nothing_but_the_gateway_answers(project: Project, bootstrap: Result) -> None:
    """Whatever host a request names, and the port of the listener behind it too: the answer has the gateway's mark."""
    for host in ("", "shop.example.com", "shop.example.com:8081"):
        code, headers = asked(project, "/hello", host)
        assert (code, bool(headers["x-request-id"])) == (200, True), host
    assert status(project, "/nowhere") == 401


def test_a_service_comes_changes_and_goes_without_a_deploy_of_the_gateway(project: Project, bootstrap: Result) -> None:
    before, running = project.read("slipway.toml"), gateway(project)
    for name in ("app.py", "work.py", "Dockerfile"):
        project.write(f"apps/tiny/{name}", (ORIGIN / "tests/e2e/tiny" / name).read_text("utf-8"))
    project.write("apps/tiny/mode", "good\n")
    project.write("slipway.toml", before + SECTION)
    with Observer(project.url()) as seen:
        report = project.deploy("tiny").report
        assert (report["verdict"], report["services"]["tiny"]["url"]) == ("live", project.url("/tiny"))
        assert (status(project, "/tiny"), status(project, "/.gateway/health/tiny")) == (200, 200)
        tasks = project.tasks("tiny")

        project.set_key("services.tiny", "public", "false")
        assert project.deploy("tiny").report["services"]["tiny"]["path"] == "full"
        until(lambda: status(project, "/tiny"), lambda code: code == 401)
        assert status(project, "/.gateway/health/tiny") == 200
        assert [task["taskArn"] for task in project.tasks("tiny")] == [task["taskArn"] for task in tasks]

        project.run("remove-app", "tiny", "--yes")
        until(lambda: status(project, "/.gateway/health/tiny"), lambda code: code == 401)
    assert seen.answers
    assert seen.misses == []
    assert gateway(project) == running
    assert project.read("slipway.toml").strip() == before.strip()
