"""A rollout of `hello` that ended, without a rollout: stack, logs and watch answer from a table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine import verdict
from scripts.engine.events import Event
from scripts.engine.rollout import Goal, Judgement, Snapshot
from scripts.engine.world import World
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.moments import BEFORE
from tests.unit.engine.worlds import session

THEN = datetime(2026, 1, 1, tzinfo=UTC)
STACK = "shop-staging-service-hello"
CRASH = "the application ends by itself soon after it starts (exit code 1)"


def updating(cloud: Cloud, heard: list[Event]) -> World:
    """A world in which hello is updated over BEFORE."""
    container = {"name": "hello", "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}}
    cloud.answers |= {
        "ecs:DescribeServices": {"services": []},
        "ecs:DescribeTaskDefinition": {"taskDefinition": {"containerDefinitions": [container]}},
        "logs:GetLogEvents": {"events": [{"message": "KeyError: 'X'"}]},
        "cloudformation:UpdateStack": {},
        "ecr:DescribeImages": {"imageDetails": [{"imageDigest": "sha256:old"}]},
    }
    holds(cloud, "src-old")
    made = session(cloud, heard)
    made.baselines["hello"] = BEFORE
    made.urls |= {"gateway": "http://lb/", "hello": "http://lb/hello"}
    return made


def holds(cloud: Cloud, tag: str, status: str = "UPDATE_COMPLETE") -> None:
    """What the stack of hello holds."""
    row = {"StackName": STACK, "StackStatus": status, "CreationTime": THEN}
    parameters = [{"ParameterKey": "ImageTag", "ParameterValue": tag}]
    cloud.answers["cloudformation:DescribeStacks"] = {"Stacks": [{**row, "Parameters": parameters}]}


def watching(monkeypatch: pytest.MonkeyPatch, *outcomes: tuple[Judgement, Snapshot]) -> list[Goal]:
    """Let every watch end like this, the last again and again; returns what was watched for."""
    goals: list[Goal] = []
    rows = list(outcomes)

    class Watcher:
        def __init__(self, *_: object) -> None:
            pass

        def look(self) -> Snapshot:
            return rows[0][1]

        def watch(self, goal: Goal, *, tell: Callable[[Judgement], None], **_: Any) -> tuple[Judgement, Snapshot]:
            goals.append(goal)
            found = rows.pop(0) if len(rows) > 1 else rows[0]
            tell(found[0])
            return found

    monkeypatch.setattr(verdict, "Watcher", Watcher)
    return goals


def told(heard: list[Event], kind: str) -> list[Event]:
    return [event for event in heard if event["event"] == kind]
