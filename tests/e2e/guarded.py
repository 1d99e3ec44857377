"""A cloud behind a fault-injecting proxy: the port that the project knows is the proxy's."""

from __future__ import annotations

import subprocess
import sys
import time

from scripts.local import listen_addresses
from tests.e2e.fault_proxy import FaultProxy, Request
from tests.e2e.project import Project, free_port, get_json
from tests.e2e.running import Result
from tests.e2e.workshop import Lane, Workshop

NAME = "amber"
START_SECONDS = 60.0


class Guarded:
    """A project, its cloud, and the proxy between them."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.proxy = FaultProxy(project.port, free_port())
        self.cloud = self._start()
        self.workshop = Workshop(project, [NAME])
        self.bootstrap_requests: list[Request] = []

    def _start(self) -> subprocess.Popen[bytes]:
        """The emulator as `scripts/local/cloud.py` starts it, on a port that the project does not know."""
        state = self.project.state / "state"
        state.mkdir(parents=True)
        words = [sys.executable, "-m", "scripts.local.emulator", "--port", str(self.proxy.upstream)]
        words += ["--state", str(state), *(word for address in listen_addresses() for word in ("--bind", address))]
        with (self.project.state / "emulator.log").open("ab") as log:
            process = subprocess.Popen(words, cwd=self.project.root, stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + START_SECONDS
        while not _answers(self.proxy.upstream):
            assert process.poll() is None, self.project.log()
            assert time.monotonic() < end, self.project.log()
            time.sleep(0.1)
        return process

    def open(self) -> Result:
        """Bring the service live, every request recorded."""
        with self.proxy.recorded() as self.bootstrap_requests:
            return self.workshop.open()

    @property
    def lane(self) -> Lane:
        """Its service, with quick rollouts."""
        found = Lane(self.project, NAME)
        found.steady(1)
        return found

    def close(self) -> None:
        """Stop proxy and cloud."""
        self.proxy.close()
        self.cloud.terminate()
        self.cloud.wait(30)


def _answers(port: int) -> bool:
    try:
        get_json(f"http://127.0.0.1:{port}/_slipway/emulator")
    except OSError:
        return False
    return True
