"""The private cloud of a bench: where it answers, what runs on it, and how it goes away again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.bench import workspace
from scripts.engine.aws import Aws
from scripts.engine.connection import Connection
from scripts.engine.errors import Failed
from scripts.engine.model import Stack
from scripts.engine.rollout import Snapshot
from scripts.engine.state import read_stacks
from scripts.engine.watch import Watcher
from scripts.local import (
    base_images,
    cloud,
    connection,
    docker_engine,
    engine_setup,
    leftovers,
    listen_addresses,
    ports,
)
from settings import Settings, load

STEADY_SECONDS = 120.0
CALM_SECONDS = 1.5
"""After a rollout the emulator saves its state; nothing is measured meanwhile."""
Say = Callable[[str], None]


class Site:
    """A copy of the project and the embedded cloud that belongs to it."""

    def __init__(self, root: Path, builder: docker_engine.Builder) -> None:
        self.root, self.builder = root, builder
        self.environ = workspace.clean_environment()

    @property
    def settings(self) -> Settings:
        """The copy's settings as they are now."""
        return load(self.root, environ={})

    @property
    def port(self) -> int:
        """The port of the copy's own emulator."""
        port = cloud.Files(self.settings.state_dir).kept_port()
        assert port is not None, "written when the copy was made"
        return port

    @property
    def connection(self) -> Connection:
        """How to reach the copy's cloud."""
        return connection(self.settings, self.port, self.builder)

    @property
    def snapshots(self) -> Path:
        """Where the copy's emulator saves its state."""
        return cloud.Files(self.settings.state_dir).state / "snapshots"

    def aws(self) -> Aws:
        """Clients for the copy's cloud."""
        return Aws(self.connection)

    def plain_environment(self) -> dict[str, str]:
        """What a person who works without Slipway would have set: the endpoint, credentials, the same tools."""
        link = self.connection
        folders = (workspace.TOOLS, ".venv/bin", "node_modules/.bin")
        path = os.pathsep.join([*(f"{self.root}/{folder}" for folder in folders), self.environ["PATH"]])
        return {**self.environ, **dict(link.cdk_env), **dict(link.docker_env), "PATH": path}

    def watcher(self, service: str = workspace.SERVICE) -> Watcher:
        """Looks at the service that changes, unless told which."""
        return Watcher(self.aws(), self.settings, service)

    def stack(self, key: str) -> Stack:
        """A stack of the copy's cloud as it is now."""
        return read_stacks(self.aws(), self.settings)[0][key]

    def url(self, path: str | None = None) -> str:
        """Address of the service that changes, or of a path, through the load balancer."""
        settings, link, aws = self.settings, self.connection, self.aws()
        stacks, _ = read_stacks(aws, settings)
        base = link.load_balancer_url.format(
            dns=stacks["platform"].outputs["LoadBalancerDns"], name=stacks["platform"].outputs["LoadBalancerName"]
        )
        return base + (path or settings.service(workspace.SERVICE).path)

    def await_steady(self, service: str = workspace.SERVICE) -> None:
        """Wait until only the current version runs and nothing drains; raises Failed."""
        watcher, end = self.watcher(service), time.monotonic() + STEADY_SECONDS
        while not is_steady(watcher.look()):
            if time.monotonic() > end:
                raise Failed(f"{service} is not steady after {STEADY_SECONDS:.0f} s", where="bench")
            time.sleep(0.5)
        time.sleep(CALM_SECONDS)

    def empty(self) -> None:
        """Back to no cloud and no project state, keeping the port; builder cache and base images stay."""
        settings, port = self.settings, self.port
        discard(settings)
        _choose_port(settings.state_dir, port)


def is_steady(seen: Snapshot) -> bool:
    """Whether all tasks are of the current deployment and healthy, and none is on its way out."""
    primary = seen.primary
    if primary is None or primary.state == "IN_PROGRESS":
        return False
    running = [task for task in seen.tasks if task.status == "RUNNING"]
    current = [task for task in running if task.task_definition == primary.task_definition]
    healthy = [target for target in seen.targets.values() if target.state == "healthy"]
    return len(running) == len(current) == len(healthy) == len(seen.targets) == seen.desired


@contextmanager
def private_site(project: Path, say: Say) -> Iterator[Site]:
    """A site with nothing deployed yet; whatever ends the block removes cloud, containers, images and folder."""
    for folder in workspace.abandoned():
        say(f"removing what a killed bench left in {folder.name}")
        clear(folder)
    root = workspace.make(project)
    try:
        settings = load(root, environ={})
        engine_setup.ensure(settings.state_dir, say)
        builder = docker_engine.find_builder(settings.state_dir / "builder.json")
        memory = settings.state_dir / base_images.MEMORY
        base_images.ensure(base_images.needed(settings), builder, say, memory=memory)
        _choose_port(settings.state_dir, free_port(listen_addresses()))
        yield Site(root, builder)
    finally:
        # A second Ctrl-C would leave containers behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say("cleaning up")
        clear(root)


def clear(root: Path) -> None:
    """Remove a copy, its cloud, its containers and its images."""
    if (root / "slipway.toml").exists():
        discard(load(root, environ={}))
    shutil.rmtree(root, ignore_errors=True)


def discard(settings: Settings) -> None:
    """Stop the cloud of a state folder and remove what it left in the container engine, and the folder."""
    folder = settings.state_dir
    port = cloud.Files(folder).kept_port()
    if port:
        cloud.stop(folder)
        leftovers.remove(cloud.Files(folder).state, f"localhost:{port}")
    shutil.rmtree(folder, ignore_errors=True)


def _choose_port(folder: Path, port: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    cloud.Files(folder).port.write_text(f"{port}\n", "ascii")


def free_port(addresses: tuple[str, ...]) -> int:
    """Any port but the usual one, which belongs to the user's own cloud."""
    while True:
        with socket.socket() as probe:
            probe.bind((addresses[0], 0))
            port = int(probe.getsockname()[1])
        if all(ports.is_free(address, port) for address in addresses):
            return port
