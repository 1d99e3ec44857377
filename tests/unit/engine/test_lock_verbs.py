"""`./poe lock` and `./poe unlock` on a table: all or none, who is told what, what needs a yes."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from scripts import command
from scripts import lock as lock_file
from scripts import unlock as unlock_file
from scripts.engine.lock import Lock
from scripts.engine.world import World
from tests.unit.engine.targets import Target

OTHER = "20260101T000000Z-0000bb"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call a verb on the target; exit code, what it printed, and its errors."""
    for module in (lock_file, unlock_file):
        monkeypatch.setattr(module, "look_at", lambda *_: world)
    monkeypatch.setattr(lock_file, "settings_for", lambda _: world.settings)
    monkeypatch.setattr(sys, "stdin", io.StringIO())

    def call(verb: str, *words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [verb, *words])
        main = {"lock": lock_file.lock_verb, "unlock": unlock_file.unlock_verb}[verb]
        with pytest.raises(SystemExit) as ended:
            command.run(main)
        said = capsys.readouterr()
        return int(str(ended.value.code)), said.out, said.err

    return call


def locks(run: Run) -> list[dict[str, Any]]:
    return list(json.loads(run("lock", "--list", "--json")[1]))


def test_all_services_for_an_hour(run: Run, target: Target) -> None:
    code, out, _ = run("lock", "--reason", "the database\x1b[2J moves")
    assert code == 0
    assert out.count("is locked by") == 2
    rows = locks(run)
    assert [(row["service"], row["by_hand"], row["reason"]) for row in rows] == [
        ("gateway", True, "the database moves"),
        ("hello", True, "the database moves"),
    ]
    assert all(3_590 < row["until"] - time.time() <= 3_600 for row in rows)
    assert "beat" not in target.table.lock("hello")


def test_all_or_none(run: Run, target: Target) -> None:
    target.table.hold("hello", OTHER, time.time() + 20)
    code, _, err = run("lock", "--reason", "a")
    assert code == 3
    assert f"hello is being deployed by ann@box ({OTHER})" in err
    assert target.table.lock("gateway")["until"] == 0
    assert [row["service"] for row in locks(run)] == ["hello"]


def test_one_that_somebody_took_in_the_same_moment(run: Run, target: Target) -> None:
    read = target.cloud.answers["dynamodb:GetItem"]
    times = iter([True])

    def faster(asked: Any) -> Any:
        assert callable(read)
        found = read(asked)
        if next(times, False):
            target.table.hold("hello", OTHER, time.time() + 20, beat=1)
        return found

    target.cloud.answers["dynamodb:GetItem"] = faster
    code, _, err = run("lock", "hello", "--reason", "a")
    assert (code, "is being deployed by ann@box" in err) == (3, True)


def test_nobody(run: Run) -> None:
    assert run("lock", "--list")[1] == "nobody holds a lock on staging\n"
    assert run("unlock")[:2] == (0, "nobody holds a lock on staging\n")
    assert locks(run) == []


def test_unlocking_needs_a_yes(run: Run, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    run("lock", "hello", "--reason", "a")
    code, out, err = run("unlock", "hello")
    assert (code, "is locked by" in out, "add --yes" in err) == (3, True, True)
    for answer, expected in (("no", 3), ("yes", 0)):
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", lambda _, said=answer: said)
        assert run("unlock", "hello")[0] == expected
    assert target.table.lock("hello")["until"] == 0


def test_a_deploy_whose_lock_was_taken_away_notices(run: Run, world: World, target: Target) -> None:
    own = Lock(world.aws, world.settings, ["hello"])
    assert own.try_to_take() is None
    code, out, _ = run("unlock", "--yes")
    assert (code, "unlocked: hello" in out) == (0, True)
    with pytest.raises(Exception, match="hello: unlocked by"):
        own.check()
    own.release()
    assert own.loss is not None


def test_what_changed_hands_meanwhile_is_not_unlocked(run: Run, target: Target) -> None:
    target.table.hold("hello", OTHER, time.time() + 20)
    update = target.cloud.answers["dynamodb:UpdateItem"]

    def faster(asked: Any) -> Any:
        assert callable(update)
        target.table.change_lock("hello", fence=8)
        return update(asked)

    target.cloud.answers["dynamodb:UpdateItem"] = faster
    code, _, err = run("unlock", "hello", "--yes")
    assert (code, "another one holds the lock of hello by now" in err) == (3, True)


def test_where_nothing_was_deployed(run: Run, target: Target) -> None:
    target.cloud.answers["cloudformation:DescribeStacks"] = {"Stacks": []}
    assert "nothing was deployed here yet" in run("lock", "--reason", "a")[2]
    assert run("unlock", "--yes")[0] == 0
