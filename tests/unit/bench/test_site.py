"""When nothing is under way any more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.bench.site import is_steady
from scripts.engine.rollout import Deployment, Snapshot, Target, Task

NEW = Task("1", "hello:2", "sha256:b", "RUNNING", "10.0.0.1")
OLD = Task("2", "hello:1", "sha256:a", "RUNNING", "10.0.0.2")
PRIMARY = Deployment("d2", primary=True, task_definition="hello:2", state="COMPLETED")
STEADY = Snapshot(desired=1, deployments=(PRIMARY,), tasks=(NEW,), targets={"10.0.0.1": Target("healthy")})


def test_steady() -> None:
    assert is_steady(STEADY)
    assert is_steady(replace(STEADY, tasks=(NEW, replace(OLD, status="STOPPED"))))


@pytest.mark.parametrize(
    "seen",
    [
        replace(STEADY, deployments=()),
        replace(STEADY, deployments=(replace(PRIMARY, state="IN_PROGRESS"),)),
        replace(STEADY, tasks=(NEW, OLD)),
        replace(STEADY, tasks=()),
        replace(STEADY, desired=2),
        replace(STEADY, targets={"10.0.0.1": Target("initial")}),
        replace(STEADY, targets={"10.0.0.1": Target("healthy"), "10.0.0.2": Target("draining")}),
    ],
    ids=["no deployment", "rolling", "old task", "no task", "too few", "not healthy", "draining"],
)
def test_not_steady(seen: Snapshot) -> None:
    assert not is_steady(seen)
