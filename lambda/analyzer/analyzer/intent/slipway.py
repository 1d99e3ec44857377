"""`.slipway.toml`: an application's own settings in its service's folder. What it states wins over everything.

| key | value | meaning |
|---|---|---|
| `start` | text | command of the web process |
| `port` | 1 to 65535 | port that the web process listens on |
| `health_path` | text beginning with `/` | answers 200 when the application is well |
| `kind`, `language`, `framework`, `package_manager`, `runtime_version` | text | as in an analysis |
| `build_command`, `output_dir` | text | as in an analysis |
| `dockerfile` | a file in this folder | the image is built with it |
| `cpu` | 256, 512, 1024, 2048 or 4096 | CPU units of a task |
| `memory` | MiB that Fargate has for the cpu | memory of a task |
| `desired`, `min`, `max` | 0 to 100 | number of tasks, and its bounds |
| `needs` | list of engines, such as `["postgresql", "redis"]` | backing services |
| `services` | list of folders | only in the root of a tree: the folders that are services |
| `[environment]` | `NAME = "text"` | variables; a literal that looks like a secret is refused |
| `[secrets]` | `NAME = "reference"` | an ARN of Secrets Manager or SSM, `secretsmanager:name` or `ssm:/name` |
| `[processes.NAME]` | `command`; `schedule` for one that runs by the clock | `web` is the main one, others work |
| `[release]` | `command` | runs once before each rollout |

A key that is not here, or a value that is not allowed, is refused with file, line, key and what is allowed.
"""

from __future__ import annotations

from typing import Any

from analyzer import confidence, manifests, start_command
from analyzer.failure import Failure
from analyzer.intent import stated
from analyzer.intent.declaration import File, engine_of
from analyzer.model import Process, Variable
from analyzer.project import Project

NAME = ".slipway.toml"
FIELDS = ("port", "health_path", "language", "framework", "package_manager", "runtime_version", "build_command")
FIELDS_MORE = ("output_dir", "kind")
DETAILS = ("cpu", "memory", "desired", "min", "max", "environment", "secrets")


def read(project: Project) -> None:
    """What the file states. Raises Failure("InvalidSettings") when it states what is not allowed."""
    found = settings(project)
    if not found:
        return
    file = File(project, NAME, confidence.STATED)
    for name in (*FIELDS, *FIELDS_MORE):
        file.field(name, found.get(name), name)
    file.start(found.get("start"), "start")
    _processes(file, found)
    _surroundings(file, found)
    if kept := {name: found[name] for name in DETAILS if name in found}:
        project.findings.details["settings"] = kept
    if "dockerfile" in found:
        if not project.view.has(found["dockerfile"]):
            raise _refused(project, "dockerfile", f'"{found["dockerfile"]}" is not there')
        file.dockerfile(found["dockerfile"])


def settings(project: Project) -> dict[str, Any]:
    """The settings, valid; {} when there is no such file."""
    text = project.view.text(NAME)
    if text is None:
        return {}
    try:
        found = manifests.toml(text)
    except manifests.Malformed as error:
        line = error.line or text.rstrip().count("\n") + 1
        where = f"{project.view.absolute(NAME)}:{line}"
        raise Failure("InvalidSettings", f"{where}: not valid TOML: {error}", remedy="mend the line") from error
    for complaint in stated.complaints(found):
        raise _refused(project, complaint.key, complaint.allowed)
    return found


def _refused(project: Project, key: str, allowed: str) -> Failure:
    where = File(project, NAME).at(key.rpartition(".")[2])
    line = f":{where.line}" if where.line else ""
    return Failure("InvalidSettings", f"{where.path}{line}: {key}: {allowed}", remedy="docs/analyzer.md lists the keys")


def _processes(file: File, found: dict[str, Any]) -> None:
    findings = file.project.findings
    for name, row in found.get("processes", {}).items():
        command, schedule = row["command"], row.get("schedule")
        where = file.at("command", command)
        if name == "web":
            findings.add("start", start_command.parse(command), file.sureness, f"{NAME} states it", where)
        else:
            kind = "scheduled" if schedule else "worker"
            findings.process(Process(name, kind, command, schedule, (where,)))
    if release := found.get("release"):
        file.process("release", "release", release["command"], key="command")


def _surroundings(file: File, found: dict[str, Any]) -> None:
    for name in found.get("environment", {}):
        file.variable(name, secret=False)
    for name in found.get("secrets", {}):
        file.project.findings.variable(Variable(name, required=True, secret=True, evidence=(file.at(name),)))
    for need in found.get("needs", ()):
        assert engine_of(need), "a complaint otherwise"
        file.backing(need, key="needs")
