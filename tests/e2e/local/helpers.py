"""An embedded cloud of its own for tests, and the few AWS calls that make an application run on it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import boto3

from scripts.local import base_images, cloud, docker_engine, leftovers, listen_addresses

ACCOUNT, REGION = "000000000000", "us-east-1"
APP = Path(__file__).with_name("app")
BASE = "python:3.11-slim-bookworm"
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


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

    def get(self, balancer: str, path: str = "/", timeout: float = 20) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}/_alb/{balancer}{path}"
        try:
            with urlopen(url, timeout=timeout) as answer:
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


@dataclass
class Service:
    """One application behind a load balancer of its own."""

    emulator: Emulator
    name: str
    image: str
    group: str = ""

    def create(self, *, desired: int = 2, grace: int = 10, **definition: Any) -> None:
        self._balance()
        ecs = self.emulator.client("ecs")
        ecs.create_cluster(clusterName=self.name)
        ecs.create_service(
            cluster=self.name,
            serviceName=self.name,
            taskDefinition=self.define(**definition),
            desiredCount=desired,
            launchType="FARGATE",
            healthCheckGracePeriodSeconds=grace,
            loadBalancers=[{"targetGroupArn": self.group, "containerName": "app", "containerPort": 8000}],
            deploymentConfiguration=BREAKER,
            networkConfiguration=NETWORK,
        )

    def _balance(self) -> None:
        elb = self.emulator.client("elbv2")
        self.group = elb.create_target_group(
            Name=self.name,
            Protocol="HTTP",
            Port=8000,
            VpcId="vpc-1",
            TargetType="ip",
            HealthCheckPath="/health",
            HealthCheckIntervalSeconds=5,
            HealthCheckTimeoutSeconds=2,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "5"}
        elb.modify_target_group_attributes(TargetGroupArn=self.group, Attributes=[delay])
        balancer = elb.create_load_balancer(Name=self.name, Subnets=["subnet-1"])["LoadBalancers"][0]
        action = {"Type": "forward", "TargetGroupArn": self.group}
        elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Port=80, Protocol="HTTP", DefaultActions=[action]
        )

    def define(self, *, image: str = "", command: tuple[str, ...] = (), memory: int = 512, **environment: str) -> str:
        container = {
            "name": "app",
            "image": image or self.image,
            "essential": True,
            "portMappings": [{"containerPort": 8000}],
            "stopTimeout": 10,
            "environment": [{"name": name, "value": value} for name, value in environment.items()],
            **({"command": list(command)} if command else {}),
        }
        definition = self.emulator.client("ecs").register_task_definition(
            family=self.name,
            networkMode="awsvpc",
            cpu="256",
            memory=str(memory),
            requiresCompatibilities=["FARGATE"],
            runtimePlatform={"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
            containerDefinitions=[container],
        )
        return str(definition["taskDefinition"]["taskDefinitionArn"])

    def update(self, *, breaker: bool = True, **definition: Any) -> None:
        rules = BREAKER if breaker else {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
        self.emulator.client("ecs").update_service(
            cluster=self.name,
            service=self.name,
            taskDefinition=self.define(**definition),
            deploymentConfiguration=rules,
        )

    def delete(self) -> None:
        self.emulator.client("ecs").delete_service(cluster=self.name, service=self.name, force=True)

    def record(self) -> dict[str, Any]:
        found = self.emulator.client("ecs").describe_services(cluster=self.name, services=[self.name])["services"]
        return dict(found[0])

    def states(self) -> list[str]:
        """Rollout states, newest deployment first."""
        return [row["rolloutState"] for row in self.record()["deployments"]]

    def is_steady(self) -> bool:
        record = self.record()
        states = [row["rolloutState"] for row in record["deployments"]]
        return states == ["COMPLETED"] and record["runningCount"] == record["desiredCount"]

    def has_failed(self) -> bool:
        return "FAILED" in self.states()

    def targets(self) -> list[dict[str, Any]]:
        found = self.emulator.client("elbv2").describe_target_health(TargetGroupArn=self.group)
        return [dict(row["TargetHealth"]) for row in found["TargetHealthDescriptions"]]

    def is_healthy(self) -> bool:
        targets = self.targets()
        return bool(targets) and all(row["State"] == "healthy" for row in targets)

    def running(self) -> list[dict[str, Any]]:
        return self._tasks("RUNNING")

    def stopped(self) -> list[dict[str, Any]]:
        return self._tasks("STOPPED")

    def _tasks(self, status: str) -> list[dict[str, Any]]:
        ecs = self.emulator.client("ecs")
        arns = ecs.list_tasks(cluster=self.name, desiredStatus=status)["taskArns"]
        return list(ecs.describe_tasks(cluster=self.name, tasks=arns)["tasks"]) if arns else []

    def answer(self, path: str = "/") -> tuple[int, str]:
        return self.emulator.get(self.name, path)


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
