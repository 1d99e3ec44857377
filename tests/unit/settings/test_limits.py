"""The first and the last value that a key takes, and their neighbours that it does not."""

from __future__ import annotations

import pytest

from settings import rules
from tests.unit.settings.conftest import SERVICE, TARGET, Loader

RANGES = {
    "port": (1, 65_535),
    "priority": (1, 49_999),
    "memory": (512, 30_720),
    "desired": (0, 100),
    "min": (0, 100),
    "max": (1, 100),
    "stop_timeout": (2, 120),
    "deregistration_delay": (0, 3600),
    "health_interval": (5, 300),
    "grace_period": (0, 3600),
    "steady": (0, 600),
}
FARGATE = {
    256: (512, 2048, 3),
    512: (1024, 4096, 4),
    1024: (2048, 8192, 7),
    2048: (4096, 16_384, 13),
    4096: (8192, 30_720, 23),
}
"""CPU units -> least MiB, most MiB, number of steps. Source: Amazon ECS developer guide, "Task CPU and memory"."""


def edges(rule: rules.Rule, low: int, high: int) -> list[bool]:
    return [rule.holds(value) for value in (low - 1, low, high, high + 1)]


@pytest.mark.parametrize("key", RANGES)
def test_whole_numbers_of_a_service(key: str) -> None:
    assert edges(rules.SERVICE[key], *RANGES[key]) == [False, True, True, False]


def test_the_timeout_of_a_target() -> None:
    assert edges(rules.TARGET["rollout_timeout"], 10, 7200) == [False, True, True, False]


@pytest.mark.parametrize("cpu", FARGATE)
def test_memory_that_fargate_offers(cpu: int) -> None:
    sizes = rules.FARGATE_MEMORY[cpu]
    assert (sizes[0], sizes[-1], len(sizes)) == FARGATE[cpu]


@pytest.mark.parametrize(
    ("text", "length"),
    [("[services.{}]\nsource = 's'\n", 28), ("[targets.{}]\naccount = '000000000000'\nregion = 'us-east-1'\n", 12)],
)
def test_the_longest_name(load_text: Loader, text: str, length: int) -> None:
    load_text(TARGET + SERVICE + text.replace("'s'", "'s'\npath = '/s'").format("a" * length))


@pytest.mark.parametrize("name", ["a", "a1", "a-1", "shop-2", "a" * 20])
def test_names_of_a_project(load_text: Loader, name: str) -> None:
    assert load_text(f"name = '{name}'\n{TARGET}{SERVICE}").prefix == f"{name}-local"


@pytest.mark.parametrize("path", ["/", "/a", "/a/b", "/a-b_c.d/1", "/a/b/c/d"])
def test_paths(path: str) -> None:
    assert rules.SERVICE["path"].holds(path)


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "cn-north-1", "ap-southeast-5", "mx-central-1"])
def test_regions(region: str) -> None:
    assert rules.TARGET["region"].holds(region)


@pytest.mark.parametrize("source", [".", "app", "apps/hello", "a b", "größe", "..a/b..", "x" * 200])
def test_folders(source: str) -> None:
    assert rules.SERVICE["source"].holds(source)
