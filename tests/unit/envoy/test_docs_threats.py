"""docs/threats.md against the tests that it names, and the headers that it says are taken off."""

from __future__ import annotations

import re

import pytest

from tests.unit.documents import ROOT, table, text_of, words
from tests.unit.envoy.places import ENVOY

DOCUMENT = "docs/threats.md"


@pytest.mark.parametrize("marker", ["requests", "failures"])
def test_every_row_names_tests_that_are_there(marker: str) -> None:
    for what, answer, tests in table(DOCUMENT, marker):
        assert what
        assert answer
        named = words(tests)
        assert named
        assert [name for name in named if not (ROOT / "tests/e2e/gateway" / name).is_file()] == []


def test_headers_that_are_named_are_taken_off() -> None:
    configuration = (ENVOY / "envoy.yaml").read_text("utf-8")
    gone = re.findall(r"- remove(?:_on_match)?: (?:\{ key_matcher: \{ prefix: )?([a-z-]+)", configuration)
    rows = [row[0] for row in table(DOCUMENT, "requests") if row[1] == "taken off"]
    named = {name.removesuffix("*") for row in rows for name in words(row)}
    assert len(named) > 5
    assert named <= set(gone)


def test_numbers() -> None:
    configuration = (ENVOY / "envoy.yaml").read_text("utf-8")
    assert "max_active_downstream_connections: 10000" in configuration
    assert "request_headers_timeout: 10s" in configuration
    assert "int_value: 131072" in configuration
    assert "128 KB" in text_of(DOCUMENT)
