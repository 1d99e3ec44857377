"""One cloud for all tests of the engine, emptied before each."""

from __future__ import annotations

import pytest

from tests.unit.engine.clouds import Cloud


@pytest.fixture(scope="session")
def _cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def cloud(_cloud: Cloud) -> Cloud:
    """Calls of boto3 clients, answered from a table."""
    _cloud.reset()
    return _cloud
