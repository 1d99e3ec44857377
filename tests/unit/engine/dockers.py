"""Docker as a deploy sees it, with a shell that runs nothing."""

from __future__ import annotations

from dataclasses import replace

from scripts.engine.connection import Connection
from scripts.engine.images import Images
from tests.unit.engine.clouds import CONNECTION, Cloud
from tests.unit.engine.projects import REGISTRY, project
from tests.unit.engine.shells import FakeShell

SETTINGS = project()
HELLO = SETTINGS.service("hello")
IMAGE = f"{REGISTRY}/shop-staging/hello:src-1"
PLAIN = replace(CONNECTION, registry_cache=False, registry_login=False)


def docker(shell: FakeShell, cloud: Cloud, connection: Connection = PLAIN) -> Images:
    return Images(SETTINGS, connection, shell, cloud.aws)


def docker_words(shell: FakeShell) -> list[tuple[str, ...]]:
    return [command.argv for command in shell.commands if command.argv[0] != "git"]
