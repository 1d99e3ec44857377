"""One cloud for all tests of the engine, emptied before each; and a whole target on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts.engine import lock, verdict
from scripts.engine.cdk import Cdk
from scripts.engine.events import Event
from scripts.engine.images import Images
from scripts.engine.shell import Result
from scripts.engine.world import World
from tests.unit.engine.clouds import Cloud
from tests.unit.engine.shells import FakeShell, said
from tests.unit.engine.targets import PROOF, Target, project_in
from tests.unit.engine.worlds import session


@pytest.fixture(scope="session")
def _cloud() -> Cloud:
    return Cloud()


@pytest.fixture(autouse=True)
def _no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine so busy that a test takes seconds, a lease would be renewed behind the test's back."""
    monkeypatch.setattr(lock, "LOOK_SECONDS", 3600)


@pytest.fixture
def cloud(_cloud: Cloud) -> Cloud:
    """Calls of boto3 clients, answered from a table."""
    _cloud.reset()
    return _cloud


@pytest.fixture
def heard() -> list[Event]:
    """Events of the test's session."""
    return []


@pytest.fixture
def target(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    """A target where everything is live and every service answers."""
    monkeypatch.setattr(verdict, "answers", lambda url, **_: PROOF)
    return Target(cloud, project_in(tmp_path))


@pytest.fixture
def world(target: Target, heard: list[Event]) -> World:
    """A session whose builds fail to find the image locally, and otherwise work."""
    rows: tuple[tuple[str | tuple[str, ...], Result], ...] = (
        ("inspect {{.Id}}", said("no such image", code=1)),
        (("inspect", "{{json .RootFS.Layers}}"), said('["sha256:aaaaaaaaaaaa"]')),
        ("push", said("aaaaaaaaaaaa: Pushed")),
        ("git", said(code=128)),
    )
    made = session(target.cloud, heard, shell=FakeShell(*rows), settings=target.settings)
    made.connection = replace(made.connection, registry_login=False, registry_cache=False)
    made.images = Images(target.settings, made.connection, made.shell, target.cloud.aws)
    made.cdk = Cdk(target.settings, made.connection, made.shell)
    return made
