"""docs/analyzer-lambda.md against the code: codes of errors, attributes of items."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from serving import cache
from tests.unit.documents import ROOT, table, words

PAGE = "docs/analyzer-lambda.md"


def codes() -> Iterator[str]:
    """First arguments of every Failure that the analyzer makes."""
    for path in sorted((ROOT / "lambda/analyzer").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Failure":
                assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno} has no literal code"
                yield str(node.args[0].value)


def test_every_code_of_an_error_is_explained() -> None:
    assert {words(row[0])[0] for row in table(PAGE, "errors")} == set(codes())


def test_every_attribute_of_an_item_is_explained() -> None:
    source = ast.parse((ROOT / "lambda/analyzer/serving/cache.py").read_text("utf-8"))
    keys = {
        key.value
        for node in ast.walk(source)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(value, ast.Dict) and re.fullmatch("[a-z_]+", str(key.value))
    }
    assert {words(row[0])[0] for row in table(PAGE, "items")} == keys


def test_figures_are_those_of_the_code() -> None:
    text = (ROOT / PAGE).read_text("utf-8")
    assert f"{cache.ITEM_LIMIT:,} bytes" in text
    assert f"{cache.LIFETIME // 86400} days" in text
