"""The processes of a service, all from one image: the web one, its workers, its schedules, its release command."""

from __future__ import annotations

from dataclasses import dataclass

from settings import Service
from settings.commands import container_command
from settings.model import Schedule, Worker

WEB, RELEASE = "web", "release"


@dataclass(frozen=True)
class Process:
    """What tells the container of one process from that of another."""

    name: str
    """`SLIPWAY_PROCESS` in its environment."""
    container: str
    family: str
    """Of its task definition, behind the prefix."""
    cpu: int
    memory: int
    command: str | None = None
    """None: what the image starts by itself."""
    port: int | None = None
    """None: takes no requests."""

    @property
    def words(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Entry point and command in place of the image's; empty where the image decides."""
        return container_command(self.command) if self.command else ((), ())


def web(service: Service) -> Process:
    """What answers requests."""
    name = service.name
    return Process(WEB, name, name, cpu=service.cpu, memory=service.memory, port=service.port)


def release(service: Service) -> Process:
    """What runs once before each rollout."""
    family = service.ecs_name(RELEASE)
    return Process(RELEASE, service.name, family, cpu=service.cpu, memory=service.memory, command=service.release)


def beside_web(service: Service, process: Worker | Schedule) -> Process:
    """A worker, or what a schedule starts."""
    name = service.ecs_name(process.name)
    return Process(process.name, name, name, cpu=process.cpu, memory=process.memory, command=process.command)
