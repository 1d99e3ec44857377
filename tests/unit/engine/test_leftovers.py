"""Stacks that the settings no longer have."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.engine.errors import Cancelled, Refused
from scripts.engine.leftovers import leftovers, remove
from scripts.engine.model import Stack
from scripts.engine.world import World
from tests.unit.engine.clouds import Cloud, Refusal
from tests.unit.engine.projects import live, project, with_processes
from tests.unit.engine.worlds import session

GONE = {"release-hello": Stack("shop-staging-release-hello", "CREATE_COMPLETE")}
NO_STACK = Refusal("ValidationError", "Stack with id x does not exist")


def state(status: str) -> dict[str, Any]:
    return {"Stacks": [{"StackName": "x", "StackStatus": status, "CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}]}


@pytest.fixture
def world(cloud: Cloud) -> World:
    made = session(cloud)
    made.cancelled = lambda seconds: False  # type: ignore[method-assign]
    cloud.answers["cloudformation:DeleteStack"] = {}
    return made


def test_what_was_taken_out_of_the_file() -> None:
    found = live(with_processes(project())).stacks
    assert leftovers(with_processes(project()), found) == {}
    assert list(leftovers(project(), found)) == ["release-hello"]
    assert list(leftovers(project("gateway"), found)) == ["release-hello", "service-hello"]


def test_it_is_deleted_and_waited_for(world: World, cloud: Cloud) -> None:
    cloud.answers["cloudformation:DescribeStacks"] = [
        state("DELETE_IN_PROGRESS"),
        state("DELETE_IN_PROGRESS"),
        NO_STACK,
    ]
    told: list[str] = []
    remove(world, GONE, told.append)
    assert cloud.parameters("cloudformation:DeleteStack") == [{"StackName": "shop-staging-release-hello"}]
    assert told == ["shop-staging-release-hello: DELETE_IN_PROGRESS"] * 2


def test_one_that_stays_is_said(world: World, cloud: Cloud) -> None:
    cloud.answers["cloudformation:DescribeStacks"] = state("DELETE_FAILED")
    with pytest.raises(Refused, match="shop-staging-release-hello is in state DELETE_FAILED"):
        remove(world, GONE, lambda line: None)


def test_waiting_can_be_cancelled(world: World, cloud: Cloud) -> None:
    cloud.answers["cloudformation:DescribeStacks"] = state("DELETE_IN_PROGRESS")
    world.cancelled = lambda seconds: True  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        remove(world, GONE, lambda line: None)


def test_nothing_left_over_is_nothing_to_do(world: World, cloud: Cloud) -> None:
    remove(world, {}, lambda line: None)
    assert cloud.asked == []
