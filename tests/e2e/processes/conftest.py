"""One cloud for the stories, and the stories that were chosen, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.processes.stories import MORE, STORIES, Found, story
from tests.e2e.project import Project
from tests.e2e.sharing import Clouds
from tests.e2e.workshop import Workshop


@contextmanager
def processes_opened(folder: Path) -> Iterator[Workshop]:
    """Services that have a release command, a worker and a schedule, live."""
    project = Project.copy(folder)
    made = Workshop(project, ("amber", "birch", "cedar"), MORE)
    try:
        opened = made.open()
        assert opened.report["verdict"] == "live", opened
        yield made
    finally:
        made.pool.shutdown(cancel_futures=True)
        project.remove()


@pytest.fixture(scope="module")
def processes(clouds: Clouds, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The cloud of the stories."""
    return clouds.get("processes", lambda: processes_opened(tmp_path_factory.mktemp("processes")))


@pytest.fixture(scope="module")
def stories(processes: Workshop, request: pytest.FixtureRequest) -> Mapping[str, Future[Found]]:
    """Every chosen story, side by side."""
    own = [item for item in request.session.items if item.path == request.path]
    chosen = [name for name in STORIES if any(f"[{name}]" in item.name for item in own)]
    futures = processes.side_by_side(chosen, lambda lane, name: story(lane, *STORIES[name]))
    return dict(zip(chosen, futures, strict=True))


@pytest.fixture
def found(request: pytest.FixtureRequest, stories: Mapping[str, Future[Found]]) -> Found:
    """The story that the test was chosen with."""
    return stories[request.param].result()
