"""Processes beside the web one: workers of task queues, schedules, and what a release runs before it serves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.languages.python.code import Code, module_name
from analyzer.languages.python.dependencies import Dependencies
from analyzer.languages.python.django import Site
from analyzer.languages.python.syntax import Source
from analyzer.model import Evidence, Process
from analyzer.project import Project

CELERY = re.compile(r"\bCelery\s*\(")
ALEMBIC_COMMAND = "alembic upgrade head"


@dataclass(frozen=True, slots=True)
class Queue:
    """A task queue: which dependency, what its application is made by, and how its worker starts."""

    distribution: str
    pattern: re.Pattern[str]
    makes: str
    command: str
    """With {module} and {variable}."""


QUEUES = (
    Queue("dramatiq", re.compile(r"@(dramatiq\.)?actor\b"), "", "dramatiq {module}"),
    Queue("huey", re.compile(r"\w*Huey\("), "Huey", "huey_consumer {module}.{variable}"),
    Queue("arq", re.compile(r"class WorkerSettings\b"), "WorkerSettings", "arq {module}.{variable}"),
    Queue("taskiq", re.compile(r"\w*Broker\("), "Broker", "taskiq worker {module}:{variable}"),
    Queue(
        "procrastinate", re.compile(r"procrastinate\.App\("), "App", "procrastinate --app={module}.{variable} worker"
    ),
)


def read(project: Project, code: Code, dependencies: Dependencies, site: Site | None) -> None:
    """Adds workers, schedules and the release command."""
    for process in [*_celery(code, dependencies, site), *_queues(code, dependencies), *_rq(code, dependencies, site)]:
        project.findings.process(process)
    if release := _release(project, dependencies, site):
        project.findings.process(release)


def _celery(code: Code, dependencies: Dependencies, site: Site | None) -> Iterator[Process]:
    if not dependencies.has("celery"):
        return
    found = ((source, name, line) for source in code.containing(CELERY, 8) for name, line in _made(source, "Celery"))
    source, name, line = next(found, (None, "", 0))
    if source is None:
        return
    root = site.root if site else code.root_of(source.path)
    module = module_name(source.path, root)
    # A variable called `celery` or `app` is what the command looks for by itself.
    target = module if name in ("app", "celery") else f"{module}:{name}"
    target = module.removesuffix(".celery") if module.endswith(".celery") and name in ("app", "celery") else target
    options = f" --workdir {root}" if root else ""
    where = (code.view.evidence(source.path, line),)
    yield Process("worker", "worker", f"celery -A {target}{options} worker --loglevel=info", None, where)
    if schedule := _beat(code, dependencies, source):
        yield Process("beat", "worker", f"celery -A {target}{options} beat --loglevel=info", None, (schedule,))


def _beat(code: Code, dependencies: Dependencies, source: Source) -> Evidence | None:
    pattern = re.compile(r"beat_schedule|CELERY_BEAT_SCHEDULE(R)?\b|add_periodic_task|on_after_configure")
    if found := code.view.find(source.path, pattern):
        return found[1]
    if rows := code.containing(re.compile(r"CELERY_BEAT_SCHEDULE"), 2):
        found = code.view.find(rows[0].path, pattern)
        return found[1] if found else None
    return next(iter(dependencies.evidence("django-celery-beat")), None)


def _made(source: Source, last: str) -> Iterator[tuple[str, int]]:
    for row in source.assigned:
        if isinstance(row.value, ast.Call) and source.name(row.value.func).rpartition(".")[2].endswith(last):
            yield row.name, row.line
    if last in source.classes:
        yield last, source.classes[last].lineno


def _queues(code: Code, dependencies: Dependencies) -> Iterator[Process]:
    for queue in QUEUES:
        if not dependencies.has(queue.distribution):
            continue
        for source in code.containing(queue.pattern, 1):
            name, line = next(_made(source, queue.makes), ("", 1)) if queue.makes else ("", 1)
            module = module_name(source.path, code.root_of(source.path))
            command = queue.command.format(module=module, variable=name)
            if name or not queue.makes:
                yield Process("worker", "worker", command, None, (code.view.evidence(source.path, line),))


def _rq(code: Code, dependencies: Dependencies, site: Site | None) -> Iterator[Process]:
    evidence = dependencies.evidence("django-rq") or dependencies.evidence("rq")
    if dependencies.has("django-rq") and site and site.manage:
        yield Process("worker", "worker", f"python {site.manage} rqworker default", None, evidence)
    elif dependencies.has("rq") and not code.view.has("worker.py"):
        yield Process("worker", "worker", "rq worker", None, evidence)
    elif dependencies.has("rq"):
        yield Process("worker", "worker", "python worker.py", None, (code.view.evidence("worker.py"),))


def _release(project: Project, dependencies: Dependencies, site: Site | None) -> Process | None:
    view = project.view
    if site and site.manage:
        command = f"python {site.manage} migrate --noinput"
        return Process("release", "release", command, None, (view.evidence(site.manage),))
    if view.has("alembic.ini"):
        return Process("release", "release", ALEMBIC_COMMAND, None, (view.evidence("alembic.ini"),))
    if dependencies.has("flask-migrate") and view.has_folder("migrations"):
        return Process("release", "release", "flask db upgrade", None, dependencies.evidence("flask-migrate"))
    return None
