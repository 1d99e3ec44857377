"""The likely cause, from what ECS, the load balancer and the application say; in the words of AWS and the emulator."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.engine.diagnose import Cause, Evidence, likely_cause
from scripts.engine.rollout import Task
from settings import Service
from tests.unit.engine.moments import crashed, task

HELLO = Service("hello", "hello", port=8000, memory=512, health_path="/health")
EXITED = "Essential container in task exited"
ELB = "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/x/1)"
RUNC = "OCI runtime create failed: runc create failed: unable to start container process:"


def ended(code: int, reason: str = EXITED, *, container: str = "") -> Task:
    return replace(crashed("n1"), exit_code=code, stopped_reason=reason, container_reason=container)


def unstarted(reason: str) -> Task:
    return task("n1", status="STOPPED", stop_code="TaskFailedToStart", stopped_reason=reason)


def unhealthy(code: int | None = None) -> Task:
    """Stopped by ECS over its health checks; a container that ignores SIGTERM ends with 137."""
    return task("n1", status="STOPPED", stop_code="ServiceSchedulerInitiated", stopped_reason=ELB, exit_code=code)


ARCHITECTURE = Cause(
    "wrong_architecture",
    "the image was built for another processor architecture than the tasks run on",
    "set `platform` of the target to the architecture that the image is built for",
)
NO_IMAGE = Cause("image_not_found", "ECS cannot pull the image", "./poe deploy builds and pushes it again")
COMMAND = Cause(
    "missing_command",
    "the container's command cannot be started",
    "correct CMD or ENTRYPOINT in the Dockerfile",
)
MEMORY = Cause(
    "out_of_memory",
    "the container needs more than the 512 MiB that the task has",
    "raise `memory` of the service in slipway.toml",
)
PORT = Cause(
    "wrong_port",
    "nothing answers on port 8000",
    "make the application listen on 0.0.0.0 and that port, or correct `port` in slipway.toml",
)
UNKNOWN = Cause("unknown", "the evidence above does not say why", "./poe logs hello shows more")


def crash(codes: str) -> Cause:
    return Cause(
        "crash_at_start",
        f"the application ends by itself soon after it starts (exit code {codes})",
        "the log lines above say why; correct the application",
    )


def health(code: str) -> Cause:
    return Cause(
        "health_path",
        f"the health check /health is answered with {code}",
        "correct `health_path` in slipway.toml or what the application answers there",
    )


def evidence(*tasks: Task, targets: tuple[str, ...] = (), logs: tuple[str, ...] = ()) -> Evidence:
    return Evidence(tasks, targets, logs)


MISMATCH = "Target.ResponseCodeMismatch Health checks failed with these codes: [{}]"
CASES: dict[str, tuple[Evidence, Cause]] = {
    "crash": (evidence(ended(1), logs=("Traceback (most recent call last):", "KeyError: 'X'")), crash("1")),
    "crash, emulator": (evidence(ended(3, "Essential container exited")), crash("3")),
    "crash of two kinds": (evidence(ended(3), ended(1)), crash("1, 3")),
    "crash without a code": (evidence(replace(ended(1), exit_code=None)), crash("unknown")),
    "crash before it listened": (evidence(ended(1), targets=("Target.Timeout Request timed out",)), crash("1")),
    "ended at once with success": (evidence(ended(0)), crash("0")),
    "no such command": (
        evidence(
            unstarted(
                f"CannotStartContainerError: Error response from daemon: failed to create task: {RUNC} "
                'exec: "gunicorn": executable file not found in $PATH: unknown'
            )
        ),
        COMMAND,
    ),
    "no such command, Fargate": (
        evidence(unstarted(f'CannotCreateContainerError: {RUNC} exec: "/x": stat /x: no such file or directory')),
        COMMAND,
    ),
    "command may not be executed": (
        evidence(unstarted(f'CannotStartContainerError: {RUNC} exec: "/start.sh": permission denied: unknown')),
        COMMAND,
    ),
    "no such interpreter": (
        evidence(ended(1), logs=("exec /app/start.sh: no such file or directory",)),
        COMMAND,
    ),
    "shell does not find it": (evidence(ended(127), logs=("sh: 1: gunicorn: not found",)), COMMAND),
    "shell may not execute it": (evidence(ended(126)), COMMAND),
    "out of memory": (
        evidence(ended(137, container="OutOfMemoryError: Container killed due to memory usage")),
        MEMORY,
    ),
    "killed": (evidence(ended(137)), MEMORY),
    "image gone": (
        evidence(
            unstarted(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
                "1.dkr.ecr.eu-central-1.amazonaws.com/x:src-1: not found"
            )
        ),
        NO_IMAGE,
    ),
    "image gone, emulator": (
        evidence(unstarted("CannotPullContainerError: manifest for localhost:4566/x:src-1 not found")),
        NO_IMAGE,
    ),
    "no access to the image": (
        evidence(unstarted("pull access denied for x, repository does not exist or may require authorization")),
        NO_IMAGE,
    ),
    "architecture, at the pull": (
        evidence(
            unstarted(
                "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'"
            )
        ),
        ARCHITECTURE,
    ),
    "architecture, older words": (
        evidence(unstarted("CannotPullContainerError: no matching manifest for linux/arm64 in the manifest list")),
        ARCHITECTURE,
    ),
    "architecture, at the start": (
        evidence(ended(1), logs=("exec /usr/local/bin/python: exec format error",)),
        ARCHITECTURE,
    ),
    "architecture, the engine's words": (
        evidence(unstarted("CannotStartContainerError: standard_init_linux.go: exec user process: exec format error")),
        ARCHITECTURE,
    ),
    "health path 404": (evidence(unhealthy(0), targets=(MISMATCH.format(404),)), health("404")),
    "health path 500": (evidence(unhealthy(137), targets=(MISMATCH.format(500),)), health("500")),
    "health path, event of the service": (
        evidence(unhealthy(), targets=("Health checks failed with these codes: [502, 503]",)),
        health("502, 503"),
    ),
    "health path, no task stopped yet": (evidence(targets=(MISMATCH.format(404),)), health("404")),
    "wrong port": (evidence(unhealthy(143), targets=("Target.Timeout Request timed out",)), PORT),
    "wrong port, killed": (evidence(unhealthy(137), targets=("Target.FailedHealthChecks Health checks failed",)), PORT),
    "wrong port, no words of the load balancer": (evidence(unhealthy(137)), PORT),
    "wrong port, no task stopped yet": (evidence(targets=("Target.FailedHealthChecks Health checks failed",)), PORT),
    "nothing": (evidence(), UNKNOWN),
    "scaled in": (
        evidence(task("n1", status="STOPPED", stopped_reason="Scaling activity initiated by (deployment x)")),
        UNKNOWN,
    ),
    "an application that speaks of rooms": (
        evidence(task("n1", stopped_reason="the ROOM is full")),
        UNKNOWN,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_likely_cause(case: str) -> None:
    found, expected = CASES[case]
    assert likely_cause(found, HELLO) == expected


MAILER = replace(HELLO, name="hello-mailer", memory=1024)


@pytest.mark.parametrize(
    ("evidence", "cause"),
    [
        (
            Evidence((ended(127),), (), ()),
            replace(COMMAND, remedy="correct `command` of the worker"),
        ),
        (
            Evidence((ended(137, container="OutOfMemoryError: killed"),), (), ()),
            Cause(
                "out_of_memory",
                "the container needs more than the 1024 MiB that the task has",
                "raise `memory` of the worker",
            ),
        ),
        (Evidence((ended(1),), ("connection refused",), ()), crash("1")),
        (
            Evidence((), ("Request timed out",), ()),
            replace(UNKNOWN, remedy="./poe logs hello --process mailer shows more"),
        ),
    ],
)
def test_what_a_worker_can_have(evidence: Evidence, cause: Cause) -> None:
    """Its own settings are named, and nothing that takes a load balancer."""
    assert likely_cause(evidence, MAILER, worker="mailer") == cause
