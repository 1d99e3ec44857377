"""What forcing a path refuses, and in which words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.engine.errors import Refused
from scripts.engine.model import Path, Plan, TargetState
from scripts.engine.planner import force, plan
from tests.unit.engine.projects import live, project, stack, wanted

SETTINGS = project()
LIVE = live(SETTINGS)
WANTED = wanted(SETTINGS)
NEW = replace(WANTED, tags={**WANTED.tags, "hello": "src-new"})
BOTH = ("gateway", "hello")
CHANGED = "stack code, settings or CDK version changed since it was deployed"


def without_print(key: str) -> TargetState:
    """The target, one of its stacks deployed from something else."""
    return replace(LIVE, stacks={**LIVE.stacks, key: stack(SETTINGS, key, outputs={})})


def made(path: Path) -> Plan:
    states = {
        Path.NONE: (LIVE, WANTED),
        Path.FAST: (LIVE, NEW),
        Path.FULL: (without_print("service-hello"), WANTED),
        Path.BOOTSTRAP: (TargetState(), WANTED),
    }
    state, want = states[path]
    return plan(SETTINGS, state, want, BOTH)


@pytest.mark.parametrize(
    ("found", "forced"),
    [(Path.FAST, Path.FAST), (Path.NONE, Path.FAST), (Path.BOOTSTRAP, Path.BOOTSTRAP)],
)
def test_forcing_the_path_that_fits_changes_nothing(found: Path, forced: Path) -> None:
    assert force(made(found), forced) == made(found)


FAST_ONLY = "the fast path only changes images, but"
HAS_REGISTRY = "the target has image repositories already"


@pytest.mark.parametrize(
    ("found", "forced", "what"),
    [
        (Path.FULL, Path.FAST, f"{FAST_ONLY} hello: {CHANGED}"),
        (Path.BOOTSTRAP, Path.FAST, f"{FAST_ONLY} gateway: the target has no image repositories yet"),
        (Path.NONE, Path.BOOTSTRAP, HAS_REGISTRY),
        (Path.FAST, Path.BOOTSTRAP, HAS_REGISTRY),
        (Path.FULL, Path.BOOTSTRAP, HAS_REGISTRY),
    ],
)
def test_forcing_a_path_that_would_be_wrong_is_refused(found: Path, forced: Path, what: str) -> None:
    with pytest.raises(Refused) as caught:
        force(made(found), forced)
    where, remedy = {
        Path.FAST: ("deploy-fast", "./poe diff shows the change; ./poe deploy takes it"),
        Path.BOOTSTRAP: ("deploy-bootstrap", "./poe deploy chooses the right path"),
    }[forced]
    assert (caught.value.where, caught.value.what, caught.value.remedy) == (where, what, remedy)
    assert caught.value.exit_code == 3


def test_fast_is_refused_over_a_changed_foundation() -> None:
    found = plan(SETTINGS, without_print("platform"), NEW, BOTH)
    with pytest.raises(Refused) as caught:
        force(found, Path.FAST)
    assert caught.value.what == f"{FAST_ONLY} the platform stack changed"
