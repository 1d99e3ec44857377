"""Several people at once: who waits, who is superseded, who keeps others away; and ten deploys started together."""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.guarded import Guarded
from tests.e2e.locking import (
    REFUSED,
    SUPERSEDED,
    assert_brought,
    assert_superseded,
    deploy,
    history,
    lock_of,
    versions,
)
from tests.e2e.project import ORIGIN, Project
from tests.e2e.running import Event, begins
from tests.e2e.workshop import Lane

COPIES = 10


SLOW = """
FROM python:3.11-slim-bookworm
COPY app.py mode ./
RUN sleep 100
CMD ["python3", "app.py"]
"""


def is_built_slowly(event: Event) -> bool:
    return event["event"] == "progress" and event["stage"] == "build" and "sleep" in event["text"]


@pytest.mark.parametrize("stage", ["build", "rollout"])
def test_one_that_is_superseded_ends_and_the_other_goes_live(lane: Lane, stage: str) -> None:
    lane.steady(60)
    lane.make(dockerfile=SLOW if stage == "build" else None)
    with lane.observed() as seen:
        first = lane.start()
        first.wait_for(is_built_slowly if stage == "build" else begins(stage))
        lane.make()
        lane.steady(1)
        second = deploy(lane, "--supersede")
        ended = first.finish(SUPERSEDED)
    assert_superseded(lane, ended)
    assert "asked this deploy to end" in ended.error["what"]
    assert_brought(lane, second)
    assert not seen.misses, seen.misses
    assert not [row for row in history(lane, "--limit", "2") if row["verdict"] == "rolled_back"]


def test_who_waits_takes_its_turn_and_plans_anew(lane: Lane) -> None:
    lane.steady(10)
    lane.make()
    first = lane.start()
    first.wait_for(begins("rollout"))
    same = deploy(lane, "--wait")
    assert first.finish().report["verdict"] == "live"
    assert same.report["verdict"] == "unchanged"
    assert same.report["deployment"] is None
    assert [row["code"] for row in same.kind("notice") if "being deployed by" in row["text"]] == ["waiting"]
    lane.make()
    first = lane.start()
    first.wait_for(begins("rollout"))
    refused = deploy(lane, "--wait", "1", expect=REFUSED)
    assert "of waiting" in refused.error["what"]
    assert first.finish().report["verdict"] == "live"


def test_two_people_roll_back_at_once_and_one_waits(lane: Lane) -> None:
    tags = []
    for _ in range(3):
        lane.make()
        tags.append(lane.deploy().report["services"][lane.name]["image_tag"])
    one, two, _ = tags
    lane.steady(10)
    first = lane.project.start("rollback", "--json", lane.name)
    first.wait_for(begins("rollout"))
    second = lane.project.run("rollback", "--json", lane.name, "--wait", expect=REFUSED)
    assert "was changed meanwhile" in second.error["what"]
    assert first.finish().report["verdict"] == "live"
    assert (lane.tag, versions(lane)) == (two, {two}), "not two versions back"
    assert one != two
    lane.steady(1)
    lane.make()
    lane.deploy()


def test_a_rollback_ends_a_deploy_that_should_not_have_been(lane: Lane) -> None:
    lane.make()
    good = lane.deploy().report["services"][lane.name]["image_tag"]
    lane.make("500")
    bad = lane.start()
    bad.wait_for(begins("rollout"))
    result = lane.project.run("rollback", "--json", lane.name, "--supersede")
    assert_superseded(lane, bad.finish(SUPERSEDED))
    assert (result.report["verdict"], lane.tag, versions(lane)) == ("live", good, {good})
    lane.make()
    lane.deploy()


def test_locked_by_hand(lane: Lane) -> None:
    run = lane.project.run
    assert "say why" in run("lock", lane.name, expect=2).err
    run("lock", lane.name, "--reason", "the database moves", "--for", "2h")
    lane.make()
    for words in ((), ("--supersede",), ("--wait", "1")):
        refused = deploy(lane, *words, expect=REFUSED)
        assert f"{lane.name} is locked by" in refused.error["what"]
        assert "the database moves" in refused.error["what"]
        assert f"./poe unlock {lane.name}" in refused.error["remedy"]
    assert "is locked by" in run("rollback", lane.name, expect=REFUSED).err
    assert "is locked by" in run("lock", "--reason", "mine", expect=REFUSED).err
    (row,) = json.loads(run("lock", "--list", "--json").out)
    assert (row["service"], row["by_hand"], row["reason"]) == (lane.name, True, "the database moves")
    assert 7_000 < row["until"] - time.time() < 7_200
    assert "the database moves" in run("status").out
    assert "not confirmed" in run("unlock", lane.name, expect=REFUSED).err
    assert f"unlocked: {lane.name}" in run("unlock", lane.name, "--yes").out
    assert "nobody holds a lock" in run("unlock", "--yes").out
    assert_brought(lane, deploy(lane))


def test_unlocking_a_deploy_that_runs_ends_it(lane: Lane) -> None:
    lane.make(dockerfile=SLOW)
    command = lane.start()
    command.wait_for(is_built_slowly)
    assert "is being deployed by" in lane.project.run("unlock", lane.name, "--yes").out
    ended = command.finish((0, SUPERSEDED))
    assert ended.code == SUPERSEDED, ended
    assert "unlocked by" in ended.error["what"]
    assert_superseded(lane, ended)
    lane.make()
    assert_brought(lane, deploy(lane))


class Copies:
    """Working trees of one repository, each at another commit, all on the cloud of the first."""

    def __init__(self, lane: Lane, folder: Path) -> None:
        self.lane, self.folder, self.root = lane, folder, lane.project.root
        self._git("init", "-q")
        # Links, which `.venv/` in .gitignore does not mean.
        (self.root / ".git/info/exclude").write_text(".venv\nnode_modules\n", "ascii")
        self._git("add", "-A")
        self._git("commit", "-qm", "as it is")

    def _git(self, *words: str, cwd: Path | None = None) -> None:
        who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
        subprocess.run(("git", *who, *words), cwd=cwd or self.root, check=True, capture_output=True)

    def make(self, count: int) -> list[Lane]:
        """One a commit, oldest first."""
        found = []
        for number in range(count):
            self.lane.make()
            self._git("add", "lanes")
            self._git("commit", "-qm", f"version {number}")
            root = self.folder / str(number)
            self._git("worktree", "add", "-q", "--detach", str(root))
            for name in (".venv", "node_modules"):
                (root / name).symlink_to(ORIGIN / name)
            (root / ".slipway").mkdir()
            (root / ".slipway/local").symlink_to(self.lane.project.state)
            found.append(Lane(Project(root), self.lane.name))
        return found

    def remove(self) -> None:
        """The lane's project is no repository any more."""
        subprocess.run(("rm", "-rf", str(self.root / ".git")), check=True)


@pytest.fixture
def copies(lane: Lane, tmp_path: Path) -> Iterator[Copies]:
    made = Copies(lane, tmp_path)
    yield made
    made.remove()
    lane.make()
    assert lane.deploy().report["verdict"] == "live"


def test_ten_at_once(guarded: Guarded, copies: Copies) -> None:
    lane = copies.lane
    fence = lock_of(lane)["fence"]
    trees = copies.make(COPIES)
    with guarded.proxy.recorded() as requests:
        commands = [tree.project.start("deploy", "--json", lane.name, "--wait") for tree in reversed(trees)]
        results = [command.finish(expect=None, timeout=400) for command in commands][::-1]
    assert {result.code for result in results} <= {0, SUPERSEDED}, [str(r) for r in results if r.code not in (0, 6)]
    assert_brought(lane, results[-1])

    records = {row["id"]: row for row in history(lane, "--limit", str(COPIES))}
    assert set(records) == {result.report["deployment"] for result in results}, "none is lost"
    for result in results:
        assert records[result.report["deployment"]]["verdict"] == result.report["verdict"]
    assert lock_of(lane)["fence"] == fence + COPIES
    assert_one_after_the_other(sorted(records.values(), key=lambda row: str(row["id"])))
    order = {result.report["deployment"]: number for number, result in enumerate(results)}
    live = [order[row["id"]] for row in records.values() if row["verdict"] == "live"]
    assert sorted(live, reverse=True) == live, "a version that is live is only replaced by a newer one"
    assert len([request for request in requests if request.operation == "UpdateStack"]) == len(live)


def assert_one_after_the_other(records: Sequence[Mapping[str, Any]]) -> None:
    """An id is from when the lock was taken, in whole seconds."""
    for row, after in itertools.pairwise(records):
        taken = datetime.strptime(after["id"][:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        assert row["started"] + row["seconds"] < taken + 1, (row["id"], after["id"])
