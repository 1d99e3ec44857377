"""What each key of `.slipway.toml` may hold: a table row a key, with what a person is told when it is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from analyzer.intent.declaration import engine_of
from analyzer.sizing import PAIRS

FARGATE_MEMORY = {cpu: tuple(size for other, sizes in PAIRS if other == cpu for size in sizes) for cpu in dict(PAIRS)}
"""CPU units -> allowed MiB."""
KINDS = ("web", "static", "worker", "command")
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]{0,126}"
PROCESS = r"[A-Za-z0-9_-]{1,40}"
SCHEDULE = r"(cron|rate)\(.{1,200}\)|@(yearly|monthly|weekly|daily|hourly)|\S+( \S+){4,5}"
REFERENCE = (
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@:-]+"
    r"|arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:parameter/[\w./-]+|secretsmanager:[\w/+=.@:-]+|ssm:/?[\w./-]+"
)
CREDENTIAL = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|github_pat_\w{20,}|xox[abprs]-[\w-]{10,}|sk[-_](?:live|test|proj|ant)[-_]\w{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|://[^/\s:@]+:[^/\s@]+@|eyJ[\w-]{10,}\.eyJ[\w-]+"
)
"""Credentials by their shape: AWS, GitHub, Slack, Stripe and OpenAI, keys, URLs with a password, JSON web tokens."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A key, and what is allowed there."""

    key: str
    allowed: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What a key must satisfy and how to say so."""

    allowed: str
    holds: Callable[[Any], bool]


def _matches(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern, re.ASCII | re.S)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _one_of(*values: Any) -> Callable[[Any], bool]:
    return lambda value: type(value) in (str, int) and value in values


def _inner(value: Any) -> bool:
    """A relative path that stays in its folder."""
    plain = isinstance(value, str) and value != "" and not value.startswith(("/", "~")) and "\\" not in value
    return plain and ".." not in value.split("/") and value.isprintable()


def _list_of(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(holds(item) for item in value)


def _is_engine(value: Any) -> bool:
    return isinstance(value, str) and engine_of(value) is not None


COMMAND = Rule('allowed is a command line, such as "gunicorn app:app"', _matches(r"[^\0]*\S[^\0]*"))
WORD = Rule("allowed is a name in lower case", _matches(r"[a-z][a-z0-9+.-]{0,40}"))
TASKS = Rule("allowed is a number of tasks from 0 to 100", _whole(0, 100))

TOP = {
    "start": COMMAND,
    "port": Rule("allowed is a port from 1 to 65535", _whole(1, 65535)),
    "health_path": Rule('allowed is a path, such as "/health"', _matches(r"/[A-Za-z0-9._~/-]{0,200}")),
    "language": WORD,
    "framework": WORD,
    "package_manager": WORD,
    "runtime_version": Rule('allowed is a version, such as "3.12"', _matches(r"\d+(\.\d+){0,3}")),
    "build_command": COMMAND,
    "output_dir": Rule("allowed is a folder inside the service's", _inner),
    "kind": Rule("allowed are " + ", ".join(KINDS), _one_of(*KINDS)),
    "dockerfile": Rule("allowed is a file inside the service's folder", _inner),
    "cpu": Rule("allowed are " + ", ".join(map(str, FARGATE_MEMORY)), _one_of(*FARGATE_MEMORY)),
    "memory": Rule("allowed are MiB that Fargate has", _one_of(*sorted(set().union(*FARGATE_MEMORY.values())))),
    "desired": TASKS,
    "min": TASKS,
    "max": Rule("allowed is a number of tasks from 1 to 100", _whole(1, 100)),
    "needs": Rule('allowed is a list of engines, such as ["postgresql", "redis"]', _list_of(_is_engine)),
    "services": Rule('allowed is a list of folders, such as ["api", "web"]', _list_of(_inner)),
}
"""Keys that hold a value."""


def complaints(found: dict[str, Any]) -> Iterator[Complaint]:
    """What is wrong with the settings."""
    for key, value in found.items():
        if reader := TABLES.get(key):
            yield from reader(key, value)
        elif key not in TOP:
            yield Complaint(key, "there is no such key; allowed are " + ", ".join((*TOP, *TABLES)))
        elif not TOP[key].holds(value):
            yield Complaint(key, TOP[key].allowed)
    yield from _together(found)


def _together(found: dict[str, Any]) -> Iterator[Complaint]:
    """Values that are allowed each, but not together."""
    cpu, memory = found.get("cpu"), found.get("memory")
    if cpu is not None and memory is not None and memory not in FARGATE_MEMORY[cpu]:
        yield Complaint("memory", f"with cpu {cpu} allowed are {', '.join(map(str, FARGATE_MEMORY[cpu]))} MiB")
    bounds = [(name, found[name]) for name in ("min", "desired", "max") if name in found]
    if [value for _, value in bounds] != sorted(value for _, value in bounds):
        yield Complaint(bounds[0][0], "min, desired and max must not fall")
    if "start" in found and "web" in found.get("processes", {}):
        yield Complaint("start", "the web process has a command in [processes.web] already: keep one")


def _environment(key: str, value: Any) -> Iterator[Complaint]:
    for complaint in _named_texts(key, value):
        yield complaint
        return
    for name, text in value.items():
        if _looks_secret(name, text):
            yield Complaint(f"{key}.{name}", "looks like a secret; allowed is a reference to it in [secrets]")


def _looks_secret(name: str, value: str) -> bool:
    """By the shape of the value, or by the name when the value is not a mere number, switch or blank."""
    from analyzer.needs.variables import is_secret

    plain = len(value) < 6 or value.lower() in ("example", "change-me", "changeme", "disabled", "enabled")
    return bool(CREDENTIAL.search(value)) or (is_secret(name) and "://" not in value and not plain)


def _secrets(key: str, value: Any) -> Iterator[Complaint]:
    for complaint in _named_texts(key, value):
        yield complaint
        return
    valid = _matches(REFERENCE)
    for name, text in value.items():
        if not valid(text):
            allowed = (
                'allowed is an ARN of Secrets Manager or SSM, "secretsmanager:name" or "ssm:/name", never the secret'
            )
            yield Complaint(f"{key}.{name}", allowed)


def _named_texts(key: str, value: Any) -> Iterator[Complaint]:
    if not isinstance(value, dict):
        yield Complaint(key, 'allowed is a table of texts, such as LOG_LEVEL = "info"')
        return
    named = _matches(VARIABLE)
    for name, text in value.items():
        if not named(name) or not isinstance(text, str) or "\0" in text:
            yield Complaint(f"{key}.{name}", 'allowed is NAME = "text"')


def _processes(key: str, value: Any) -> Iterator[Complaint]:
    rows = value if isinstance(value, dict) else {"": value}
    for name, row in rows.items():
        if not _matches(PROCESS)(name) or name == "release":
            yield Complaint(f"{key}.{name}", "allowed is a table [processes.NAME], such as [processes.worker]")
        else:
            schedules = {} if name == "web" else {"schedule": SCHEDULED}
            yield from _table(f"{key}.{name}", row, {"command": COMMAND, **schedules})


SCHEDULED = Rule('allowed is a schedule, such as "rate(1 hour)" or "cron(0 3 * * ? *)"', _matches(SCHEDULE))


def _release(key: str, value: Any) -> Iterator[Complaint]:
    yield from _table(key, value, {"command": COMMAND})


def _table(key: str, value: Any, rules: dict[str, Rule]) -> Iterator[Complaint]:
    """A table of these keys; `command` must be there."""
    if not isinstance(value, dict) or "command" not in value:
        yield Complaint(key, f"allowed is a table with {' and '.join(rules)}")
        return
    for name, item in value.items():
        if name not in rules:
            yield Complaint(f"{key}.{name}", "there is no such key; allowed are " + ", ".join(rules))
        elif not rules[name].holds(item):
            yield Complaint(f"{key}.{name}", rules[name].allowed)


TABLES = {"environment": _environment, "secrets": _secrets, "processes": _processes, "release": _release}
"""Keys that hold a table, and how it is checked."""
