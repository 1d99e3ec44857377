"""The gateway as a deployed service: its tasks enforce what is published, and say so."""

from __future__ import annotations

import urllib.error
import urllib.request

from scripts.engine.items import unpack
from tests.e2e.project import Project
from tests.e2e.running import Result, until

ENVIRONMENT = '{ SLIPWAY_GATEWAY_TABLE = "slipway-local-gateway" }'


def status(project: Project, path: str) -> int:
    """Status of an answer through the load balancer."""
    try:
        with urllib.request.urlopen(project.url(path), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


def reports(project: Project) -> dict[str, str]:
    """Task -> version that it reports."""
    rows = project.client("dynamodb").scan(TableName="slipway-local-gateway")["Items"]
    items = [unpack(row) for row in rows]
    return {item["sk"]: item["version"] for item in items if item["pk"] == "gateway-tasks"}


def test_tasks_enforce_and_report_what_is_published(project: Project, bootstrap: Result) -> None:
    assert bootstrap.report["verdict"] == "live"
    project.set_key("services.gateway", "environment", ENVIRONMENT)
    assert project.deploy().report["verdict"] in ("live", "unchanged")
    running = {task["taskArn"].rpartition("/")[2] for task in project.tasks("gateway")}
    until(lambda: reports(project), lambda found: running <= found.keys())
    project.run("compile-policies")
    versions = {version for task, version in reports(project).items() if task in running}
    assert len(versions) == 1
    (version,) = versions
    assert status(project, f"/.gateway/policy/{version}") == 200
    assert status(project, "/.gateway/policy/pol-000000000000") == 401
    assert (status(project, "/"), status(project, "/nothing")) == (200, 401)
