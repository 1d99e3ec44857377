"""Clouds that the end-to-end tests share; every test leaves the one that it used live and healthy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.guarded import Guarded
from tests.e2e.project import Project
from tests.e2e.running import Result
from tests.e2e.workshop import Workshop


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """This project as it is, its cloud not started."""
    made = Project.copy(tmp_path_factory.mktemp("project"))
    try:
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="session")
def bootstrap(bare: Project) -> Result:
    """The deploy that brought the project up from an empty cloud."""
    return bare.deploy()


@pytest.fixture(scope="session")
def project(bare: Project, bootstrap: Result) -> Project:
    """The project, live."""
    assert bootstrap.report["verdict"] == "live"
    return bare


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A cloud with several tiny services."""
    made = Workshop(Project.copy(tmp_path_factory.mktemp("workshop")))
    try:
        assert made.open().report["verdict"] == "live"
        yield made
    finally:
        made.pool.shutdown(cancel_futures=True)
        made.project.remove()


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A cloud with one tiny service behind a fault-injecting proxy."""
    project = Project.copy(tmp_path_factory.mktemp("guarded"))
    try:
        made = Guarded(project)
        try:
            assert made.open().report["verdict"] == "live"
            yield made
        finally:
            made.close()
    finally:
        project.remove()


FIRST = ("test_story", "test_faults")
"""The main story: it tells what a new user sees, and its cloud is still as the bootstrap left it. Then the file that
takes longest, so that it is not left alone at the end of a run side by side."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files."""
    places = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(FIRST)))
