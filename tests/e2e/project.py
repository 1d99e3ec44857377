"""A copy of this project in a folder of its own, with its own embedded cloud, driven through its verbs as a user would.

The Python environment is reached through a link: it is large, and set up once, by `./poe`.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import threading
import time
import tomllib
import urllib.request
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.e2e.running import Command, Event, Result

ORIGIN = Path(__file__).resolve().parents[2]
HIDDEN = ("AWS_", "CDK_", "SLIPWAY_", "IMAGE_TAG", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTEST_", "CI")
"""Variables of whoever runs the tests that would reach into the tested commands."""


class Project:
    """The copy: its files, its commands, its cloud."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / ".slipway" / "local"
        self._settings, self._making = threading.Lock(), threading.Lock()
        self._clients: dict[tuple[str, int], Any] = {}

    @classmethod
    def copy(cls, folder: Path) -> Project:
        """The files of the working tree, whether or not they are committed."""
        words = ("git", "-C", str(ORIGIN), "ls-files", "-co", "--exclude-standard", "-z")
        names = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split("\0")
        for name in filter(None, names):
            source, copied = ORIGIN / name, folder / name
            if source.exists() or source.is_symlink():
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, copied, follow_symlinks=False)
        (folder / ".venv").symlink_to(ORIGIN / ".venv")
        # Small, and `npm ci` through a link would empty the folder behind it.
        shutil.copytree(ORIGIN / "node_modules", folder / "node_modules", symlinks=True)
        project = cls(folder)
        project.choose_port(free_port())
        return project

    def choose_port(self, port: int) -> None:
        """Where the embedded cloud starts, as if it had run there before."""
        self.state.mkdir(parents=True, exist_ok=True)
        (self.state / "port").write_text(f"{port}\n", "ascii")

    @property
    def port(self) -> int:
        """Port of the embedded cloud."""
        return int((self.state / "port").read_text("ascii"))

    # ---------------------------------------------------------------- commands

    def start(
        self, verb: str, *words: str, env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
    ) -> Command:
        """Start a task of pyproject.toml; `prefix` is a command that starts commands."""
        process = subprocess.Popen(
            [*prefix, *self._words(verb), *words],
            cwd=self.root,
            env={**self.environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        return Command(process, time.monotonic())

    def run(
        self,
        verb: str,
        *words: str,
        expect: int | tuple[int, ...] | None = 0,
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> Result:
        """Run a task to its end."""
        return self.start(verb, *words, env=env, prefix=prefix).finish(expect)

    def deploy(self, *services: str, expect: int | None = 0, env: Mapping[str, str] | None = None) -> Result:
        """`./poe deploy --json`."""
        return self.run("deploy", "--json", *services, expect=expect, env=env)

    def plan(self, *services: str) -> Event:
        """`./poe plan --json`."""
        return self.run("plan", "--json", *services).only("plan")

    @cached_property
    def environment(self) -> dict[str, str]:
        """What a shell in the copy would have."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
        own = (self.root / ".venv/bin", self.root / "node_modules/.bin")
        return {**kept, "PATH": os.pathsep.join([*map(str, own), kept.get("PATH", "/usr/bin:/bin")])}

    def _words(self, verb: str) -> list[str]:
        groups = tomllib.loads((self.root / "pyproject.toml").read_text("utf-8"))["tool"]["poe"]["groups"]
        tasks = {name: task for group in groups.values() for name, task in group["tasks"].items()}
        first, *rest = shlex.split(tasks[verb]["cmd"])
        return [str(self.root / ".venv/bin" / first), *rest]

    # ------------------------------------------------------------------- files

    def write(self, path: str, text: str) -> None:
        """Write a file of the copy; who reads it at the same time sees the old text or the new one."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_text(text, "utf-8")
        fresh.replace(file)

    def read(self, path: str) -> str:
        """Read a file of the copy."""
        return (self.root / path).read_text("utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        """Edit a file of the copy; the old text must be there once."""
        text = self.read(path)
        assert text.count(old) == 1, f"{text.count(old)} times {old!r} in {path}"
        self.write(path, text.replace(old, new))

    def set_key(self, table: str, key: str, value: str) -> None:
        """Give a key of a table in slipway.toml a value, which is TOML."""
        with self._settings:
            self._set_key(table, key, value)

    def _set_key(self, table: str, key: str, value: str) -> None:
        head, _, rest = self.read("slipway.toml").partition(f"[{table}]\n")
        body, bracket, tail = rest.partition("\n[")
        lines = [line for line in body.splitlines() if not line.startswith(f"{key} = ")]
        text = "\n".join([f"[{table}]", f"{key} = {value}", *lines])
        self.write("slipway.toml", f"{head}{text}{bracket or chr(10)}{tail}")

    # ------------------------------------------------------------------- cloud

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded cloud; it may be used by several threads."""
        key = (service, self.port)
        with self._making:
            if key not in self._clients:
                self._clients[key] = _client(*key)
            return self._clients[key]

    def url(self, path: str = "/hello") -> str:
        """Address of a path on the load balancer."""
        return f"http://127.0.0.1:{self.port}/_alb/slipway-local{path}"

    def ask(self, path: str = "/hello") -> dict[str, Any]:
        """The JSON answer to one request; fails when there is none."""
        return dict(get_json(self.url(path)))

    def stack_tag(self, service: str) -> str:
        """Image tag that the service's stack holds."""
        row = self.client("cloudformation").describe_stacks(StackName=f"slipway-local-service-{service}")["Stacks"][0]
        return str(next(p["ParameterValue"] for p in row["Parameters"] if p["ParameterKey"] == "ImageTag"))

    def tasks(self, service: str) -> list[dict[str, Any]]:
        """Running tasks of a service."""
        ecs = self.client("ecs")
        arns = ecs.list_tasks(cluster="slipway-local", serviceName=service, desiredStatus="RUNNING")["taskArns"]
        return list(ecs.describe_tasks(cluster="slipway-local", tasks=arns)["tasks"]) if arns else []

    def emulator(self) -> Event:
        """What `local status` says."""
        return dict(json.loads(self.run("local", "status", "--json").out))

    def log(self, lines: int = 60) -> str:
        """The last lines of the emulator's log."""
        try:
            text = (self.state / "emulator.log").read_text("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def kill_cloud(self) -> None:
        """End the emulator as a power cut would."""
        os.kill(int(self.emulator()["pid"]), signal.SIGKILL)
        end = time.monotonic() + 10
        while not is_free(self.port):
            assert time.monotonic() < end, "a killed emulator keeps its port"
            time.sleep(0.02)

    def remove(self) -> None:
        """Stop the cloud, remove its containers, images and state, and the folder."""
        self.run("local", "reset", "--yes", expect=None)
        shutil.rmtree(self.root, ignore_errors=True)


def _client(service: str, port: int) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="000000000000",
        aws_secret_access_key="local",
        # Without proxies given it walks through os.environ, which pytest may change at that moment.
        config=Config(retries={"max_attempts": 5, "mode": "standard"}, proxies={}),
    )


WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Which of the processes that run tests side by side this is: each has ports of its own."""
_ports = itertools.count(20_000 + WORKER % 5 * 2_000 + random.randrange(1_500))


def free_port() -> int:
    """A port nobody listens on, outside the range that the kernel hands to outgoing connections; never one twice."""
    return next(port for port in itertools.takewhile(lambda port: port < 30_000, _ports) if is_free(port))


def is_free(port: int) -> bool:
    """Whether a server can listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True


def get_json(url: str, timeout: float = 5.0) -> Any:
    """The JSON answer to a GET; raises OSError when there is no good answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=timeout) as answer:
        return json.load(answer)
