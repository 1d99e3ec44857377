"""Things of the machine that fail: the engine, the emulator, its port, the disk, permissions, credentials."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.observer import look
from tests.e2e.project import Project
from tests.e2e.running import Result, begins
from tests.e2e.workshop import LANES, Lane, Workshop

FULL_DISK = "FROM python:3.11-slim-bookworm\nCOPY mode /\nRUN cat /dev/zero > /dev/shm/{}\n"
SMALL = 'mkdir -p {0} && mount -t tmpfs -o size=32k tmpfs {0} && shift && exec "$@"'
"""A shell command in front of another: the disk at a folder is small for that one alone."""
UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""Permissions count for root too."""


def everything(project: Project) -> dict[str, str | None]:
    """Service -> version that answers."""
    return {name: look(project.url(f"/{name}")).version for name in LANES}


def assert_settled(project: Project, result: Result) -> None:
    """Every service runs what the deploy wanted, in as many tasks as wanted, and nothing is left to do."""
    assert result.report["verdict"] in ("live", "unchanged"), result
    wanted = {name: row["image_tag"] for name, row in result.report["services"].items()}
    assert everything(project) == wanted
    assert project.deploy().report["verdict"] == "unchanged"
    assert project.emulator()["containers"] == 2 * len(LANES)


def test_the_engine_does_not_answer(workshop: Workshop) -> None:
    before = everything(workshop.project)
    result = workshop.project.deploy(expect=4, env={"DOCKER_HOST": "unix:///nonexistent"})
    assert result.error["what"] == "no Docker engine answers at unix:///nonexistent"
    assert result.error["remedy"] == "start that engine, or unset DOCKER_HOST to use the one of this machine"
    assert everything(workshop.project) == before


def test_the_emulator_is_killed_between_deploys(workshop: Workshop) -> None:
    project, before = workshop.project, everything(workshop.project)
    project.kill_cloud()
    result = project.deploy()
    assert f"starting the embedded cloud on port {project.port}" in [row["text"] for row in result.kind("notice")]
    assert_settled(project, result)
    assert everything(project) == before


def test_the_emulator_is_killed_during_a_rollout(workshop: Workshop) -> None:
    with workshop.lane() as lane:
        before = lane.tag
        lane.make()
        command = lane.start()
        command.wait_for(begins("rollout"))
        lane.project.kill_cloud()
        result = command.finish(expect=75)
        assert "no answer for" in result.error["what"]
        assert "./poe deploy" in result.error["remedy"]
        finished = lane.deploy()
        assert finished.report["verdict"] == "live"
        assert lane.tag != before
        assert {answer.version for answer in lane.answers()} == {lane.tag}
    assert_settled(workshop.project, workshop.project.deploy())


def test_the_port_is_taken(workshop: Workshop) -> None:
    project, before, port = workshop.project, everything(workshop.project), workshop.project.port
    project.kill_cloud()
    squatter = ThreadingHTTPServer(("0.0.0.0", port), BaseHTTPRequestHandler)
    threading.Thread(target=squatter.serve_forever, daemon=True).start()
    try:
        result = project.deploy()
    finally:
        squatter.shutdown()
        squatter.server_close()
    assert project.port != port
    said = [row["text"] for row in result.kind("notice")]
    assert f"port {port} is taken by another program; the embedded cloud moves to {project.port}" in said
    assert_settled(project, result)
    assert everything(project) == before


def test_the_disk_is_full_for_synthesis(workshop: Workshop) -> None:
    with workshop.lane() as lane:
        before = lane.tag
        lane.change_setting()
        small = SMALL.format(lane.project.state / "cdk.out")
        prefix = ("unshare", "--map-root-user", "--mount", "sh", "-c", small, "sh", "--")
        result = lane.project.run("deploy", "--json", lane.name, expect=4, prefix=prefix)
        assert (result.error["what"], result.error["where"]) == ("no space left on device", "synthesis")
        assert "free disk space" in result.error["remedy"]
        assert lane.tag == before
        assert {answer.version for answer in lane.answers()} == {before}
        finished = lane.deploy()
        assert (finished.report["verdict"], finished.report["path"]) == ("live", "full")


def test_the_disk_is_full_for_the_build(workshop: Workshop) -> None:
    with workshop.lane() as lane:
        before = lane.tag
        lane.make(dockerfile=FULL_DISK.format(lane.name))
        result = lane.deploy(expect=4)
        assert (result.error["what"], result.error["where"]) == ("no space left on device", f"build {lane.name}")
        assert "free disk space" in result.error["remedy"]
        assert lane.tag == before
        lane.make()
        assert lane.deploy().report["verdict"] == "live"


@pytest.fixture
def unstarted(tmp_path: Path) -> Iterator[Project]:
    """A copy whose cloud was never started."""
    made = Project.copy(tmp_path / "unstarted")
    (made.state / "port").unlink()
    made.state.rmdir()
    made.state.parent.rmdir()
    yield made
    made.root.chmod(0o755)
    made.remove()


def test_no_permission_to_write(unstarted: Project) -> None:
    unstarted.root.chmod(0o555)
    prefix = UNPRIVILEGED if os.geteuid() == 0 else ()
    for verb in (("deploy",), ("local", "up")):
        result = unstarted.run(*verb, expect=4, prefix=prefix)
        assert f"error: {unstarted.root}/.slipway: no permission" in result.err
        assert "next: run as the owner of that file" in result.err
        assert "Traceback" not in result.err
    assert not (unstarted.root / ".slipway").exists()


def test_the_wrong_account_is_refused(unstarted: Project, workshop: Workshop) -> None:
    other = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{workshop.project.port}",
        "AWS_ACCESS_KEY_ID": "222222222222",
        "AWS_SECRET_ACCESS_KEY": "none",
    }
    said = "account: the credentials are of 222222222222, but target 'staging' is 111111111111"
    verbs = ["plan", "deploy", "deploy --dry-run", "status", "diff", "outputs", "logs hello", "destroy --yes"]
    for verb in [*verbs, "build hello --push"]:
        result = unstarted.run(*verb.split(), "--target", "staging", expect=3, env=other)
        assert f"error: {said}" in result.err, (verb, result)
        assert "choose another AWS profile or target" in result.err
    stacks = Lane(workshop.project, LANES[0]).project.client("cloudformation").describe_stacks()["Stacks"]
    assert not [stack for stack in stacks if "staging" in stack["StackName"]]


def test_the_wrong_region_is_refused(unstarted: Project) -> None:
    result = unstarted.run("plan", "--target", "staging", expect=3, env={"AWS_REGION": "us-east-1"})
    assert "error: region: AWS_REGION is us-east-1, but target 'staging' is in eu-central-1" in result.err
