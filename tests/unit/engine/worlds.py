"""A session on a target, with a cloud that answers from a table and a shell that runs nothing."""

from __future__ import annotations

from scripts.engine.cdk import Cdk
from scripts.engine.events import Event, Events
from scripts.engine.images import Images
from scripts.engine.world import World
from settings import Settings
from tests.unit.engine.clouds import CONNECTION, Cloud
from tests.unit.engine.projects import live, project
from tests.unit.engine.shells import FakeShell


def session(
    cloud: Cloud, heard: list[Event] | None = None, *, shell: FakeShell | None = None, settings: Settings | None = None
) -> World:
    """A world where everything is live; events go to `heard`."""
    shell, settings = shell or FakeShell(), settings or project()
    return World(
        settings=settings,
        connection=CONNECTION,
        aws=cloud.aws,
        shell=shell,
        events=Events(*([heard.append] if heard is not None else [])),
        images=Images(settings, CONNECTION, shell, cloud.aws),
        cdk=Cdk(settings, CONNECTION, shell),
        state=live(settings),
        has_ledger=True,
    )
