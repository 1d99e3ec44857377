"""The port that the service listens on: written in source or configuration, else the default of what serves it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer import confidence
from analyzer.languages.python.context import Choice, Context
from analyzer.languages.python.declared import gunicorn_port
from analyzer.languages.python.frameworks import TOOLS, by_name
from analyzer.languages.python.runs import Run, runs
from analyzer.languages.python.serving import STARTERS

SERVER_PORT = 8000
"""Of uvicorn and gunicorn when they are told none."""
STREAMLIT = re.compile(r"^\s*port\s*=\s*(\d{2,5})\s*$")


def decide(context: Context, choice: Choice) -> None:
    """Adds the candidates for `port` that fit the chosen start."""
    files = [path for path in (choice.file, *STARTERS) if path]
    found = [run for path in dict.fromkeys(files) for run in runs(context.code, path)]
    _of_configuration(context, choice)
    for run in found:
        if port := run.port.port:
            by = f", unless {run.port.variable} is set" if run.port.variable else ""
            reason = f"{run.path} listens on {port}{by}"
            context.findings.add("port", port, confidence.PROVEN, reason, context.evidence(run.path, run.line))
    for port, reason in _defaults(choice, found):
        context.findings.add("port", port, confidence.DEFAULT, reason)


def _of_configuration(context: Context, choice: Choice) -> None:
    view = context.project.view
    if choice.framework == "streamlit" and (found := view.find(".streamlit/config.toml", STREAMLIT)):
        context.findings.add("port", int(found[0][1]), confidence.DECLARED, ".streamlit/config.toml sets it", found[1])
    if choice.start.argv[:1] == ("gunicorn",) and (bound := gunicorn_port(context)):
        context.findings.add("port", bound[0], confidence.DECLARED, f"{bound[1].path} binds to it", bound[1])


def _defaults(choice: Choice, found: list[Run]) -> Iterator[tuple[int, str]]:
    tool = next((tool for tool in TOOLS if tool.name == choice.framework), None)
    framework = by_name(choice.framework)
    if tool:
        yield tool.port, f"{tool.name} listens on {tool.port} by default"
    elif choice.start.kind in ("asgi", "wsgi"):
        yield SERVER_PORT, f"no port is given, and {choice.start.argv[0]} listens on {SERVER_PORT} by default"
    elif run := next((run for run in found if run.listens), None):
        yield run.default_port, f"{run.path} gives no port, and {run.library} listens on {run.default_port} by default"
    elif run := next((run for run in found if run.port.variable), None):
        yield SERVER_PORT, f"{run.path} listens on the port in {run.port.variable}, which the image sets"
    elif framework:
        yield framework.port, f"{framework.name} listens on {framework.port} by default"
