"""The verbs that look, and the one that removes everything."""

from __future__ import annotations

import json
import signal
import subprocess
import time

from tests.e2e import hello
from tests.e2e.observer import look
from tests.e2e.project import Project
from tests.e2e.running import Result, until


def test_status_tells_what_runs(project: Project) -> None:
    facts = json.loads(project.run("status", "--json").out)
    row = facts["services"]["hello"]
    assert (facts["target"], facts["account"]) == ("local", "000000000000")
    assert (row["desired"], row["running_wanted"], row["health"]) == (2, 2, "HTTP 200")
    assert row["image_tag"] == project.ask()["version"]
    assert row["url"] == project.url()
    text = project.run("status").out
    assert f"{row['image_tag']}   2 of 2 tasks, HTTP 200" in text
    assert "last deployment" in text


def test_logs_tell_what_the_application_said(project: Project) -> None:
    for _ in range(3):
        project.ask()
    lines = [json.loads(line) for line in project.run("logs", "hello", "--json").out.splitlines()]
    assert any('"GET / HTTP/1.1" 200' in line["message"] for line in lines), lines[-5:]
    assert {line["task"] for line in lines} >= {task["taskArn"].rpartition("/")[2] for task in project.tasks("hello")}


def test_logs_are_followed_until_interrupted(project: Project) -> None:
    follower = project.start("logs", "hello", "-f", "--json")
    try:
        end = time.monotonic() + 30
        while not any("GET /followed HTTP" in line for line in follower.lines):
            assert time.monotonic() < end, follower.lines[-5:]
            look(project.url("/hello/followed"))
            time.sleep(0.3)
    finally:
        follower.send(signal.SIGINT)
    follower.finish(expect=(0, 130))


def test_outputs_are_those_of_the_stacks(project: Project) -> None:
    outputs = json.loads(project.run("outputs", "--json").out)
    assert set(outputs) >= {"registry", "platform", "ledger", "analysis", "service-gateway", "service-hello"}
    assert outputs["platform"]["ClusterName"] == "slipway-local"
    assert outputs["service-hello"]["ServiceName"] == "hello"
    assert "LoadBalancerDns" in project.run("outputs").out


def test_the_own_command_line_of_the_cdk_sees_no_difference(project: Project) -> None:
    """As the README has it, with the endpoint and credentials that a local target gives the tool."""
    local = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{project.port}",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    words = ("npx", "cdk", "diff", "-c", "target=local")
    environment = {**project.environment, **local}
    done = subprocess.run(
        words, cwd=project.root, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    assert text.count("There were no differences") == len(json.loads(project.run("outputs", "--json").out)), text


def test_destroy_asks_first(project: Project) -> None:
    result = project.run("destroy", expect=3)
    assert "There is no undo." in result.out
    assert "add --yes" in result.err
    assert project.deploy().report["verdict"] == "unchanged"


def test_destroyed_and_deployed_again(project: Project, bootstrap: Result) -> None:
    assert bootstrap.code == 0
    url, services = project.url(), set(project.plan()["services"])
    project.run("destroy", "--yes")
    assert look(url).version is None
    left = project.client("cloudformation").describe_stacks()["Stacks"]
    assert [stack["StackName"] for stack in left] == ["CDKToolkit"]
    repositories = project.client("ecr").describe_repositories()["repositories"]
    assert not [row for row in repositories if row["repositoryName"].startswith("slipway-local/")]
    until(lambda: project.emulator()["containers"], lambda count: count == 0, 30)  # once the last one has drained
    assert project.plan()["path"] == "bootstrap"
    message = hello.edit(project)
    report = project.deploy().report
    assert (report["verdict"], report["path"], set(report["services"])) == ("live", "bootstrap", services)
    assert project.ask()["message"] == message
    assert project.run("diff").code == 0
