"""Reads a Python service: manifests and versions, then the start and what follows from it."""

from __future__ import annotations

from analyzer import confidence, start_command, versions
from analyzer.languages.python import (
    health,
    notices,
    package_manager,
    pins,
    ports,
    processes,
    starting,
    system_packages,
)
from analyzer.languages.python.code import Code
from analyzer.languages.python.context import Choice, Context
from analyzer.languages.python.dependencies import read as read_dependencies
from analyzer.languages.python.django import find as find_site
from analyzer.languages.python.frameworks import FRAMEWORKS, TOOLS
from analyzer.languages.python.installation import describe
from analyzer.languages.python.manifests import Manifests
from analyzer.languages.python.scripts import is_handler
from analyzer.model import Start
from analyzer.project import Project

START_MISSING = (
    "add a Procfile with a line such as `web: gunicorn package.module:app`, or name the start in .slipway.toml"
)
WEB = ("asgi", "wsgi", "streamlit")


def analyze(project: Project) -> None:
    """Adds everything that can be told about a Python service."""
    manifests = Manifests(project)
    package_manager.decide(project, manifests)
    versions.decide(project, "python", pins.collect(manifests))
    code = Code(project.view)
    dependencies = read_dependencies(manifests)
    context = Context(project, manifests, dependencies, code, find_site(code, dependencies))
    processes.read(project, code, dependencies, context.site)
    choice = _start(context)
    _framework(context, choice)
    _kind(context, choice)
    system_packages.read(project, dependencies)
    describe(context, choice)
    notices.add(context, choice)


def _start(context: Context) -> Choice | None:
    """The start that the source suggests; ports come first, since commands name one."""
    choices = list(starting.find(context))
    best = max(
        (row for row in choices if row.sureness >= confidence.CHOSEN), key=lambda row: row.sureness, default=None
    )
    if best and best.kind in ("web", "function"):
        ports.decide(context, best)
        choices = list(starting.find(context))
        best = max(choices, key=lambda row: row.sureness)
    for row in choices[:8]:
        context.findings.add("start", row.start, row.sureness, row.reason, *row.evidence)
    if best is None:
        _worker(context)
        context.findings.cannot_tell("start", START_MISSING)
    if best and best.kind == "web":
        _health(context, best)
    return best


def _worker(context: Context) -> None:
    """A service that has only a worker is that worker."""
    worker = context.findings.processes.get("worker")
    if worker:
        start, reason = start_command.parse(worker.command), "the only process that the source shows is a worker"
        context.findings.add("start", start, confidence.DEFAULT, reason, *worker.evidence)
        context.findings.add("kind", "worker", confidence.DEFAULT, reason, *worker.evidence)


def _health(context: Context, choice: Choice) -> None:
    if choice.health:
        served = choice.framework or "its server"
        context.findings.add("health_path", choice.health, confidence.DEFAULT, f"{served} answers {choice.health}")
    health.decide(context.project, context.code, choice.routes or choice.file, choice.framework)


def _framework(context: Context, choice: Choice | None) -> None:
    """The framework of what is started; else the one dependency that is a framework."""
    if choice and choice.framework:
        reason = f"{choice.reason.partition(';')[0].partition(', and')[0]}"
        context.findings.add("framework", choice.framework, confidence.PROVEN, reason, *choice.evidence[:1])
    for row in FRAMEWORKS:
        if name := next((name for name in row.distributions if name in context.dependencies.main), None):
            surely = confidence.CONVENTION if _imported(context, name) else confidence.HINT
            surely = confidence.DEFAULT if row.name == "django" and context.site else surely
            context.findings.add(
                "framework", row.name, surely, f"{name} is a dependency", *context.dependencies.evidence(name)
            )
    for tool in TOOLS:
        if tool.distribution in context.dependencies.main:
            reason = f"{tool.distribution} is a dependency"
            context.findings.add("framework", tool.name, confidence.HINT, reason)


def _imported(context: Context, distribution: str) -> bool:
    package = {"python-fasthtml": "fasthtml"}.get(distribution, distribution.replace("-", "_"))
    sources = (context.code.source(path) for path in context.code.paths[:20])
    return any(source is not None and source.uses(package) for source in sources)


def _kind(context: Context, choice: Choice | None) -> None:
    found = context.findings
    declared = found.value("start")
    if choice and choice.kind:
        # A command from Procfile or the like may serve by a way that the source does not show.
        served = isinstance(declared, Start) and declared.kind in WEB
        kind = "web" if served or found.value("port") else choice.kind
        found.add("kind", kind, confidence.DEFAULT, _kind_reason(kind, choice), *choice.evidence[:1])
    elif isinstance(declared, Start) and declared.kind in WEB:
        found.add("kind", "web", confidence.PROVEN, "its start is an application server")
    if found.candidates["kind"] or choice:
        return
    if context.site:
        found.add("kind", "web", confidence.DEFAULT, "it is a Django site")
        return
    handler = next((path for path in context.code.paths[:20] if is_handler(context.code.source(path))), None)
    if handler:
        reason = f"{handler} is a function that a platform calls"
        found.add("kind", "function", confidence.CONVENTION, reason, context.evidence(handler))
        return
    notebook = next((path for path in context.project.view.paths if path.endswith(".ipynb")), None)
    if notebook and not any("/" not in path for path in context.code.paths):
        where = context.evidence(notebook)
        found.add(
            "kind", "notebook", confidence.DEFAULT, "there are notebooks and no program that can be started", where
        )
    elif context.manifests.package or any(path.endswith("__init__.py") for path in context.code.paths):
        found.add("kind", "library", confidence.CONVENTION, "it is a package without an entry point")


def _kind_reason(kind: str, choice: Choice) -> str:
    reasons = {
        "web": "it listens for HTTP",
        "worker": f"{choice.file} goes on without listening",
        "command": f"{choice.file or choice.start.command} runs and shows no server",
        "function": "its handler is called by a functions framework",
    }
    return reasons.get(kind, choice.reason)
