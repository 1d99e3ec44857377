"""What a person should know about a Python service before it is deployed."""

from __future__ import annotations

from analyzer.languages.python.context import Choice, Context
from analyzer.languages.python.manifests import strings
from analyzer.languages.python.runs import Run, runs
from analyzer.model import Evidence, Start

DEVELOPMENT = ("flask", "dash", "bottle", "quart", "werkzeug", "wsgiref")
"""Libraries whose own servers are not meant for production, as their documentation says."""
THIRD_PARTY = ("flask", "fastapi", "django", "starlette", "streamlit", "gradio", "dash", "requests", "numpy", "pandas")


def add(context: Context, choice: Choice | None) -> None:
    """Adds the warnings."""
    start = context.findings.value("start")
    if isinstance(start, Start) and start.kind == "python-file" and start.target:
        _own_server(context, runs(context.code, start.target))
    elif choice:
        _binding(context, choice)
    if choice:
        _server(context, choice)
    _hosts(context)
    _undeclared(context)
    _unparsed(context)
    _conda(context)
    if choice is None and context.findings.value("start") is None:
        _library(context)


def _binding(context: Context, choice: Choice) -> None:
    if choice.loopback and choice.start == context.findings.value("start"):
        _loopback(context, choice.loopback)


def _own_server(context: Context, found: list[Run]) -> None:
    """A file that is started and serves by itself."""
    run = next((run for run in found if run.started), None)
    if run is None:
        return
    where = context.evidence(run.path, run.line)
    # A tool that takes its host from a variable gets it from the image.
    if run.loopback and not (run.library == "gradio" and run.host.text is None):
        _loopback(context, where)
    if run.library in DEVELOPMENT:
        context.findings.warn(
            "development_server",
            f"{run.path} starts the development server of {run.library}",
            where,
            remedy="add gunicorn to the dependencies: it is then what starts the application",
        )


def _loopback(context: Context, where: Evidence) -> None:
    context.findings.warn(
        "binds_loopback",
        f"{where.path} binds to the loopback interface, so nothing outside the container reaches it",
        where,
        remedy='bind to "0.0.0.0", or read the host from a variable',
    )


def _server(context: Context, choice: Choice) -> None:
    if choice.add and choice.start == context.findings.value("start"):
        context.findings.warn(
            "server_added",
            f"no production server is among the dependencies: the image adds {choice.add}",
            *choice.evidence[:1],
            remedy=f"add {choice.add} to the dependencies",
        )


def _hosts(context: Context) -> None:
    """A load balancer's health check names the task's own address, which Django refuses unless it is allowed."""
    for path in context.site.settings if context.site else ():
        source = context.code.source(path)
        row = next((row for row in source.assigned if row.name == "ALLOWED_HOSTS"), None) if source else None
        hosts = strings(row.value) if row else []
        if row and hosts and "*" not in hosts:
            context.findings.warn(
                "health_check_host",
                f"ALLOWED_HOSTS in {path} refuses health checks, which name the task's address as the host",
                context.evidence(path, row.line),
                remedy="answer the health check in a middleware before SecurityMiddleware, or allow the address",
            )
            return


def _undeclared(context: Context) -> None:
    """Files that import what no manifest declares."""
    if context.dependencies.main or context.dependencies.local or context.manifests.pyproject:
        return
    for path in context.code.paths[:10]:
        source = context.code.source(path)
        used = next((name for name in THIRD_PARTY if source and source.uses(name)), None)
        if used:
            context.findings.warn(
                "undeclared_dependency",
                f"{path} imports {used}, and no manifest declares it",
                context.evidence(path),
                remedy=f"add a requirements.txt with {used}",
            )
            return


def _unparsed(context: Context) -> None:
    for path in context.code.unparsed[:3]:
        context.findings.warn(
            "unparsed_source",
            f"{path} cannot be parsed as Python 3, so nothing was read from it",
            context.evidence(path),
            remedy="port it to a Python that is maintained, or mend its syntax",
        )


def _conda(context: Context) -> None:
    if context.findings.value("package_manager") == "conda":
        context.findings.warn(
            "conda_environment",
            "a conda environment is not installed by generated Dockerfiles",
            context.evidence(context.manifests.conda or ""),
            remedy="add a requirements.txt or a pyproject.toml, or a Dockerfile of your own",
        )


def _library(context: Context) -> None:
    if context.findings.value("kind") == "library":
        context.findings.warn(
            "library",
            "this is a library: it has no entry point to be started",
            remedy="name a start in .slipway.toml if it is meant to run",
        )
