"""The commit of the working tree, for the record."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.engine.commit import read_commit
from scripts.engine.content import Context
from scripts.engine.deploying import deploy
from scripts.engine.errors import Failed
from scripts.engine.items import unpack
from scripts.engine.shell import Result
from scripts.engine.world import World
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.shells import FakeShell, said
from tests.unit.engine.targets import Target, edit
from tests.unit.engine.worlds import session

HEAD = "c" * 40


def found(cloud: Cloud, log: Result | Exception, status: Result, contexts: Any = None) -> dict[str, Any]:
    world = session(cloud, shell=FakeShell(("log", log), ("status", status)))
    some: Any = {"hello": object()}
    world.contexts = some if contexts is None else contexts
    return read_commit(world)


@pytest.mark.parametrize(("changes", "dirty"), [((), False), ((" M app.py",), True), (("?? new",), True)])
def test_the_commit_and_whether_the_tree_differs(cloud: Cloud, changes: tuple[str, ...], dirty: bool) -> None:
    assert found(cloud, said(f"{HEAD} 1700000000"), said(*changes)) == {
        "id": HEAD,
        "time": 1_700_000_000,
        "dirty": dirty,
    }


@pytest.mark.parametrize("log", [said(code=128), said(""), said("fatal: x"), Failed("no git")])
def test_without_git_or_a_commit_nothing_is_told(cloud: Cloud, log: Result | Exception) -> None:
    assert found(cloud, log, said()) == {}


def test_a_tag_from_the_environment_is_of_no_known_commit(cloud: Cloud) -> None:
    contexts: dict[str, Context] = {}
    assert found(cloud, said(f"{HEAD} 1700000000"), said(), contexts) == {}


def test_a_deploy_records_it(world: World, target: Target) -> None:
    assert isinstance(world.shell, FakeShell)
    world.shell.rows = ((("--format=%H %ct",), said(f"{HEAD} 1700000000")), *world.shell.rows)
    edit(target.settings)
    deploy(world, [])
    heads = [item for row in target.cloud.put() if (item := unpack(row))["sk"] == "head"]
    assert [head["data"]["commit"]["id"] for head in heads] == [HEAD, HEAD]
