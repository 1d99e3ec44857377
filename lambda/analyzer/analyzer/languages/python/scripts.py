"""Starts without an application object: console scripts, files run by Python, packages with a `__main__`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from analyzer import confidence
from analyzer.languages.python.code import Code
from analyzer.languages.python.context import Choice, Context
from analyzer.languages.python.dependencies import Dependencies
from analyzer.languages.python.entry_points import FOLDERS, STEMS
from analyzer.languages.python.requirements import normalized
from analyzer.languages.python.runs import Run, runs
from analyzer.languages.python.serving import python_file
from analyzer.languages.python.syntax import Source
from analyzer.model import Start

DEFINITIONS = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
)

SERVING = ("start", "serve", "server", "web", "app", "api", "run")
"""Names of console scripts that start a service rather than a tool."""
BOTS = tuple(
    """
    discord-py py-cord nextcord disnake hikari discord python-telegram-bot aiogram pytelegrambotapi
    telethon pyrogram slack-bolt twitchio slixmpp matrix-nio interactions-py
    """.split()  # noqa: SIM905 - a column of quotes says no more
)
LOOPING = (
    "apscheduler",
    "schedule",
    "kafka-python",
    "confluent-kafka",
    "aiokafka",
    "pika",
    "aio-pika",
    "paho-mqtt",
    "faust",
)
"""Libraries of processes that never end by themselves."""
FOREVER = re.compile(
    r"^\s*while\s+(True|1)\s*:|run_forever\(|_polling\(|BlockingScheduler\(|wait_for_termination\(", re.M
)
MORE_STEMS = ("start", "index", "bot", "worker", "client", "script", "hello", "program", "__main__")


def console_scripts(context: Context) -> Iterator[Choice]:
    """Scripts that the installed service has; their function may open a port."""
    scripts = context.manifests.scripts()
    own = normalized(context.manifests.name)
    names = [name for name in (*SERVING, own) if name in scripts] or sorted(scripts)
    at_root = context.project.view.first(*(f"{stem}.py" for stem in STEMS[:4]))
    for name in names[:1]:
        module, _, function = scripts[name].partition(":")
        place = context.code.locate(module)
        found = [run for run in runs(context.code, place[0]) if run.scope == function] if place else []
        surely = confidence.DECLARED if name in SERVING else confidence.PROVEN
        # A file at the root that is named as a start is one; a script of another name is then a tool beside it.
        aside = place is None or (at_root is not None and name not in SERVING)
        yield _script(context, name, found, confidence.HINT if aside else surely)


def _script(context: Context, name: str, found: list[Run], sureness: float) -> Choice:
    target = context.manifests.scripts()[name]
    path = "pyproject.toml" if context.project.view.has("pyproject.toml") else "setup.py"
    where = context.project.view.find(path, re.compile(rf"^\s*[\"']?{re.escape(name)}\b.*[:=]"))
    evidence = (where[1] if where else context.evidence(path),)
    module, _, function = target.partition(":")
    # Without being installed the service has no such command; what the command would do is then run itself.
    words = ("python", "-c", f"from {module} import {function.partition('.')[0]} as _; _()")
    start = Start("other", None, name, (name,) if context.manifests.package else words)
    kind = "web" if found else "command"
    loopback = context.evidence(found[0].path, found[0].line) if found and found[0].loopback else None
    return Choice(
        start,
        sureness,
        f"{path} declares the script {name} for {target}",
        evidence,
        kind,
        framework=found[0].framework if found else "",
        file=found[0].path if found else None,
        script=context.manifests.package,
        loopback=loopback,
    )


def plain_files(context: Context) -> Iterator[Choice]:
    """A file that Python runs: by its name, or because it is the only one that can be meant."""
    for path, sureness, reason in _files(context.code):
        source = context.code.source(path)
        if is_handler(source):
            continue
        kind = kind_of(source, context.dependencies)
        yield Choice(python_file(context, path), sureness, reason, (context.evidence(path),), kind, file=path)


def _files(code: Code) -> Iterator[tuple[str, float, str]]:
    for folder in FOLDERS[:5]:
        for stem in dict.fromkeys((*STEMS[:4], "run", "bot", *MORE_STEMS, *STEMS)):
            path = f"{folder}/{stem}.py" if folder else f"{stem}.py"
            if code.view.has(path) and stem not in ("manage", "wsgi", "asgi", "__main__"):
                yield path, confidence.CONVENTION, f"{path} is where a Python program usually starts"
    at_root = [path for path in code.paths if "/" not in path and path not in ("manage.py", "tasks.py")]
    guarded = [path for path in at_root if (source := code.source(path)) and source.guarded]
    if len(guarded) == 1:
        yield guarded[0], confidence.CONVENTION, f"{guarded[0]} is the only file at the root that can be started"
    elif len(at_root) == 1 and only_defines(code.source(at_root[0])):
        yield (
            at_root[0],
            confidence.HINT,
            f"{at_root[0]} is the only Python file at the root, and it only defines things",
        )
    elif len(at_root) == 1:
        yield at_root[0], confidence.CONVENTION, f"{at_root[0]} is the only Python file at the root"
    yield from ((path, confidence.HINT, f"{path} can be started") for path in guarded[:4] if len(guarded) > 1)


def only_defines(source: Source | None) -> bool:
    """Whether running the file would do nothing: functions, classes, names, a docstring."""
    if source is None or source.tree is None:
        return False
    return all(
        isinstance(node, DEFINITIONS) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in source.tree.body
    )


def is_handler(source: Source | None) -> bool:
    """Whether a file is for a serverless platform: a class `handler` or a function of events, which nothing starts."""
    if source is None or source.guarded:
        return False
    function = source.functions.get("lambda_handler") or source.functions.get("handler")
    arguments = [argument.arg for argument in function.args.args] if function else []
    return "handler" in source.classes or arguments[:2] == ["event", "context"]


def kind_of(source: Source | None, dependencies: Dependencies) -> str:
    """Whether a file without a server ends by itself ("command") or goes on ("worker")."""
    if source and (dependencies.has(*BOTS, *LOOPING) or FOREVER.search(source.text)):
        return "worker"
    return "command"


def modules(context: Context) -> Iterator[Choice]:
    """Packages that `python -m` can start."""
    paths = [path for path in context.code.paths if path.rpartition("/")[2] == "__main__.py" and path.count("/") < 4]
    for path in sorted(paths, key=lambda path: (path.removeprefix("src/").count("/"), path))[:2]:
        start = python_file(context, path)
        source = context.code.source(path)
        kind = kind_of(source, context.dependencies)
        reason = f"{path} is what python -m runs"
        where = (context.evidence(path),)
        root = context.code.root_of(path)
        yield Choice(start, confidence.DEFAULT, reason, where, kind, file=path, root=root)
