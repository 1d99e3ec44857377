"""An embedded cloud of its own for tests."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3

from scripts.local import base_images, cloud, docker_engine, leftovers, listen_addresses

ACCOUNT, REGION = "000000000000", "us-east-1"
APP = Path(__file__).with_name("app")
BASE = "python:3.11-slim-bookworm"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(fact: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first true value of `fact`; fails the test after the given time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = fact()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {fact.__name__}")


@dataclass
class Emulator:
    """The emulator of one state folder."""

    folder: Path
    clients: dict[str, Any] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def start(self) -> cloud.Running:
        if cloud.Files(self.folder).kept_port() is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            cloud.Files(self.folder).port.write_text(str(free_port()), "ascii")
        running = cloud.ensure(self.folder, self.said.append, addresses=listen_addresses(), region=REGION)
        self.clients.clear()
        return running

    @property
    def port(self) -> int:
        return cloud.Files(self.folder).kept_port() or 0

    @property
    def state(self) -> Path:
        return cloud.Files(self.folder).state

    def kill(self) -> None:
        running = cloud.find(self.folder)
        assert running
        os.kill(running.pid, signal.SIGKILL)
        until(lambda: cloud.find(self.folder) is None)

    def remove(self) -> None:
        cloud.stop(self.folder)
        leftovers.remove(self.state, f"localhost:{self.port}")

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=f"http://127.0.0.1:{self.port}",
                region_name=REGION,
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key="any",
            )
        return self.clients[service]

    def get(
        self, balancer: str, path: str = "/", timeout: float = 20, headers: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}/_alb/{balancer}{path}"
        try:
            with urlopen(Request(url, headers=dict(headers)), timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except (http.client.HTTPException, OSError) as error:
            return 0, repr(error)

    def push(self, repository: str, tag: str = "1") -> str:
        """Builds the test application and pushes it; returns the image reference."""
        name = f"localhost:{self.port}/{repository}:{tag}"
        ecr = self.client("ecr")
        if repository not in {row["repositoryName"] for row in ecr.describe_repositories()["repositories"]}:
            ecr.create_repository(repositoryName=repository)
        docker("build", "-q", "-t", name, str(APP))
        docker("push", "-q", name)
        return name


@cache
def builder() -> docker_engine.Builder:
    return docker_engine.find_builder()


def docker(*words: str) -> str:
    client = builder()
    command = (*client.docker, *words)
    done = subprocess.run(
        command, env={**os.environ, **dict(client.environment)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def provide_base_image(memory: Path) -> None:
    base_images.ensure((BASE,), builder(), print, memory=memory / base_images.MEMORY)


class Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def server(address: str, port: int = 0) -> Iterator[int]:
    """A server that answers with the path that it was asked for; its port."""
    with ThreadingHTTPServer((address, port), Echo) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield running.server_address[1]
        finally:
            running.shutdown()
            thread.join()
