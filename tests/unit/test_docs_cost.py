"""docs/cost.md against the code: keys of the JSON, price rows, regions and what they lack, constants in sentences."""

from __future__ import annotations

import ast
import re

import pytest

from scripts.engine.costs import by_use, deployment, fixed, tasks
from scripts.engine.costs.prices import known_regions, load_prices
from tests.unit.documents import section, table, text_of, words

DOCUMENT = "docs/cost.md"


def keys_of(path: str, function: str) -> list[str]:
    """Keys of the dictionary that a function returns."""
    (found,) = (
        node.value
        for body in ast.walk(ast.parse(text_of(path)))
        if isinstance(body, ast.FunctionDef) and body.name == function
        for node in body.body
        if isinstance(node, ast.Return)
    )
    assert isinstance(found, ast.Dict)
    return [str(ast.literal_eval(key)) for key in found.keys if key]


def test_the_keys_are_those_that_are_printed() -> None:
    told = [word for row in table(DOCUMENT, "cost") for word in words(row[0])]
    assert told == keys_of("scripts/cost.py", "facts")


def test_an_item_has_the_keys_that_are_told() -> None:
    sentence = section(DOCUMENT, "JSON").rpartition("An item has ")[2]
    assert [*keys_of("scripts/engine/costs/monthly.py", "_row"), "usd", "low", "high"] == words(sentence)


def test_the_regions_and_what_they_lack() -> None:
    every = load_prices("us-east-1").rows
    lacking = {region: set(every) - set(load_prices(region).rows) for region in known_regions()}
    assert {words(row[0])[0]: set(words(row[1])) for row in table(DOCUMENT, "regions")} == lacking


def test_price_rows_that_are_named_exist() -> None:
    named = set(
        re.findall(r"`([a-z0-9]+_[a-z0-9_]+|alb|nat|alarm|metric|secret)`", section(DOCUMENT, "What runs all month"))
    )
    rows = named - {"network"}
    assert rows <= set(load_prices("us-east-1").rows)
    assert {"alb", "metric", "public_ipv4", "fargate_arm_vcpu"} <= rows


@pytest.mark.parametrize(
    "sentence",
    [
        f"A month has {fixed.HOURS} hours",
        f"{fixed.CLUSTER_METRICS} metrics of the cluster, {fixed.SERVICE_METRICS} of each ECS service,"
        f" {fixed.FAMILY_METRICS} of each task family",
        f"GB of storage beyond {tasks.FREE_STORAGE}",
        f"and {fixed.POLICY_ALARMS} for each of the two policies that autoscaling follows",
        f"{by_use.CONNECTIONS:,} of which take an LCU-hour",
        f"seconds that its task ran, at least {deployment.LEAST_SECONDS}",
    ],
)
def test_numbers_in_sentences_are_the_constants(sentence: str) -> None:
    assert sentence in text_of(DOCUMENT)
