"""Why a new version did not come up: evidence first, then the likely cause and the remedy.

Gathers stopped reasons, exit codes, target health and the last log lines; `CAUSES` is an ordered table, the first
row that matches names the cause.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.engine.aws import Aws, translated
from scripts.engine.errors import SlipwayError
from scripts.engine.rollout import Snapshot, Task
from settings import Service

LOG_LINES = 50
UNHEALTHY = re.compile(r"is unhealthy in .* due to \(reason (.*)\)")
"""Source: ECS developer guide, "Service event messages"."""


@dataclass(frozen=True)
class Evidence:
    """What was seen of the tasks that did not stay up."""

    tasks: tuple[Task, ...]
    targets: tuple[str, ...]
    """What the load balancer said of new tasks, such as `Health checks failed with these codes: [500]`."""
    logs: tuple[str, ...]

    @property
    def text(self) -> str:
        """All reasons in one text, for matching."""
        parts = [f"{t.stopped_reason} {t.container_reason}" for t in self.tasks]
        return "\n".join([*parts, *self.targets])

    @property
    def exit_codes(self) -> set[int]:
        """Exit codes of the containers that ended by themselves."""
        return {t.exit_code for t in self.tasks if t.exit_code is not None}


@dataclass(frozen=True)
class Cause:
    """The likely cause as a sentence, and what to do."""

    name: str
    sentence: str
    remedy: str


Row = tuple[str, Callable[[Evidence], bool], Callable[[Evidence, Service], str], str]


def _says(pattern: str) -> Callable[[Evidence], bool]:
    expression = re.compile(pattern, re.I)
    return lambda evidence: expression.search(evidence.text) is not None


def _logs_say(pattern: str) -> Callable[[Evidence], bool]:
    expression = re.compile(pattern, re.I)
    return lambda evidence: any(expression.search(line) for line in evidence.logs)


def _codes(evidence: Evidence) -> str:
    found = re.search(r"codes?: \[?([\d, ]+)", evidence.text)
    return found[1].strip() if found else "an error"


CAUSES: tuple[Row, ...] = (
    (
        "wrong_architecture",
        lambda e: (
            _says(r"exec format error|no matching manifest|descriptor matching platform|does not match the .*platform")(
                e
            )
            or _logs_say("exec format error")(e)
        ),
        lambda e, s: "the image was built for another processor architecture than the tasks run on",
        "set `platform` of the target to the architecture that the image is built for",
    ),
    (
        "image_not_found",
        _says(r"CannotPullContainer|pull access denied|manifest unknown|not found: manifest|CannotPullImage"),
        lambda e, s: "ECS cannot pull the image",
        "./poe deploy builds and pushes it again",
    ),
    (
        "missing_command",
        lambda e: (
            _says(
                r"executable file not found|no such file or directory|CannotStartContainer|CannotCreateContainer"
                r"|permission denied"
            )(e)
            or _logs_say(r"^exec .*: (no such file or directory|permission denied)")(e)
            or bool(e.exit_codes & {126, 127})
        ),
        lambda e, s: "the container's command cannot be started",
        "correct CMD or ENTRYPOINT in the Dockerfile",
    ),
    (
        "out_of_memory",
        lambda e: _says(r"OutOfMemory|\bOOM")(e) or (137 in e.exit_codes and not _says("ELB health")(e)),
        lambda e, s: f"the container needs more than the {s.memory} MiB that the task has",
        "raise `memory` of the service in slipway.toml",
    ),
    (
        "health_path",
        _says(r"ResponseCodeMismatch|failed with these codes"),
        lambda e, s: f"the health check {s.health_path} is answered with {_codes(e)}",
        "correct `health_path` in slipway.toml or what the application answers there",
    ),
    (
        "crash_at_start",
        lambda e: any(t.stop_code == "EssentialContainerExited" for t in e.tasks),
        lambda e, s: (
            "the application ends by itself soon after it starts "
            f"(exit code {', '.join(map(str, sorted(e.exit_codes))) or 'unknown'})"
        ),
        "the log lines above say why; correct the application",
    ),
    (
        "wrong_port",
        _says(r"Target\.Timeout|Request timed out|refused|Target\.FailedHealthChecks|ELB health checks"),
        lambda e, s: f"nothing answers on port {s.port}",
        "make the application listen on 0.0.0.0 and that port, or correct `port` in slipway.toml",
    ),
)


NOT_OF_WORKERS = ("health_path", "wrong_port")
"""Causes that take a load balancer."""
WORKER_REMEDIES = {
    "missing_command": "correct `command` of the worker",
    "out_of_memory": "raise `memory` of the worker",
}


def likely_cause(evidence: Evidence, service: Service, *, worker: str = "") -> Cause:
    """The first row of `CAUSES` that matches; of a worker, `service` has its size and its name in ECS."""
    for name, matches, sentence, remedy in CAUSES:
        if matches(evidence) and not (worker and name in NOT_OF_WORKERS):
            return Cause(name, sentence(evidence, service), WORKER_REMEDIES.get(name, remedy) if worker else remedy)
    whose = f"{service.name.removesuffix(f'-{worker}')} --process {worker}" if worker else service.name
    return Cause("unknown", "the evidence above does not say why", f"./poe logs {whose} shows more")


def gather(
    aws: Aws, cluster: str, service: Service, *, failed: Sequence[Task], seen: Snapshot, unhealthy: Sequence[str]
) -> Evidence:
    """Collect the evidence; a part that cannot be read is left out rather than hiding the rest."""
    tasks = tuple(failed)[-3:]
    logs: tuple[str, ...] = ()
    newest = sorted(tasks or _new_tasks(seen), key=lambda t: t.created)[-3:]
    for task in reversed(newest):
        logs = logs or log_lines(aws, service.name, task)
    said = [*unhealthy, *_service_words(aws, cluster, service.name, newest)]
    return Evidence(tasks=tasks, targets=tuple(dict.fromkeys(said)), logs=logs)


def _service_words(aws: Aws, cluster: str, service: str, tasks: Sequence[Task]) -> list[str]:
    """Why ECS stopped tasks over their health checks; it tells after the target has gone, which a look may miss."""
    since = min((task.created for task in tasks), default=0.0)
    try:
        with translated("read the service's events"):
            rows = aws.client("ecs").describe_services(cluster=cluster, services=[service])["services"]
    except SlipwayError:
        return []
    events = [event for row in rows for event in row.get("events", []) if event["createdAt"].timestamp() >= since]
    found = [UNHEALTHY.search(event["message"]) for event in events]
    return [match[1] for match in reversed(found) if match]


def unhealthy_words(seen: Snapshot) -> list[str]:
    """What the load balancer says of the targets that it does not find healthy."""
    return [
        f"{target.reason} {target.description}".strip()
        for target in seen.targets.values()
        if target.state == "unhealthy"
    ]


def _new_tasks(seen: Snapshot) -> tuple[Task, ...]:
    primary = seen.primary
    return tuple(t for t in seen.tasks if primary and t.task_definition == primary.task_definition)


def log_lines(
    aws: Aws, container: str, task: Task, *, limit: int = LOG_LINES, definition: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """The last lines of one task's log stream, wherever its task definition sends them; none if unreadable."""
    try:
        with translated("read the log"):
            if definition is None:
                described = aws.client("ecs").describe_task_definition(taskDefinition=task.task_definition)
                definition = described["taskDefinition"]
            own: Mapping[str, Any] = next((c for c in definition["containerDefinitions"] if c["name"] == container), {})
            options = own.get("logConfiguration", {}).get("options", {})
            if "awslogs-group" not in options:
                return ()
            stream = f"{options.get('awslogs-stream-prefix', '')}/{container}/{task.id}".lstrip("/")
            events = aws.client("logs").get_log_events(
                logGroupName=options["awslogs-group"], logStreamName=stream, limit=limit, startFromHead=False
            )["events"]
    except SlipwayError:
        return ()
    return tuple(event["message"].rstrip("\n") for event in events)


def as_event(evidence: Evidence, cause: Cause) -> dict[str, object]:
    """The evidence as the facts of an event."""
    return {
        "tasks": [
            {
                "id": t.id,
                "stopped_reason": t.stopped_reason,
                "exit_code": t.exit_code,
                "container_reason": t.container_reason,
            }
            for t in evidence.tasks
        ],
        "targets": list(evidence.targets),
        "logs": list(evidence.logs),
        "cause": cause.name,
        "sentence": cause.sentence,
        "remedy": cause.remedy,
    }
