"""docs/policies.md, command by command; then a candidate, and a version that no gateway takes, on the same cloud."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from scripts.engine.aws import Aws
from scripts.engine.connection import Connection
from scripts.engine.policies.store import PolicyStore
from settings import load
from tests.e2e.project import ORIGIN, Project

DOCUMENT = (ORIGIN / "docs" / "policies.md").read_text("utf-8")
FILE = "policies/orders.cedar"
BLOCK = "<!-- {0} -->\n```text\n(.*?)```\n<!-- /{0} -->"


def block(name: str) -> str:
    """What stands between two marks of the document."""
    found = re.search(BLOCK.format(name), DOCUMENT, re.DOTALL)
    assert found, name
    return found[1]


def commands(name: str) -> list[tuple[str, str]]:
    """(command, what the document says that it prints)."""
    rows = [part.partition("\n") for part in re.split(r"^\$ ", block(name), flags=re.M)[1:]]
    return [(command, said.rstrip("\n")) for command, _, said in rows]


class Reader:
    """Types what the document says into a shell; variables stay."""

    def __init__(self, project: Project) -> None:
        self.project, self.token = project, ""

    def types(self, name: str) -> None:
        """Every command of a block prints what the document says; `...` stands for anything."""
        for command, said in commands(name):
            printed = self._run(command.replace("./poe ", "poe "))
            pattern = ".*".join(map(re.escape, said.split("...")))
            assert re.search(f"^{pattern}$", printed, re.MULTILINE), f"{command}\n{printed}"

    def _run(self, command: str) -> str:
        own = {"URL": self.project.url("").rstrip("/"), "TOKEN": self.token, "NO_PROXY": "*", "no_proxy": "*"}
        done = subprocess.run(
            ["bash", "-c", f'{command}\nprintf "\\ntoken=%s" "$TOKEN"'],
            cwd=self.project.root,
            env={**self.project.environment, **own},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        out, _, self.token = done.stdout.rpartition("\ntoken=")
        return f"{out}\n{done.stderr}"


@pytest.fixture
def orders(project: Project) -> Iterator[None]:
    """The policy of the document is there for the test."""
    project.write(FILE, block("policy"))
    yield
    (project.root / FILE).unlink()
    assert project.deploy().report["path"] in ("policy", "none")


def shown(project: Project) -> dict[str, Any]:
    """What `policies --json` says."""
    return dict(json.loads(project.run("policies", "--json").out))


def test_from_an_idea_to_a_live_rule(project: Project, orders: None) -> None:
    reader = Reader(project)
    for name in ("ask", "before", "after"):
        reader.types(name)
    keys = project.state / "issuer"
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}


def test_a_candidate_is_counted_until_it_is_live(project: Project, orders: None) -> None:
    assert project.deploy().report["verdict"] in ("live", "unchanged")
    live = shown(project)["live"]["version"]
    project.write(FILE, block("policy").replace("reader", "buyer"))
    trial = json.loads(project.run("compile-policies", "--shadow", "--json").out)
    assert trial["tasks"] == len(project.tasks("gateway"))
    token = project.run("token", "--role", "reader").out.strip()
    for _ in range(5):
        answer = subprocess.run(
            ["curl", "-s", "--noproxy", "*", "-H", f"Authorization: Bearer {token}", project.url("/orders")],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "not found" in answer.stdout
    found = shown(project)
    for _ in range(20):  # a task reports its counts each second
        if found["shadow"]["newly_denied"] < 5:
            found = shown(project)
    assert found["live"]["version"] == live
    assert found["shadow"]["by"]["lost"] == {"readers-see-orders": 5}
    assert "denied newly, no longer permitted by readers-see-orders" in project.run("policies").out
    assert project.run("compile-policies").out.startswith(trial["version"])
    assert shown(project)["shadow"] is None
    assert project.run("compile-policies", "--shadow-end", expect=3).out == ""
    assert "live already" in project.run("compile-policies", "--shadow", expect=3).err


def test_a_version_that_no_gateway_takes(project: Project) -> None:
    """It got into the store past every check; the gateway's own refusal puts the version before back."""
    connection = Connection("000000000000", "us-east-1", "", endpoint_url=f"http://127.0.0.1:{project.port}")
    aws = Aws(replace(connection, access_key="000000000000", secret_key="local"))
    store = PolicyStore(aws, load(project.root, target="local"))
    live = store.live()
    assert live is not None
    good = store.read(live.version)
    spoilt = good.artefact.replace('"rules_stat_prefix"', '"rule_stat_prefix"')
    version = "pol-bad000000000"
    store.upload(replace(good, version=version, artefact=spoilt.replace(good.version, version)), "test")
    ended = project.run("rollback-policies", "--to", version, expect=5)
    assert "Envoy does not take it" in ended.err
    assert f"{live.version} is live again" in ended.err
    found = shown(project)
    assert found["live"]["version"] == live.version
    assert {task["version"] for task in found["tasks"]} >= {live.version}
    store.prune(store.live())
