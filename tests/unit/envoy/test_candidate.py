"""A candidate in the agent: what Envoy gets of it, what its counters mean, and what is said when it is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent import shadow
from agent.candidate import AGAIN_SECONDS, COUNT_SECONDS, Beside, Candidate
from agent.reporting import Reports
from agent.store import Damaged, Live, Store
from tests.unit.envoy.fakes import Api, Time
from tests.unit.envoy.places import ENVOY

BAKED = (ENVOY / "policy.json").read_text("utf-8")
VERSION = json.loads(BAKED)["version_info"]
FIRST, AGAIN = Live(VERSION, "1.5"), Live(VERSION, "2.5")
SEEN = f"policies.shadowed.version.{VERSION}"
LOST = f"policies.changes.version.{VERSION}.change.lost.policy."


class Versions(Store):
    """A store of one version."""

    def __init__(self) -> None:
        super().__init__(Api({}), "table")
        self.trouble: Exception | None = None
        self.asked = 0

    def artefact(self, version: str) -> str:
        self.asked += 1
        if self.trouble:
            raise self.trouble
        return BAKED


class Said(Reports):
    """What would be reported."""

    def __init__(self) -> None:
        super().__init__(Versions(), "task")
        self.facts: dict[str, Any] = {}

    def say(self, **facts: Any) -> None:
        self.facts = {name: value for name, value in {**self.facts, **facts}.items() if value is not None}


class Watcher:
    """An Envoy that takes candidates or does not."""

    def __init__(self) -> None:
        self.takes = True
        self.counters: dict[str, int] = {}

    def evaluates(self, candidate: str, live: Callable[[], str], seconds: float) -> bool:
        return self.takes

    def gauges(self, pattern: str) -> dict[str, int]:
        return dict(self.counters)


class Parts:
    """A candidate and all around it."""

    def __init__(self, state: Path) -> None:
        self.store, self.said, self.watcher, self.time = Versions(), Said(), Watcher(), Time()
        self.file = state / shadow.SHADOW_FILE
        self.candidate = Candidate(self.store, self.said, Beside(state, self.watcher, lambda: "live"), self.time.clock)

    @property
    def is_idle(self) -> bool:
        """Whether Envoy is told to try nothing."""
        return not self.file.exists() or "shadow_rules" not in self.file.read_text("utf-8")


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return Parts(tmp_path)


def test_rules_become_such_that_nobody_obeys() -> None:
    filters = shadow.resource("v", BAKED)["typed_config"]["default_filter_chain"]["filters"]
    configs = [row["typed_config"] for row in filters]
    assert [config.get("shadow_rules_stat_prefix") for config in configs] == [
        "candidate_deny_",
        "candidate_allow_",
        None,
    ]
    assert not [config for config in configs if config.keys() & {"rules", "rules_stat_prefix"}]
    (baked,) = json.loads(BAKED)["resources"]
    before = [row["typed_config"]["rules"] for row in baked["typed_config"]["default_filter_chain"]["filters"]]
    assert [config["shadow_rules"] for config in configs[:2]] == before
    assert configs[2]["metadata"] == [{"metadata_namespace": "slipway.shadow", "value": {"version": "v"}}]


@pytest.mark.parametrize("text", ["", "{}", '{"resources": []}', '{"resources": [{"typed_config": 1}]}', "[]"])
def test_what_is_no_file_for_envoy_is_refused(text: str) -> None:
    with pytest.raises(Damaged):
        shadow.resource("v", text)


def test_counters_are_told_by_change_and_policy() -> None:
    change = "policies.changes.version.v.change."
    counters = {
        "policies.shadowed.version.v": 9,
        "policies.shadowed.version.other": 5,
        f"{change}lost.policy.a.policy.b": 2,
        f"{change}forbidden.policy.c": 1,
        f"{change}permitted.policy.d": 3,
        f"{change}permitted.policy.e": 0,
        "policies.changes.version.other.change.lost.policy.a": 7,
    }
    assert shadow.summary(counters, "v") == {
        "requests": 9,
        "newly_denied": 3,
        "newly_allowed": 3,
        "by": {"lost": {"a.policy.b": 2}, "forbidden": {"c": 1}, "permitted": {"d": 3}},
    }


def test_counts_begin_with_the_candidate(parts: Parts) -> None:
    parts.watcher.counters = {SEEN: 100, f"{LOST}a": 10}
    parts.candidate.step(FIRST)
    assert parts.said.facts["shadow"] == VERSION
    assert parts.said.facts["shadowed"]["requests"] == 0
    parts.watcher.counters = {SEEN: 107, f"{LOST}a": 11}
    parts.candidate.step(FIRST)
    assert parts.said.facts["shadowed"]["requests"] == 0  # not so often
    parts.time.pass_by(COUNT_SECONDS)
    parts.candidate.step(FIRST)
    assert parts.said.facts["shadowed"] == {
        "requests": 7,
        "newly_denied": 1,
        "newly_allowed": 0,
        "by": {"lost": {"a": 1}},
    }
    parts.candidate.step(AGAIN)
    assert (parts.said.facts["shadow_changed"], parts.said.facts["shadowed"]["requests"]) == ("2.5", 0)
    assert parts.store.asked == 2


def test_no_candidate_any_more(parts: Parts) -> None:
    parts.candidate.step(None)
    assert parts.is_idle
    parts.candidate.step(FIRST)
    assert not parts.is_idle
    parts.candidate.step(None)
    assert parts.is_idle
    assert parts.said.facts == {}


def test_one_that_envoy_does_not_take_is_tried_again_later(parts: Parts) -> None:
    parts.watcher.takes = False
    for _ in range(3):
        parts.candidate.step(FIRST)
    assert parts.store.asked == 1
    assert parts.is_idle
    assert parts.said.facts["shadow_error"] == f"{VERSION}: Envoy does not take it"
    parts.candidate.step(AGAIN)  # another decision
    assert parts.store.asked == 2
    parts.watcher.takes = True
    parts.time.pass_by(AGAIN_SECONDS)
    parts.candidate.step(AGAIN)
    assert (parts.said.facts["shadow"], parts.said.facts["shadow_error"]) == (VERSION, "")


def test_one_that_is_another_version_than_it_says(parts: Parts) -> None:
    parts.candidate.step(Live("pol-000000000000", "1.5"))
    assert "another version" in parts.said.facts["shadow_error"]


def test_a_store_that_does_not_answer_is_asked_again(parts: Parts) -> None:
    parts.store.trouble = OSError("down")
    parts.candidate.step(FIRST)
    assert parts.said.facts == {}
    parts.store.trouble = None
    parts.candidate.step(FIRST)
    assert parts.said.facts["shadow"] == VERSION
