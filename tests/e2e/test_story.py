"""The main story on a real embedded cloud: from nothing to live, and every later change by its shortest path."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.e2e import hello
from tests.e2e.observer import Observer
from tests.e2e.project import ORIGIN, Project
from tests.e2e.running import Result, until
from tests.e2e.spy import Spy

STAGES = ["prepare", "source", "analyze", "build", "push", "update", "rollout", "verify"]


def stages(result: Result) -> list[str]:
    """Stages that began, each once, in order."""
    return list(dict.fromkeys(event["stage"] for event in result.kind("stage")))


def assert_clean(project: Project) -> None:
    """CloudFormation holds what synthesis gives."""
    result = project.run("diff", expect=(0, 1))
    assert result.code == 0, result


def test_bootstrap_brings_an_empty_cloud_live(project: Project, bootstrap: Result) -> None:
    report = bootstrap.report
    assert (report["verdict"], report["path"], report["target"]) == ("live", "bootstrap", "local")
    assert set(report["services"]) == {"gateway", "hello"}
    for name, row in report["services"].items():
        assert re.fullmatch(r"src-[0-9a-f]{12}", row["image_tag"])
        assert {task["containers"][0]["imageDigest"] for task in project.tasks(name)} == {row["digest"]}
    answer = project.ask()
    assert answer["version"] == report["services"]["hello"]["image_tag"]
    assert answer["service"] == "hello"
    assert report["services"]["hello"]["url"] == project.url()
    assert_clean(project)


def test_again_changes_nothing(project: Project) -> None:
    result = project.deploy()
    assert result.report["verdict"] == "unchanged"
    assert result.report["path"] == "none"
    assert result.report["mutating_calls"] == 0
    assert stages(result) == STAGES[:3]
    assert result.report["services"]["hello"]["url"] == project.url()


def test_one_line_takes_the_fast_path_without_node_or_cdk(project: Project, tmp_path: Path) -> None:
    message, spy = hello.edit(project), Spy(tmp_path)
    before = project.stack_tag("hello")
    with Observer(project.url()) as seen:
        result = project.deploy(env=spy.environment(project))
    row = result.report["services"]["hello"]
    assert (result.report["verdict"], row["path"]) == ("live", "fast")
    assert row["reason"] == f"1 file changed: {before} to {row['image_tag']}"
    assert result.report["services"]["gateway"]["path"] == "none"
    assert stages(result) == STAGES
    assert project.ask()["message"] == message
    assert project.ask()["version"] == row["image_tag"] == project.stack_tag("hello")
    assert seen.versions <= {before, row["image_tag"]}
    assert not seen.misses, seen.misses
    assert spy.argvs, "the spy saw no process"
    assert not [line for line in spy.argvs if "app.py" in line or line.startswith("node")], spy.argvs
    assert not spy.modules
    assert_clean(project)


def test_a_setting_takes_the_full_path(project: Project) -> None:
    before = project.stack_tag("hello")
    hello.set_up_differently(project)
    refused = project.run("deploy-fast", "--json", expect=3)
    assert "hello: stack code, settings or CDK version changed" in refused.error["what"]
    assert "./poe deploy" in refused.error["remedy"]
    with Observer(project.url()) as seen:
        report = project.deploy().report
    row = report["services"]["hello"]
    assert (report["verdict"], row["path"], row["image_tag"]) == ("live", "full", before)
    assert report["services"]["gateway"]["path"] == "none"
    assert not seen.misses, seen.misses
    assert_clean(project)


def test_bootstrap_is_refused_where_a_registry_exists(project: Project) -> None:
    hello.edit(project)
    result = project.run("deploy-bootstrap", "--json", expect=3)
    assert result.error["what"] == "the target has image repositories already"
    assert project.deploy().report["verdict"] == "live"


def test_comments_in_stack_code_do_not_count(project: Project) -> None:
    text = project.read("stacks/service.py")
    project.write("stacks/service.py", f"# A remark.\n{text}\n\n# Another one.\n")
    try:
        report = project.deploy().report
    finally:
        project.write("stacks/service.py", text)
    assert (report["verdict"], report["path"], report["mutating_calls"]) == ("unchanged", "none", 0)


def test_only_the_named_service_is_deployed(project: Project) -> None:
    page = project.read("envoy/index.html")
    gateway = project.stack_tag("gateway")
    message = hello.edit(project)
    project.write("envoy/index.html", page + "<!-- later -->\n")
    try:
        report = project.deploy("hello").report
        assert list(report["services"]) == ["hello"]
        assert project.ask()["message"] == message
        assert project.stack_tag("gateway") == gateway
        assert project.plan()["services"]["gateway"]["path"] == "fast"
    finally:
        project.write("envoy/index.html", page)
    assert project.plan()["path"] == "none"


def test_a_service_that_comes_later_is_built_inline(project: Project) -> None:
    shutil.copytree(ORIGIN / "tests/e2e/tiny", project.root / "tiny", ignore=shutil.ignore_patterns("__pycache__"))
    project.write("tiny/mode", "fine\n")
    project.write(
        "slipway.toml",
        project.read("slipway.toml")
        + '\n[services.later]\nsource = "tiny"\nport = 8100\npath = "/later"\npublic = true\n',
    )
    report = project.deploy().report
    row = report["services"]["later"]
    assert (report["verdict"], row["path"], row["reason"]) == ("live", "full", "the service has no stack yet")
    assert report["services"]["hello"]["path"] == "none"
    assert project.ask("/later")["version"] == row["image_tag"]
    assert_clean(project)


def test_a_task_killed_by_hand_comes_back(project: Project) -> None:
    task = project.tasks("hello")[0]
    project.client("ecs").stop_task(cluster="slipway-local", task=task["taskArn"], reason="by hand")
    report = project.deploy().report
    assert report["verdict"] in ("live", "unchanged")
    left = until(lambda: project.tasks("hello"), lambda tasks: len(tasks) == 2)
    assert task["taskArn"] not in [row["taskArn"] for row in left]
    assert {row["containers"][0]["imageDigest"] for row in left} == {report["services"]["hello"]["digest"]}
    assert project.deploy().report["verdict"] == "unchanged"
