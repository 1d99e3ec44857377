"""Only policies changed: enforced by every gateway task about a second later, and no task and no stack is touched."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.project import Project
from tests.e2e.running import Result, until

FILE = "policies/gateway.cedar"
OPEN = """
@id("nowhere-is-open")
@description("Everybody may ask for what is not there")
permit (principal, action in Action::"read", resource in Path::"/nowhere");
"""


def status(project: Project, path: str) -> int:
    """What the gateway answers."""
    try:
        with urllib.request.urlopen(project.url(path), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def tasks(project: Project) -> set[str]:
    """The tasks that run."""
    return {row["taskArn"] for name in ("gateway", "hello") for row in project.tasks(name)}


def policies(project: Project) -> dict[str, object]:
    """What `policies --json` says."""
    return dict(json.loads(project.run("policies", "--json").out))


def test_policies_alone(project: Project, bootstrap: Result) -> None:
    """From denied to allowed and back."""
    assert project.deploy().report["verdict"] in ("live", "unchanged")
    first = policies(project)["live"]
    assert isinstance(first, dict)
    denied, running = status(project, "/nowhere"), tasks(project)
    assert denied == 401
    assert (status(project, f"/.gateway/policy/{first['version']}"), status(project, "/")) == (200, 200)
    assert status(project, "/.gateway/policy/pol-000000000000") == 401
    before = project.read(FILE)
    project.write(FILE, before + OPEN)
    try:
        assert project.plan()["path"] == "policy"
        report = project.deploy().report
        assert (report["verdict"], report["path"]) == ("live", "policy")
        assert status(project, "/nowhere") == 404
        assert tasks(project) == running
        assert not [call for call in report["calls"] if call.startswith("ecs:Update") or "cloudformation:Up" in call]
        shown = policies(project)
        assert {row["version"] for row in shown["tasks"]} == {shown["live"]["version"]}  # type: ignore[attr-defined, index]
        assert project.deploy().report["path"] == "none"
        assert json.loads(project.run("history", "--json", "--limit", "1").out)[0]["path"] == "policy"

        project.run("rollback-policies")
        assert status(project, "/nowhere") == denied
        assert policies(project)["live"]["version"] == first["version"]  # type: ignore[index]
    finally:
        project.write(FILE, before)
    assert project.deploy().report["path"] in ("policy", "none")


def test_a_bad_policy_changes_nothing(project: Project, bootstrap: Result) -> None:
    """It is refused by file and line, and what is live stays."""
    before, live = project.read(FILE), policies(project)["live"]
    project.write(FILE, before + OPEN.replace("/nowhere", "/nowhere/"))
    try:
        refused = project.run("deploy", "--json", expect=2)
        assert "policies" in refused.out or ".cedar" in refused.out
        assert policies(project)["live"] == live
    finally:
        project.write(FILE, before)


def test_the_verbs(project: Project, bootstrap: Result) -> None:
    """Check, explain, load without enforcing, ask offline."""
    assert "compiled and checked" in project.run("compile-policies", "--check").out
    assert "everybody" in project.run("compile-policies", "--explain").out.lower()
    dry = project.run("load-policies", "--dry-run").out
    assert "would be stored" in dry
    assert "allowed" in project.run("authorize", "GET", "/hello").out
    assert "denied" in project.run("authorize", "POST", "/nowhere", expect=3).out


def shown(project: Project, metric: str, **dimensions: str) -> float:
    """The sum of a metric of the gateway, of the last hours."""
    now = datetime.now(UTC)
    stat = {
        "Metric": {
            "Namespace": "Slipway/Gateway",
            "MetricName": metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        },
        "Period": 60,
        "Stat": "Sum",
    }
    asked: Any = {"MetricDataQueries": [{"Id": "a", "MetricStat": stat}]}
    answer = project.client("cloudwatch").get_metric_data(
        **asked, StartTime=now - timedelta(hours=3), EndTime=now + timedelta(minutes=2)
    )
    return float(sum(answer["MetricDataResults"][0]["Values"]))


def test_what_the_gateway_counts_arrives_where_the_dashboard_shows_it(project: Project, bootstrap: Result) -> None:
    """Last in this file: lines come once a minute, and most of it is over by now."""
    target = "slipway-local"
    for _ in range(3):
        assert (status(project, "/elsewhere"), status(project, "/hello")) == (401, 200)
    until(lambda: shown(project, "Denied", Target=target, Policy="_none"), lambda count: count >= 3, 90)
    until(lambda: shown(project, "Requests", Target=target, Service="hello"), lambda count: count >= 3, 90)
    body = project.client("cloudwatch").get_dashboard(DashboardName=f"{target}-gateway")["DashboardBody"]
    assert f'Target="{target}"' in json.dumps(
        [row["properties"]["metrics"] for row in json.loads(body)["widgets"]]
    ).replace("\\", "")
