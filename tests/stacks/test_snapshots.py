"""Whole templates against stored ones: every change of what would be deployed shows up in a review."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension
from syrupy.matchers import path_type

from tests.stacks.conftest import KEYS, Synthesis

CHANGES_WITH_CODE = path_type({r".*\.S3Key$": (str,), r"Outputs\.Fingerprint\.Value": (str,)}, regex=True)


@pytest.mark.parametrize("key", KEYS)
def test_template(synthesis: Synthesis, key: str, snapshot: SnapshotAssertion) -> None:
    stored = snapshot.use_extension(JSONSnapshotExtension)
    assert synthesis.template(key) == stored(matcher=CHANGES_WITH_CODE)
