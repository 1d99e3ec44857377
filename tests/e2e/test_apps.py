"""Applications that were never seen before: from git URLs to live, listed, broken, rolled back, killed, removed.

One cloud for the file; its tests are a story and run in their order.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tomllib
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.analyzer.git_server import GitServer, git, serving
from tests.e2e.project import ORIGIN, Project
from tests.e2e.running import Result, begins, until

HEAD = """# what the operator wrote
name = "slipway"

[targets.local] # the machine under the desk
embedded = true
account = "000000000000"
region = "us-east-1"

[services.anchor]
source = "anchor"
"""
SIZES = {"desired": 1, "min": 1, "max": 2}


@dataclass(frozen=True)
class App:
    """One repository and how it is asked for."""

    name: str
    example: str
    words: tuple[str, ...] = ()
    proof: str = ""
    """What an answer holds."""
    edit: str = ""
    """File that a new commit changes."""


APPS = (
    App("notes", "python-fastapi-release", proof='"notes"', edit="main.py"),
    App("shortener", "node-express", edit="server.js"),
    App("pages", "static-site", proof="<html", edit="index.html"),
    App("stock", "mixed-monorepo", ("--service", "api", "--name", "stock"), '"apples"', "api/main.py"),
    App("queue", "python-worker", proof='"queue"', edit="web.py"),
)


@dataclass
class Town:
    """The project, the git server, and the working copies behind it."""

    project: Project
    server: GitServer
    work: Path
    first: dict[str, Result] = field(default_factory=dict)

    def url(self, name: str, way: str = "open") -> str:
        return f"{self.server.url}/{way}/{name}.git"

    def commit(self, name: str, path: str, text: str) -> str:
        """A commit on the server."""
        folder = self.work / name
        (folder / path).write_text(text, "utf-8")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", f"change {path}")
        git(folder, "push", "-q", "origin", "HEAD")
        return git(folder, "rev-parse", "HEAD")

    def change(self, app: App) -> str:
        """A commit that changes what the application is made of, and nothing of what it does."""
        text = (self.work / app.name / app.edit).read_text("utf-8")
        mark = {"js": "// {}\n", "html": "<!-- {} -->\n"}.get(app.edit.rpartition(".")[2], "# {}\n")
        return self.commit(app.name, app.edit, text + mark.format(os.urandom(4).hex()))

    def deploy(self, *words: str, expect: int | tuple[int, ...] | None = 0) -> Result:
        return self.project.run("deploy-app", "--json", *words, expect=expect)

    def row(self, name: str) -> dict[str, Any]:
        services: dict[str, Any] = tomllib.loads(self.project.read("slipway.toml"))["services"]
        return dict(services[name])

    def answer(self, name: str) -> str:
        """The body of one good answer; an error as text where there is none."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.project.url(f"/{name}/"), timeout=10) as found:
                return str(found.read().decode("utf-8"))
        except OSError as error:
            return f"{type(error).__name__}: {error}"

    def listed(self) -> dict[str, Any]:
        return {row["name"]: row for row in json.loads(self.project.run("apps", "--json").out)}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Five repositories on a server, none of them deployed."""
    folder = tmp_path_factory.mktemp("town")
    for app in APPS:
        work = folder / "work" / app.name
        shutil.copytree(ORIGIN / "examples/apps" / app.example, work)
        stated = work / ".slipway.toml"
        if not stated.exists():
            stated.write_text("".join(f"{key} = {value}\n" for key, value in SIZES.items()))
        git(work, "init", "-q")
        git(work, "add", "-A")
        git(work, "commit", "-qm", "one")
        git(folder, "clone", "-q", "--bare", str(work), f"repositories/{app.name}.git")
        git(work, "remote", "add", "origin", str(folder / f"repositories/{app.name}.git"))
    project = Project.copy(tmp_path_factory.mktemp("project"))
    project.write("slipway.toml", HEAD)
    with serving(folder / "repositories") as server:
        try:
            yield Town(project, server, folder / "work")
        finally:
            project.remove()


@pytest.fixture(scope="module")
def live(town: Town) -> Town:
    """All five deployed from their URLs, one after the other."""
    for app in APPS:
        town.first[app.name] = town.deploy(town.url(app.name), *app.words)
    return town


def test_five_applications_go_live_from_their_urls(live: Town) -> None:
    for app in APPS:
        assert live.first[app.name].report["verdict"] == "live"
        assert app.proof in live.answer(app.name), app.name
        row = live.row(app.name)
        assert row["commit"] == git(live.work / app.name, "rev-parse", "HEAD")
        assert (row["repository"], row["path"]) == (live.url(app.name), f"/{app.name}")
    assert live.project.read("slipway.toml").startswith(HEAD.rstrip())
    assert live.row("notes")["app"]["release"] == "python migrate.py"
    assert live.row("stock")["source"] == "api"
    assert live.row("queue")["app"]["schedules"]["nightly"]["schedule"] == "cron(0 3 * * ? *)"
    worker = live.project.tasks("queue-worker")
    assert worker[0]["containers"][0]["imageDigest"] == live.project.tasks("queue")[0]["containers"][0]["imageDigest"]


def test_they_are_listed(live: Town) -> None:
    rows = live.listed()
    assert rows.keys() == {"anchor", *(app.name for app in APPS)}
    assert rows["queue"]["workers"] == ["worker"]
    assert rows["notes"]["commit"] == live.row("notes")["commit"]
    assert rows["notes"]["state"].startswith("1 of 1 task, HTTP 200")
    assert "notes" in live.project.run("apps").out


def test_the_second_commit_takes_the_fast_path(live: Town) -> None:
    commit = live.change(APPS[0])
    result = live.deploy("notes")
    assert result.report["path"] == "fast"
    assert live.row("notes")["commit"] == commit
    history = json.loads(live.project.run("history", "notes", "--json").out)
    assert history[0]["services"]["notes"]["commit"]["id"] == commit
    assert live.deploy("notes").report["verdict"] == "unchanged"


def test_a_machine_without_the_commit_fetches_exactly_that(live: Town) -> None:
    shutil.rmtree(live.project.root / ".slipway/sources")
    live.change(APPS[0])  # not what slipway.toml says
    assert live.project.plan("notes")["path"] == "none"


def test_a_commit_that_crashes_is_rolled_back(live: Town) -> None:
    tag = live.project.stack_tag("notes")
    text = (live.work / "notes/main.py").read_text("utf-8")
    live.commit("notes", "main.py", text + "\nraise SystemExit('broken')\n")
    result = live.deploy("notes", expect=5)
    assert result.report["verdict"] == "rolled_back"
    assert live.project.stack_tag("notes") == tag
    assert '"notes"' in live.answer("notes")
    live.commit("notes", "main.py", text)


def test_rollback_goes_to_the_version_before(live: Town) -> None:
    app = APPS[4]
    before = live.project.stack_tag(app.name)
    live.change(app)
    live.deploy(app.name)
    assert live.project.stack_tag(app.name) != before
    shutil.rmtree(live.project.root / ".slipway/sources")
    assert live.project.run("rollback", "--json", app.name).report["verdict"] == "live"
    assert live.project.stack_tag(app.name) == before


def test_drift_of_the_application_s_own_file_is_told(live: Town) -> None:
    folder = live.project.root / "own"
    shutil.copytree(live.work / "pages", folder, ignore=shutil.ignore_patterns(".git"))
    result = live.deploy(str(folder), "--dry-run", "--name", "own")
    assert result.only("plan")["services"]["own"]["path"] == "full"
    text = live.project.read("slipway.toml")
    section = (
        f'{text}\n[services.own]\nsource = "own"\npath = "/own"\n\n[services.own.app]\ncpu = 1024\nmemory = 2048\n'
    )
    live.project.write("slipway.toml", section)
    (folder / ".slipway.toml").write_text("cpu = 256\n")
    warnings = live.project.plan("own")["warnings"]
    live.project.write("slipway.toml", text)
    assert any("./poe deploy-app own applies it" in row["text"] for row in warnings)


@pytest.mark.parametrize("way", ["cut", "page", "junk", "circle", "trap", "error"])
def test_a_hostile_server_changes_nothing(live: Town, way: str) -> None:
    text = live.project.read("slipway.toml")
    result = live.deploy(live.url("notes", way), "--name", "evil", expect=(2, 4, 75))
    assert result.error["remedy"]
    assert live.project.read("slipway.toml") == text


def test_several_services_are_a_question(live: Town) -> None:
    result = live.deploy(live.url("stock"), "--name", "other", expect=2)
    assert "api (fastapi), site (static)" in result.error["what"]
    assert "--service api" in result.error["remedy"]


def test_what_fails_before_the_target_changes_leaves_the_file_as_it_was(live: Town) -> None:
    text = live.project.read("slipway.toml")
    live.commit("pages", "Dockerfile", "FROM nginx:1.28-bookworm\nRUN false\n")
    live.deploy(live.url("pages"), "--name", "built", expect=4)
    assert live.project.read("slipway.toml") == text
    git(live.work / "pages", "revert", "--no-edit", "HEAD")
    git(live.work / "pages", "push", "-q", "origin", "HEAD")


@pytest.mark.parametrize("stages", [("source", "build"), ("push", "update"), ("analyze", "rollout"), ("verify",)])
def test_killed_in_any_stage_and_run_again(live: Town, stages: tuple[str, ...]) -> None:
    def kill_and_finish(case: tuple[App, str]) -> tuple[str, Result]:
        app, stage = case
        commit = live.change(app)
        running = live.project.start("deploy-app", "--json", app.name)
        with suppress(AssertionError):  # it was over before it could be killed
            running.wait_for(begins(stage))
        running.send(signal.SIGKILL)
        running.finish(expect=None)
        return commit, live.deploy(app.name)

    # Two at once: with more, a busy machine takes longer to start an application than its grace period allows.
    cases = list(zip((APPS[4], APPS[1]), stages, strict=False))
    with ThreadPoolExecutor(len(cases)) as pool:
        for (app, _), (commit, result) in zip(cases, pool.map(kill_and_finish, cases), strict=True):
            assert result.report["verdict"] in ("live", "unchanged")
            assert live.row(app.name)["commit"] == commit
            assert app.proof in live.answer(app.name)
    assert list((live.project.root / ".slipway/sources").rglob(".new-*")) == []


def test_removed_and_nothing_is_left(live: Town) -> None:
    dry = live.project.run("remove-app", "queue", "--dry-run")
    assert "stack slipway-local-service-queue" in dry.out
    live.project.run("remove-app", "queue", expect=3)  # nobody was asked
    assert "queue" in live.project.read("slipway.toml")
    running = live.project.start("remove-app", "--json", "--yes", "queue")
    running.wait_for(lambda event: event["event"] == "stage_done" and event["stage"] == "update")
    running.send(signal.SIGKILL)
    running.finish(expect=None)
    live.project.run("remove-app", "--yes", "queue")
    assert "queue" not in live.listed()
    assert "services.queue" not in live.project.read("slipway.toml")
    until(lambda: live.project.tasks("queue") if _has_service(live, "queue") else [], lambda found: not found, 60)
    repositories = live.project.client("ecr").describe_repositories()["repositories"]
    assert "slipway-local/queue" not in {row["repositoryName"] for row in repositories}
    groups = live.project.client("logs").describe_log_groups(logGroupNamePrefix="/slipway/slipway-local/queue")
    assert groups["logGroups"] == []
    assert '"notes"' in live.answer("notes")
    kept = json.loads(live.project.run("history", "--json", "--limit", "3").out)
    assert kept[0]["kind"] == "remove"
    live.project.run("remove-app", "--yes", "queue", expect=2)


def _has_service(town: Town, name: str) -> bool:
    found = town.project.client("ecs").describe_services(cluster="slipway-local", services=[name])["services"]
    return any(row["status"] == "ACTIVE" for row in found)
