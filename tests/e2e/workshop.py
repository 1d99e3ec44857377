"""One cloud with several tiny services, so that slow things (rollouts, mostly waiting) are tested side by side.

A lane is one service with its own source folder. Whoever takes a lane has it alone, and gives it back live.
"""

from __future__ import annotations

import queue
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import pytest

from scripts.local import docker_engine
from tests.e2e.observer import Answer, Observer, look
from tests.e2e.project import ORIGIN, Project
from tests.e2e.running import Command, Result, until

LANES = ("amber", "birch", "cedar", "delta")
FIRST_PORT = 8101
HEAD = """
name = "slipway"

[targets.local]
embedded = true
account = "000000000000"
region = "us-east-1"
"""
SERVICE = """
[services.{name}]
source = "lanes/{name}"
port = {port}
path = "/{name}"
grace_period = 10
"""
Case = TypeVar("Case")
Found = TypeVar("Found")


class Lane:
    """One tiny service."""

    def __init__(self, project: Project, name: str) -> None:
        self.project, self.name = project, name
        self.url = project.url(f"/{name}")

    def make(self, mode: str = "fine", *, dockerfile: str | None = None) -> None:
        """Write the source anew, unlike every version before."""
        folder = self.project.root / "lanes" / self.name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(ORIGIN / "tests/e2e/tiny", folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "mode").write_text(f"{mode}\n{uuid4()}\n", "ascii")
        if dockerfile is not None:
            (folder / "Dockerfile").write_text(dockerfile, "ascii")

    def deploy(self, expect: int | tuple[int, ...] | None = 0) -> Result:
        """`./poe deploy --json` of this service."""
        return self.project.run("deploy", "--json", self.name, expect=expect)

    def start(self) -> Command:
        """The same, not waited for."""
        return self.project.start("deploy", "--json", self.name)

    def observed(self) -> Observer:
        """Asks the service as long as the block runs."""
        return Observer(self.url)

    @property
    def tag(self) -> str:
        """Image tag that the stack holds."""
        return self.project.stack_tag(self.name)

    @property
    def service(self) -> dict[str, Any]:
        """The ECS service."""
        ecs = self.project.client("ecs")
        return dict(ecs.describe_services(cluster="slipway-local", services=[self.name])["services"][0])

    def digests(self) -> set[str]:
        """Image digests of the running tasks."""
        return {task["containers"][0].get("imageDigest", "") for task in self.project.tasks(self.name)}

    def forget_image(self, tag: str) -> None:
        """Remove an image of this service from the container engine."""
        name = f"localhost:{self.project.port}/slipway-local/{self.name}:{tag}"
        docker_engine.ask(f"/images/{quote(name, safe='/:')}?force=true", method="DELETE", timeout=30)

    def settle(self, seconds: float = 60.0) -> None:
        """Wait until ECS has nothing more to do for the service."""
        until(lambda: self.service, _is_settled, seconds)

    def settled_answers(self) -> list[Answer]:
        """What answers once nothing moves any more."""
        self.settle()
        return self.answers()

    def steady(self, seconds: int) -> None:
        """How long a version has to be healthy to count as live: as long goes its rollout on, for others to meet it."""
        self.project.set_key(f"services.{self.name}", "steady", str(seconds))

    def change_setting(self) -> None:
        """Another value in the environment of this service's tasks."""
        self.project.set_key(f"services.{self.name}", "environment", f'{{ ROUND = "{uuid4()}" }}')

    def answers(self, count: int = 8) -> list[Answer]:
        """Several answers one after the other."""
        return [look(self.url) for _ in range(count)]


class Workshop:
    """The cloud and its lanes."""

    def __init__(self, project: Project, names: Sequence[str] = LANES, more: str = "") -> None:
        self.project, self.names, self.more = project, names, more
        self.free: queue.Queue[str] = queue.Queue()
        self.pool = ThreadPoolExecutor(len(names))

    def open(self) -> Result:
        """Make the sources and bring everything live."""
        template = SERVICE + self.more
        services = [template.format(name=name, port=FIRST_PORT + at) for at, name in enumerate(self.names)]
        self.project.write("slipway.toml", HEAD + "".join(services))
        for name in self.names:
            Lane(self.project, name).make()
            self.free.put(name)
        return self.project.deploy()

    @staticmethod
    def chosen(request: pytest.FixtureRequest) -> list[Any]:
        """The values of `case` that the tests of the asking module were chosen with."""
        tests = [item for item in request.session.items if item.path == request.path]
        parameters = [item.callspec.params for item in tests if hasattr(item, "callspec")]
        return [row["case"] for row in parameters if "case" in row]

    @contextmanager
    def lane(self) -> Iterator[Lane]:
        """A service for oneself; an unhealthy one is not given to the next."""
        name = self.free.get(timeout=600)
        yield Lane(self.project, name)
        self.free.put(name)

    def side_by_side(self, cases: Sequence[Case], run: Callable[[Lane, Case], Found]) -> list[Future[Found]]:
        """Run every case on a lane of its own, as many at once as there are lanes; a case leaves its lane live."""

        def on_a_lane(case: Case) -> Found:
            with self.lane() as lane:
                try:
                    return run(lane, case)
                except BaseException:
                    repair(lane)
                    raise

        return [self.pool.submit(on_a_lane, case) for case in cases]


def repair(lane: Lane) -> None:
    """Give the next case a fair start after one that failed."""
    lane.make()
    lane.deploy(expect=None)


def _is_settled(service: dict[str, Any]) -> bool:
    deployments = service["deployments"]
    return (
        len(deployments) == 1
        and deployments[0].get("rolloutState") == "COMPLETED"
        and service["runningCount"] == service["desiredCount"]
    )
