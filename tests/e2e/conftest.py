"""Clouds that the end-to-end tests share; every test leaves the one that it used live and healthy."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.guarded import Guarded
from tests.e2e.project import Project
from tests.e2e.running import Result
from tests.e2e.sharing import CLOUDS, Clouds, place, share_of
from tests.e2e.workshop import Lane, Workshop


@pytest.fixture(scope="session")
def clouds(pytestconfig: pytest.Config) -> Iterator[Clouds]:
    """The open ones; whoever asks for one gets it for a module."""
    opened = pytestconfig.stash[CLOUDS]
    try:
        yield opened
    finally:
        opened.keep(())


@contextmanager
def project_copied(folder: Path) -> Iterator[Project]:
    """This project as it is, its cloud not started."""
    made = Project.copy(folder)
    try:
        yield made
    finally:
        made.remove()


@contextmanager
def project_deployed(folder: Path) -> Iterator[tuple[Project, Result]]:
    """This project and its first deploy, from an empty cloud."""
    with project_copied(folder) as made:
        yield made, made.deploy()


@contextmanager
def workshop_opened(folder: Path) -> Iterator[Workshop]:
    """A workshop, live."""
    with project_copied(folder) as project:
        made = Workshop(project, more="steady = 1\n")
        try:
            assert made.open().report["verdict"] == "live"
            yield made
        finally:
            made.pool.shutdown(cancel_futures=True)


@contextmanager
def guarded_opened(folder: Path) -> Iterator[Guarded]:
    """A service behind a proxy, live."""
    with project_copied(folder) as project:
        made = Guarded(project)
        try:
            assert made.open().report["verdict"] == "live"
            yield made
        finally:
            made.close()


@pytest.fixture(scope="module")
def bare(clouds: Clouds, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """This project without a cloud."""
    return clouds.get("bare", lambda: project_copied(tmp_path_factory.mktemp("bare")))


@pytest.fixture(scope="module")
def bootstrap(clouds: Clouds, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The deploy that brought the project up from an empty cloud."""
    return clouds.get("bootstrap", lambda: project_deployed(tmp_path_factory.mktemp("project")))[1]


@pytest.fixture(scope="module")
def project(clouds: Clouds, bootstrap: Result, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project, live."""
    assert bootstrap.report["verdict"] == "live"
    return clouds.get("bootstrap", lambda: project_deployed(tmp_path_factory.mktemp("project")))[0]


@pytest.fixture(scope="module")
def workshop(clouds: Clouds, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A cloud with several tiny services; one second healthy is steady enough for them."""
    return clouds.get("workshop", lambda: workshop_opened(tmp_path_factory.mktemp("workshop")))


@pytest.fixture(scope="module")
def guarded(clouds: Clouds, tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    """A cloud with one tiny service behind a fault-injecting proxy."""
    return clouds.get("guarded", lambda: guarded_opened(tmp_path_factory.mktemp("guarded")))


@pytest.fixture
def lane(guarded: Guarded) -> Lane:
    """The service behind the proxy; the tests leave it live."""
    return guarded.lane


def pytest_configure(config: pytest.Config) -> None:
    """No cloud is open."""
    config.stash[CLOUDS] = Clouds()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files."""
    items.sort(key=lambda item: place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Files side by side, those of one share in turn."""
    from xdist.scheduler import LoadFileScheduling

    if config.getvalue("dist") != "loadfile":
        return None
    scheduler = LoadFileScheduling(config, log)
    scheduler._split_scope = share_of
    return scheduler


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """Close the clouds that the next file does not use; within a file a later test may have them in its hand."""
    yield
    if nextitem is None or nextitem.path != item.path:
        item.config.stash[CLOUDS].keep(getattr(nextitem, "fixturenames", ()))
