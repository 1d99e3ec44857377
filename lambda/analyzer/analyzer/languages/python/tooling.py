"""Files that a tool turns into an application: Streamlit, Gradio, Chainlit and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer import confidence
from analyzer.languages.python.context import Choice, Context
from analyzer.languages.python.entry_points import STEMS
from analyzer.languages.python.frameworks import TOOLS, Tool
from analyzer.languages.python.runs import runs
from analyzer.languages.python.servers import command
from analyzer.languages.python.serving import python_file
from analyzer.languages.python.syntax import Source
from analyzer.model import Start

PAGES = ("streamlit_app", "Home", "home", "Hello", "dashboard", "chatbot", "demo", "agent", "ui")
"""Names of such files beside the usual ones."""
HANDED = re.compile(r"\b(mount_gradio_app|mount_chainlit|ui\.run_with)\s*\(")
"""How such an application is put into one of another framework, which then is what starts."""
FOLDERS = ("", "src", "app", "frontend", "ui", "streamlit", "web")


def tools(context: Context) -> Iterator[Choice]:
    """Ways to start a file with the tool that it is written for."""
    for tool in TOOLS:
        if not context.dependencies.has(tool.distribution) and context.dependencies.main:
            continue
        if path := _file(context, tool):
            yield _choice(context, tool, path)
            return
    agents = next(iter(context.project.view.match("*/agent.py")), None)
    if context.dependencies.has("google-adk") and agents:
        yield _agents(context, agents)


def _file(context: Context, tool: Tool) -> str | None:
    if context.code.containing(HANDED, 1):
        return None
    for path in _candidates(context):
        source = context.code.source(path)
        if source and source.tree and source.uses(tool.package) and _calls(source, tool):
            return path
    return None


def _candidates(context: Context) -> list[str]:
    stems = (*STEMS[:4], *PAGES, *STEMS)
    usual = [f"{folder}/{stem}.py".lstrip("/") for folder in FOLDERS for stem in stems]
    # Pages of an application with several lie in `pages` and are not started themselves.
    rest = [path for path in context.code.paths if path.count("/") < 2 and not path.startswith("pages/")]
    return [path for path in dict.fromkeys([*usual, *rest[:20]]) if context.project.view.has(path)]


def _calls(source: Source, tool: Tool) -> bool:
    """Whether the file is such an application."""
    names = tuple(f"{tool.package}.{name}" for name in tool.calls)
    return not names or any(call.name in names for call in source.calls)


def _choice(context: Context, tool: Tool, path: str) -> Choice:
    found = [run for run in runs(context.code, path) if run.library == tool.name]
    port = context.port(found[0].listens or tool.port if found else tool.port)
    fill = {"file": path, "port": str(port), "target": _handler(context.code.source(path))}
    words = tuple(word.format_map(fill) for word in tool.command)
    target = path if tool.kind == "streamlit" else None
    start = Start(tool.kind, target, command(words), words) if words else python_file(context, path)
    where = (context.evidence(path), *context.dependencies.evidence(tool.distribution))
    kind = "function" if tool.name == "functions-framework" else "web"
    # By its variables a tool binds to every interface, unless the call says otherwise.
    loopback = next((context.evidence(run.path, run.line) for run in found if run.host.text and run.loopback), None)
    environment = tuple((name, value.format_map(fill)) for name, value in tool.environment)
    return Choice(
        start,
        confidence.PROVEN,
        f"{path} is written with {tool.name}, which starts it",
        where,
        kind,
        framework=tool.name,
        file=None if tool.health else path,
        environment=environment,
        health=tool.health,
        loopback=loopback,
    )


def _agents(context: Context, path: str) -> Choice:
    words = ("adk", "api_server", "--host", "0.0.0.0", "--port", str(context.port(8000)), ".")  # noqa: S104
    start = Start("other", None, command(words), words)
    reason = f"{path} is an agent, which google-adk serves"
    where = (context.evidence(path), *context.dependencies.evidence("google-adk"))
    return Choice(start, confidence.PROVEN, reason, where, "web", framework="google-adk", health="/list-apps")


def _handler(source: Source | None) -> str:
    """The function that a functions framework is to call: the one it decorates."""
    functions = source.functions.items() if source else ()
    for name, function in functions:
        if source and any(source.name(row).startswith("functions_framework.") for row in function.decorator_list):
            return name
    return "main"
